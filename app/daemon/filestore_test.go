package daemon

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
)

func TestFileStore(t *testing.T) {
	f := fileStore{path: filepath.Join(t.TempDir(), "new", "settings.toml")}
	if got := f.Load(); !got.usable || got.problem != nil || !got.settings.Equal(control.Default()) {
		t.Errorf("no file: %+v", got)
	}
	s := control.Default()
	s.Upstreams = []string{"quad9"}
	if err := f.Save(s); err != nil {
		t.Fatal(err)
	}
	if got := f.Load(); !got.usable || got.problem != nil || !got.settings.Equal(s) {
		t.Errorf("saved: %+v", got)
	}
	if err := os.WriteFile(f.path, []byte("prot = 53\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := f.Load(); !got.usable || got.problem == nil || !slices.Equal(got.settings.Upstreams, s.Upstreams) {
		t.Errorf("broken, with a good copy: %+v", got)
	}
}

func TestFileStoreBroken(t *testing.T) {
	f := fileStore{path: filepath.Join(t.TempDir(), "settings.toml")}
	if err := os.WriteFile(f.path, []byte("upstreams = [\"nobody at all\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := f.Load(); got.usable || got.problem == nil || !strings.Contains(got.problem.Message, "nobody at all") {
		t.Errorf("%+v", got)
	}
}

func TestNoFileStore(t *testing.T) {
	f := fileStore{}
	if got := f.Load(); !got.usable || !got.settings.Equal(control.Default()) {
		t.Errorf("%+v", got)
	}
	if p := problemOf(t, f.Save(control.Default())); p.Code != control.CodeSettings || p.Hint == "" {
		t.Errorf("%+v", p)
	}
}
