package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// listed is what `go list` says of a package.
type listed struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
	CgoFiles     []string
}

// list runs `go list` with the given environment; build constraints that leave
// a package out for this system are no error.
func list(t *testing.T, env []string, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Standard,Imports,TestImports,XTestImports,Deps,CgoFiles"}, args...)...)
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(out); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil || len(all) == 0 {
		t.Fatalf("go list %v: %v, %d packages", args, err, len(all))
	}
	return all
}

// within tells whether a package is that one or below it.
func within(pkg, root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }

// rule says what packages must not depend on, directly or through others, and
// why.
type rule struct {
	who    string
	except []string // packages below who that may
	never  string
	why    string
}

const (
	fyne    = "fyne.io/fyne/v2"
	systray = "github.com/getlantern/systray"
)

// testServer is what tests of any part may ask over TLS. No program has it: it
// imports testing, which TestNoTestCode sees.
const testServer = "dotproxy/resolver/resolvertest"

var rules = []rule{
	{"dotproxy/resolver", nil, "dotproxy/app", "the engine knows nothing of who steers it"},
	{"dotproxy/resolver", nil, "dotproxy/ui", "the engine knows nothing of who shows it"},
	{"dotproxy/ui", nil, "dotproxy/resolver", "the window is a client of the control API, so it cannot do what others cannot"},
	{"dotproxy/ui", nil, "dotproxy/app/daemon", "the window is a client of the control API, so it cannot do what others cannot"},
	{"dotproxy/app/tray", nil, "dotproxy/resolver", "the tray is a client of the control API"},
	{"dotproxy/app/tray", nil, "dotproxy/app/daemon", "the tray is a client of the control API"},
	{"dotproxy/app/tray", nil, "dotproxy/ui", "the tray can be replaced without touching the window"},
	{"dotproxy/app/autostart", nil, "dotproxy/app/control", "start at login is a matter of the user's session, not of an engine"},
	{"dotproxy/app/control", nil, "dotproxy/resolver", "the wire types must not change with the engine"},
	{"dotproxy/app/control", nil, "dotproxy/ui", "the API knows nothing of its clients"},
	{"dotproxy/app/daemon", nil, "dotproxy/app/tray", "the engine runs where there is no desktop"},
	{"dotproxy/app/daemon", nil, "dotproxy/ui", "the engine runs where there is no desktop"},
	{"dotproxy/ui/viewmodel", nil, fyne, "labels and form errors are tested without a toolkit"},
	{"dotproxy", []string{"dotproxy/ui/window", "dotproxy/app/cmd/dot-proxy-window"}, fyne, "it needs cgo and the main thread: the window's process alone has it"},
	{"dotproxy", []string{"dotproxy/app/tray", "dotproxy/app/cmd/dot-proxy-tray"}, systray, "it needs cgo and the main thread: the tray's process alone has it"},
}

func TestImportRules(t *testing.T) {
	packages := list(t, nil, "dotproxy/...")
	for _, r := range rules {
		applied := false
		for _, p := range packages {
			if !within(p.ImportPath, r.who) || slices.ContainsFunc(r.except, func(e string) bool { return within(p.ImportPath, e) }) {
				continue
			}
			applied = true
			for _, d := range slices.Concat(p.Imports, p.Deps, p.TestImports, p.XTestImports) {
				if within(d, r.never) && d != testServer {
					t.Errorf("%s depends on %s: %s", p.ImportPath, d, r.why)
					break
				}
			}
		}
		if !applied {
			t.Errorf("the rule for %s applies to no package", r.who)
		}
	}
}

// resolverMay are the modules that the engine may use beside the standard
// library and golang.org/x, with the reason for each.
var resolverMay = map[string]string{
	"github.com/miekg/dns": "parses, builds and prints messages off the hot path; nobody should write that twice",
	"dotproxy/resolver":    "itself",
}

func TestResolverImports(t *testing.T) {
	for _, p := range list(t, nil, "dotproxy/resolver/...") {
		for _, d := range list(t, nil, append([]string{"--"}, p.Imports...)...) {
			allowed := d.Standard || within(d.ImportPath, "golang.org/x")
			for module := range resolverMay {
				allowed = allowed || within(d.ImportPath, module)
			}
			if !allowed {
				t.Errorf("%s imports %s, which no reason is written for", p.ImportPath, d.ImportPath)
			}
		}
	}
}

// TestNoCgo: the engine is one static file for every system.
func TestNoCgo(t *testing.T) {
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, p := range list(t, []string{"CGO_ENABLED=1", "GOOS=" + system}, "-deps", "dotproxy/app/cmd/dot-proxy") {
			if len(p.CgoFiles) > 0 && !p.Standard { // the standard library does without where cgo is off
				t.Errorf("%s: %s needs cgo", system, p.ImportPath)
			}
		}
	}
}

// TestNoTestCode: what is made for tests stays out of the programs.
func TestNoTestCode(t *testing.T) {
	for _, p := range list(t, nil, "dotproxy/app/cmd/...") {
		for _, d := range p.Deps {
			if d == "testing" || d == testServer || d == "dotproxy/app/control/controltest" || d == "dotproxy/app/bustest" {
				t.Errorf("%s depends on %s", p.ImportPath, d)
			}
		}
	}
}

// TestOneToolkit: the two libraries define the same symbols on macOS.
func TestOneToolkit(t *testing.T) {
	for _, p := range list(t, nil, "dotproxy/app/cmd/...") {
		hasFyne := slices.ContainsFunc(p.Deps, func(d string) bool { return within(d, fyne) })
		hasSystray := slices.ContainsFunc(p.Deps, func(d string) bool { return within(d, systray) })
		if hasFyne && hasSystray {
			t.Errorf("%s has both toolkits", p.ImportPath)
		}
	}
}
