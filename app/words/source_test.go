package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the project's folder, from here.
const root = "../.."

// engine are the packages whose sentences a person may see through Said.
var engine = []string{
	"app/control", "app/daemon", "app/systemdns", "app/settings", "app/portal", "app/autostart", "app/netwatch",
	"resolver", "resolver/provider", "resolver/ddr",
}

// phrases are files whose texts are parts of sentences as well.
var phrases = []string{
	"resolver/fault.go", "resolver/certfault.go", "resolver/alert.go", "resolver/plain.go", "resolver/verify.go", "resolver/bootstrap.go",
	"app/daemon/holder.go", "app/daemon/holderknown.go", "app/daemon/rights.go", "app/daemon/problem.go", "app/daemon/check.go",
}

// parsed calls visit with every file of the program, tests left out.
func parsed(t *testing.T, visit func(path string, file *ast.File)) {
	t.Helper()
	for _, top := range []string{"app", "ui", "resolver"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			visit(filepath.ToSlash(rel), file)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// marked are the keys that the code names: those of T and Mark, and those of N.
func marked(t *testing.T) (keys map[string]bool) {
	t.Helper()
	keys = map[string]bool{} // whether it has plural forms
	parsed(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if in, ok := f.X.(*ast.Ident); !ok || in.Name != "words" || !slices.Contains([]string{"T", "N", "Mark"}, f.Sel.Name) {
				return true
			}
			if key, ok := literal(call.Args[0]); ok {
				keys[key] = keys[key] || f.Sel.Name == "N"
			}
			return true
		})
	})
	return keys
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// sentence begins with a capital letter or a placeholder and ends as one does.
var sentence = regexp.MustCompile(`(?s)^["“]?(\p{Lu}|\{\{).* .*[.:]”?$`)

// unseen are files that answer a program's mistakes: what is wrong with
// a request or a socket is for whoever writes one.
var unseen = []string{
	"app/control/message.go", "app/control/server.go", "app/control/handlers.go", "app/control/socket.go", "app/control/socket_unix.go", "app/control/socket_windows.go",
}

// also are sentences that the engine puts together in several steps.
var also = []string{
	"Since {{.A}}.", "Certificate of {{.A}} verified.", "Its key is one of those pinned.", "There is no network",
	"{{.A}} does not answer", "{{.A}} does not answer.", "{{.A}} does not answer: {{.B}}.", "{{.A}}’s certificate could not be verified",
	"This computer could not prove to {{.A}} who it is", "{{.A}}; your DNS goes to {{.B}} over {{.C}}.", "{{.A}}; known names are answered from memory.",
	"{{.A}} through port {{.B}}, since this network blocks port {{.C}}", "{{.A}} (process {{.B}})", "{{.A}} (process {{.B}} of user {{.C}})", "process {{.A}}",
	"{{.A}}: {{.B}}.", "{{.A}}, or {{.B}}.", "{{.A}} with {{.B}}.", "{{.A}} with {{.B}}, which quantum computers cannot undo.",
	"Use DoT Proxy on {{.A}} too.", "{{.A}} still asks {{.B}}, not encrypted.",
	"The rule for {{.A}} pauses and is not confirmed.", "Start it without NoNewPrivileges, after {{.A}}", "queries a second; 0 means no limit",
	"queries at once", "queries over the limit; 0 means never", "a time in seconds", "NetworkManager’s dnsmasq", "libvirt’s dnsmasq",
	"its guard ended at once", "its guard ended at once: {{.A}}",
	"all networks", "2 January, 15:04", "15:04 on 2 January 2006",
	// The ways out of a taken port and a failed provider, as the window cuts them.
	"Stop {{.A}}", "Stop it", "Stop it with “{{.A}}”", "Stop that program, which “sudo ss -lunpt” names", "Quit that one",
	"Listen on 127.0.0.1 instead of all addresses", "Check this computer’s clock", "Check the address and the port", "Check that this server runs",
	"Port {{.A}} {{.B}}.", "{{.A}} and {{.B}}", "{{.A}}, which systemd-resolved can ask as well", "Turn on “Use as this computer’s DNS”, or run: {{.A}}",
	"A lost connection is taken up again at once.", "Nothing was sent to it.", "Port {{.A}}", "No provider answers on port {{.A}} ({{.B}}: {{.C}}).",
}

