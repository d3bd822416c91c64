package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"dotproxy/app/control"
	"dotproxy/app/daemon"
	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"
)

// TestReadmeFlags: the README's table and --help name the same flags.
func TestReadmeFlags(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := map[string]bool{}
	row := regexp.MustCompile("(?m)^\\| (?:`(-[a-z])`, )?`(--[a-z-]+)`")
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		readme[strings.TrimPrefix(m[1]+" "+m[2], " ")] = true
	}
	root := newRoot(io.Discard, io.Discard)
	root.InitDefaultHelpFlag()
	help := map[string]bool{}
	add := func(f *pflag.Flag) {
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + " " + name
		}
		if !f.Hidden {
			help[name] = true
		}
	}
	root.LocalFlags().VisitAll(add)
	if !maps.Equal(readme, help) {
		t.Errorf("README: %v\n --help: %v", slices.Sorted(maps.Keys(readme)), slices.Sorted(maps.Keys(help)))
	}
}

// TestReadmeSettings: the README's table names the keys of the settings, with
// their defaults, and those of the tables among them.
func TestReadmeSettings(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## Settings\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| (`[a-z_`, ]+`) \\| .* \\| (.*) \\|$").FindAllStringSubmatch(table, -1) {
		keys, defaults := strings.Split(m[1], ", "), strings.Split(m[2], "`, `")
		if len(keys) == 1 {
			defaults = []string{m[2]}
		}
		for i, key := range keys {
			rows[strings.Trim(key, "`")] = strings.Trim(defaults[min(i, len(defaults)-1)], "`")
		}
	}
	value := reflect.ValueOf(control.Default())
	for f := range value.Type().Fields() {
		key := f.Tag.Get("toml")
		row, ok := rows[key]
		delete(rows, key)
		switch want, _ := json.Marshal(value.FieldByIndex(f.Index).Interface()); {
		case !ok:
			t.Errorf("the README lacks %s", key)
		case f.Type.Kind() == reflect.Struct:
			for inner := range f.Type.Fields() {
				if !strings.Contains(table, "`"+inner.Tag.Get("toml")+"`") {
					t.Errorf("the README lacks %s.%s", key, inner.Tag.Get("toml"))
				}
			}
		case string(want) == "{}":
			want = []byte("none")
			fallthrough
		default:
			if strings.ReplaceAll(row, ", ", ",") != string(want) {
				t.Errorf("%s: the README says %s, the default is %s", key, row, want)
			}
		}
	}
	if len(rows) > 0 {
		t.Errorf("the README has the unknown keys %v", slices.Sorted(maps.Keys(rows)))
	}
}

// TestHelpOrder: the flags that most people need come first.
func TestHelpOrder(t *testing.T) {
	var first []string
	root := newRoot(io.Discard, io.Discard)
	root.Flags().VisitAll(func(f *pflag.Flag) { first = append(first, f.Shorthand) })
	if want := []string{"p", "c", "d", "l"}; !slices.Equal(first[:4], want) {
		t.Errorf("flags begin with %v, want %v", first, want)
	}
}

// TestReadmeCommands: every command that the README shows exists, with its flags.
func TestReadmeCommands(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, line := range regexp.MustCompile(`(?m)^dot-proxy( [^#\n]*[^# \n])?`).FindAllString(string(text), -1) {
		line, _, _ = strings.Cut(line, "  ")
		root := newRoot(io.Discard, io.Discard)
		cmd, args, err := root.Find(strings.Fields(line)[1:])
		if err == nil {
			err = cmd.ParseFlags(args)
		}
		if err == nil {
			err = cmd.ValidateArgs(cmd.Flags().Args())
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		found++
	}
	if found == 0 {
		t.Error("the README shows no command")
	}
}

// TestReadmePin: the README's way to make a pin gives the one that the program
// takes, of a server and of a file.
func TestReadmePin(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	ca := resolvertest.NewCA(t)
	cert := ca.Issue(resolvertest.Cert{})
	server := resolvertest.New(t, resolvertest.WithCA(ca), resolvertest.WithCertificate(cert))
	file, _ := resolvertest.WritePEM(t, t.TempDir(), cert)
	pin := resolvertest.Pin(cert)
	want := base64.StdEncoding.EncodeToString(pin[:])
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^openssl .*$`).FindAllString(string(text), -1)
	if len(commands) != 2 {
		t.Fatalf("the README has %d commands of openssl", len(commands))
	}
	for _, line := range commands {
		line = strings.NewReplacer("10.0.0.53:853", server.Addr().String(), "cert.pem", file).Replace(line)
		out, err := exec.CommandContext(t.Context(), "sh", "-c", line).Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s\n got %q, %v\nwant %q", line, got, err, want)
		}
	}
	u, err := provider.Parse(server.Upstream().Spec + "?verify=pins&pin-sha256=" + want)
	if err != nil || len(u.Pins) != 1 || u.Pins[0] != pin {
		t.Errorf("%+v, %v", u, err)
	}
}

// TestReadmeTOML: the README's settings are taken as they stand.
func TestReadmeTOML(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) == 0 {
		t.Fatal("the README shows no settings")
	}
	for _, b := range blocks {
		path := filepath.Join(t.TempDir(), "settings.toml")
		if err := os.WriteFile(path, []byte(b[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := daemon.New(daemon.Options{SettingsPath: path, Quit: func() {}})
		if err != nil {
			t.Fatal(err)
		}
		if p := d.Status().Problem; p != nil || len(d.Settings().Routes) == 0 {
			t.Errorf("%v\n%s", p, b[1])
		}
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
