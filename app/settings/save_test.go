package settings

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
)

func TestSaveThenLoad(t *testing.T) {
	f := newFile(t, "")
	want := family()
	want.Listen, want.LogPrivacy, want.CacheMiB = []string{"0.0.0.0", "::"}, control.LogHideNames, 0
	want.CacheMinTTL, want.CacheMaxTTL, want.StaleHours, want.CachePersist, want.KeepStatistics = 60, 3600, 0, true, true
	want.Race, want.HideSubnet, want.Canary, want.Hosts, want.RebindingProtection, want.LocalNetwork = true, true, false, false, true, true
	want.Access = []string{}
	want.Routes = map[string][]string{"home.arpa": {"192.168.1.1", "[fd00::1]:5353"}, "example.com": {"tls://10.0.0.53"}}
	want.Overrides = map[string][]string{"*.ads.example": {control.NXDOMAIN}, "it's.example": {"192.0.2.1", "2001:db8::1"}}
	want.RateLimit = control.RateLimit{Loopback: true}
	if err := f.Save(want); err != nil {
		t.Fatal(err)
	}
	loaded(t, f, want)
	if again := text(t, f.Path); again != text(t, f.Path+lastGood) {
		t.Error("the last good copy differs from what was saved")
	}
	if runtime.GOOS == "windows" {
		return // has no such modes
	}
	for path, mode := range map[string]fs.FileMode{f.Path: 0o600, f.Path + lastGood: 0o600, filepath.Dir(f.Path): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v (%v), want %v", filepath.Base(path), info.Mode(), err, mode)
		}
	}
}

func TestSaveDocumentsEachKeyWithItsDefault(t *testing.T) {
	b, err := render(control.Default())
	if err != nil {
		t.Fatal(err)
	}
	keys := slices.DeleteFunc(Keys(), func(key string) bool { return strings.HasPrefix(key, "networks.") }) // of rules, of which there are none
	values := map[string]string{}
	comment, table := "", ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
			comment = line
		case strings.HasPrefix(line, "["):
			table = strings.Trim(line, "[]") + "."
			key := strings.TrimSuffix(table, ".")
			if said := comment == "# Default: none"; said != (key != "rate_limit") || comment == "" {
				t.Errorf("%s: the comment above says %q", key, comment)
			}
			values[key], comment = "table", ""
		case line != "":
			key, value, _ := strings.Cut(line, " = ")
			key = table + key
			said, ok := strings.CutPrefix(comment, "# Default: ")
			if !ok || strings.ReplaceAll(said, `"`, "'") != value {
				t.Errorf("%s: the default is %s, the comment above says %q", key, value, comment)
			}
			values[key], comment = value, ""
		}
	}
	if len(values) != len(keys) {
		t.Errorf("written are %v", values)
	}
	for _, key := range keys {
		if values[key] == "" {
			t.Errorf("%s is not written", key)
		}
	}
}

func TestSaveKeepsABrokenFileAside(t *testing.T) {
	const broken = "upstreams = [\"quad9\"\nport = 53 # mine\n"
	f := newFile(t, broken)
	if err := f.Save(family()); err != nil {
		t.Fatal(err)
	}
	loaded(t, f, family())
	aside, err := filepath.Glob(f.Path + ".broken-*")
	if err != nil || len(aside) != 1 || text(t, aside[0]) != broken {
		t.Errorf("kept aside: %v, %v", aside, err)
	}
	if err := f.Save(family()); err != nil {
		t.Fatal(err)
	}
	if again, _ := filepath.Glob(f.Path + ".broken-*"); len(again) != 1 {
		t.Errorf("a good file was kept aside too: %v", again)
	}
}

func TestSaveRefusesWhatLoadWould(t *testing.T) {
	f := newFile(t, "")
	if err := f.Save(family()); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*control.Settings){
		"port":      func(s *control.Settings) { s.Port = 0 },
		"upstreams": func(s *control.Settings) { s.Upstreams = []string{"quad99"} },
	} {
		s := family()
		change(&s)
		p, ok := errors.AsType[*control.Problem](f.Save(s))
		if !ok || p.Code != control.CodeBadValue || p.Field != field || p.Message == "" {
			t.Errorf("%s: got %+v", field, p)
		}
	}
	loaded(t, f, family())
}

func TestSaveThatFailsChangesNothing(t *testing.T) {
	f := newFile(t, "")
	write(t, filepath.Dir(f.Path), "a file where the folder should be")
	p, ok := errors.AsType[*control.Problem](f.Save(family()))
	if !ok || p.Code != control.CodeSettings || p.Hint == "" || !strings.Contains(p.Message, f.Path) {
		t.Errorf("got %+v", p)
	}
	if text(t, filepath.Dir(f.Path)) != "a file where the folder should be" {
		t.Error("it was changed")
	}
}

func TestSaveKeepsLinkAndMode(t *testing.T) {
	f := newFile(t, "")
	real := filepath.Join(t.TempDir(), "dotfiles.toml")
	write(t, real, "port = 5353\n")
	if err := os.Chmod(real, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, f.Path); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(family()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(f.Path); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("no link any more: %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(real); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	loaded(t, f, family())
}