// composed are parts that stand in the catalogue only within the texts of also.
var composed = []string{
	" (process {{.A}} of user {{.B}})", ", which quantum computers cannot undo", ", which systemd-resolved can ask as well",
	"{{.A}} does not answer{{.B}}.", "{{.A}}. A lost connection is taken up again at once.", "{{.A}} Nothing was sent to it.",
	"No provider answers on port {{.A}} ({{.B}}{{.C}}).", "remote error", "listen on {{.A}}/{{.B}}: {{.C}}",
	"podman network reload --all", "sudo setcap 'cap_net_bind_service=+ep' {{.A}}", "sudo systemctl stop lxc-net", "sudo virsh net-destroy default",
}

// phrase is some words.
var phrase = regexp.MustCompile(`\p{L}{2,} (\p{L} )*\p{L}{2,}`)

// said are the sentences that the engine may say, as keys.
func said(t *testing.T) (keys map[string]string) {
	t.Helper()
	keys = map[string]string{} // where each was found
	parsed(t, func(path string, file *ast.File) {
		problems := strings.HasPrefix(path, "ui/") || strings.HasPrefix(path, "app/tray/")
		if !problems && !slices.Contains(engine, filepath.ToSlash(filepath.Dir(path))) {
			return
		}
		if slices.Contains(unseen, path) {
			return
		}
		take := func(e ast.Expr) bool {
			key, ok := keyOf(e)
			bare := placeholder.ReplaceAllString(key, "")
			if ok && (sentence.MatchString(key) && len(bare) > 8 || slices.Contains(phrases, path) && phrase.MatchString(bare)) {
				keys[key] = path
			}
			return ok
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec, *ast.Field:
				return false
			case *ast.CallExpr:
				f, ok := n.Fun.(*ast.SelectorExpr)
				if ok && slices.Contains([]string{"Debug", "Info", "Warn", "Error", "MustCompile", "HasPrefix", "Contains", "Cut", "New"}, f.Sel.Name) && !isErrorsNew(f) {
					return false
				}
			case *ast.KeyValueExpr:
				if name, ok := n.Key.(*ast.Ident); ok && problems && (name.Name == "Message" || name.Name == "Hint") {
					take(n.Value)
				}
			}
			e, ok := n.(ast.Expr)
			return !ok || problems || !take(e)
		})
	})
	for _, key := range also {
		keys[key] = "put together"
	}
	for _, key := range composed {
		if _, ok := keys[key]; !ok {
			t.Errorf("nothing says %q any more", key)
		}
		delete(keys, key)
	}
	return keys
}

func isErrorsNew(f *ast.SelectorExpr) bool {
	in, ok := f.X.(*ast.Ident)
	return ok && in.Name == "errors"
}

var verb = regexp.MustCompile(`%[-+# 0]*[0-9.]*[a-zA-Z%]`)

// keyOf makes a key of a text that is put together: what is not constant is
// a placeholder. ok is false where nothing is constant.
func keyOf(e ast.Expr) (key string, ok bool) {
	n := 0
	var of func(e ast.Expr) (string, bool)
	gap := func() string { n++; return "{{." + string(rune('A'+n-1)) + "}}" }
	of = func(e ast.Expr) (string, bool) {
		switch e := e.(type) {
		case *ast.BasicLit:
			if text, ok := literal(e); ok {
				return text, true
			}
		case *ast.ParenExpr:
			return of(e.X)
		case *ast.BinaryExpr:
			if e.Op == token.ADD {
				left, ok := of(e.X)
				right, too := of(e.Y)
				return left + right, ok || too
			}
		case *ast.CallExpr:
			f, ok := e.Fun.(*ast.SelectorExpr)
			if ok && (f.Sel.Name == "Sprintf" || f.Sel.Name == "Errorf") && len(e.Args) > 0 {
				if form, ok := literal(e.Args[0]); ok {
					return verb.ReplaceAllStringFunc(form, func(v string) string {
						if v == "%%" {
							return "%"
						}
						return gap()
					}), true
				}
			}
		}
		return gap(), false
	}
	return of(e)
}
