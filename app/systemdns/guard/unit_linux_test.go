package guard

import (
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUnit(t *testing.T) {
	packaged, err := os.ReadFile("../../../packaging/linux/" + unitName)
	if err != nil || string(packaged) != unitText {
		t.Errorf("packaging/linux/%s is another one than the program's: %v", unitName, err)
	}
	s := newSystem(t)
	u := bootUnit{s.root, "/opt/x/dot-proxy"}
	path, wanted := s.at("etc/systemd/system/"+unitName), s.at("etc/systemd/system/sysinit.target.wants/"+unitName)
	exists := func(p string) bool { _, err := os.Stat(p); return err == nil }
	for range 2 {
		if err := u.install(); err != nil || !exists(path) || !exists(wanted) {
			t.Fatalf("%v: %v %v", err, exists(path), exists(wanted))
		}
	}
	if text, _ := os.ReadFile(path); !strings.Contains(string(text), "\nExecStart=/opt/x/dot-proxy system-dns repair --boot\n") {
		t.Errorf("%s", text)
	}
	for range 2 {
		if err := u.remove(); err != nil || exists(path) || exists(wanted) {
			t.Errorf("%v: %v %v", err, exists(path), exists(wanted))
		}
	}
	// One that a package brought is left alone.
	theirs := s.at("usr/lib/systemd/system/" + unitName)
	if err := errors.Join(os.MkdirAll(filepath.Dir(theirs), 0o755), os.WriteFile(theirs, []byte(unitText), 0o600), u.install()); err != nil || exists(path) { //nolint:gosec // a system's folder
		t.Errorf("%v: a second one", err)
	}
	if err := errors.Join(os.Rename(theirs, path), u.remove()); err != nil || !exists(path) {
		t.Errorf("%v: the administrator's is gone", err)
	}
	// Another init.
	other := newSystem(t)
	if err := errors.Join(os.RemoveAll(other.at("run/systemd")), bootUnit{other.root, "/x"}.install()); err != nil || exists(other.at("etc/systemd")) {
		t.Errorf("%v: without systemd", err)
	}
}

func TestUnitsOfOtherSystems(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.plist")
	text := launchDaemonText("/Applications/A & B/dot-proxy")
	for range 2 { // a second time changes nothing
		if err := writeOnce(path, text); err != nil {
			t.Fatal(err)
		}
	}
	var plist struct {
		Strings []string `xml:"dict>array>string"`
	}
	if err := xml.Unmarshal(text, &plist); err != nil || strings.Join(plist.Strings, "|") != "/Applications/A & B/dot-proxy|system-dns|repair|--boot" {
		t.Errorf("%q, %v", plist.Strings, err)
	}
	if err := removeOurs(path, launchDaemonMark); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it is left")
	}
	if err := os.WriteFile(path, []byte("another's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := removeOurs(path, launchDaemonMark); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error("another's was removed")
	}
	if got := createTask(`C:\Program Files\dot-proxy.exe`); got[len(got)-1] != `"C:\Program Files\dot-proxy.exe" system-dns repair --boot` {
		t.Errorf("%q", got)
	}
}
