package tray

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestBusAddress(t *testing.T) {
	dir := t.TempDir()
	with := filepath.Join(dir, "with")
	file := filepath.Join(dir, "file")
	for _, d := range []string{with, file} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("unix", filepath.Join(with, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.WriteFile(filepath.Join(file, "bus"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, address, runtime, want string }{
		{"said", "unix:path=/x", with, "unix:path=/x"},
		{"at its usual place", "", with, "unix:path=" + filepath.Join(with, "bus")},
		{"not to be started", "autolaunch:", "", ""},
		{"nothing", "", dir, ""},
		{"a file that is no socket", "", file, ""},
		{"no runtime folder", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", tt.address)
			t.Setenv("XDG_RUNTIME_DIR", tt.runtime)
			if got := busAddress(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNoBusHasNoHost(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "nobody"))
	if hasBus(t.Context()) || hasHost(t.Context()) {
		t.Error("found on a bus that is not there")
	}
}

func TestNoDisplayIsSaid(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	if got, want := displayProblem(t.Context()), "There is no display for a tray icon. Without a display run: dot-proxy serve"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
