//go:build unix

package control_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"

	"golang.org/x/sys/unix"
)

func TestListenPath(t *testing.T) {
	runtime := shortDir(t)
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	t.Setenv("RUNTIME_DIRECTORY", "")
	if got, want := control.UserPath(), filepath.Join(runtime, "dot-proxy/control.sock"); got != want {
		t.Errorf("user's socket %s, want %s", got, want)
	}
	expect := func(when, explicit, want string, wantSystem bool) {
		t.Helper()
		if path, system := control.ListenPath(explicit); path != want || system != wantSystem {
			t.Errorf("%s: %s (system %v), want %s (%v)", when, path, system, want, wantSystem)
		}
	}
	expect("named", "/tmp/x.sock", "/tmp/x.sock", false)
	expect("the system's, named", control.SystemPath(), control.SystemPath(), true)
	if os.Geteuid() == 0 {
		expect("root", "", control.SystemPath(), true)
	} else if _, err := os.Stat(filepath.Dir(control.SystemPath())); err != nil {
		expect("a user", "", control.UserPath(), false)
	}
	t.Setenv("RUNTIME_DIRECTORY", "/run/x:/run/y")
	expect("a service", "", "/run/x/control.sock", true)
	t.Setenv("RUNTIME_DIRECTORY", runtime+"/dot-proxy")
	expect("a user's service", "", control.UserPath(), false)

	t.Setenv("XDG_RUNTIME_DIR", "not/absolute")
	t.Setenv("XDG_CACHE_HOME", "/home/someone/.cache")
	t.Setenv("HOME", "/home/someone")
	if dir, err := os.UserCacheDir(); err != nil || control.UserPath() != filepath.Join(dir, "dot-proxy/control.sock") {
		t.Errorf("without a runtime folder: %s", control.UserPath())
	}
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	if got, want := control.UserPath(), filepath.Join(os.TempDir(), "dot-proxy-"+strconv.Itoa(os.Getuid()), "control.sock"); got != want {
		t.Errorf("without a home: %s, want %s", got, want)
	}
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestListenKeepsOthersOut(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortDir(t))
	path := control.UserPath()
	if err := os.Mkdir(filepath.Dir(path), 0o777); err != nil { //nolint:gosec // as somebody careless made it
		t.Fatal(err)
	}
	l, err := control.Listen(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if m := mode(t, path); m != fs.ModeSocket|0o600 {
		t.Errorf("socket %v", m)
	}
	if m := mode(t, filepath.Dir(path)); m != fs.ModeDir|0o700 {
		t.Errorf("folder %v", m)
	}
}

func TestListenLeavesAForeignFolderAsItIs(t *testing.T) {
	dir := shortDir(t)
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // that is the test
		t.Fatal(err)
	}
	l, err := control.Listen(filepath.Join(dir, "x.sock"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if m := mode(t, dir); m != fs.ModeDir|0o755 {
		t.Errorf("folder %v", m)
	}
}

func TestListenTwice(t *testing.T) {
	engine := controltest.New()
	path, stop := controltest.Serve(t, engine)
	_, err := control.Listen(path, false)
	if p := problem(t, err); p.Code != control.CodeRunning || p.Message != "DoT Proxy is already running (process 4711)." {
		t.Errorf("got %+v", p)
	}
	if _, err := control.NewClient(path).Status(t.Context()); err != nil {
		t.Errorf("the first engine was disturbed: %v", err)
	}
	stop()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket stays: %v", err)
	}
	controltest.ServeAt(t, engine, path)
}

// TestListenBesideAMuteEngine: the process is known from the socket itself,
// also where no lock is held.
func TestListenBesideAMuteEngine(t *testing.T) {
	path := controltest.SocketPath(t)
	mute, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	_, err = control.Listen(path, false)
	if p := problem(t, err); p.Code != control.CodeRunning || !strings.Contains(p.Message, "(process "+strconv.Itoa(os.Getpid())+")") {
		t.Errorf("got %+v", p)
	}
}

func TestListenReplacesAStaleSocket(t *testing.T) {
	controltest.ServeAt(t, controltest.New(), staleSocket(t))
}

func TestListenSparesWhatIsNoSocket(t *testing.T) {
	path := controltest.SocketPath(t)
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := control.Listen(path, false)
	problem(t, err)
	if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
		t.Errorf("the file is %q, %v", b, err)
	}
}

func TestListenSaysThatAPathIsTooLong(t *testing.T) {
	_, err := control.Listen(filepath.Join(t.TempDir(), strings.Repeat("x", 120)), false)
	if p := problem(t, err); !strings.Contains(p.Message, "bytes") {
		t.Errorf("got %+v", p)
	}
}

func TestOfManyThatStartTogetherOneListens(t *testing.T) {
	path := staleSocket(t)
	const n = 8
	listeners := make(chan net.Listener, n)
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			l, err := control.Listen(path, false)
			if err != nil {
				if p, ok := errors.AsType[*control.Problem](err); !ok || p.Code != control.CodeRunning {
					t.Errorf("got %v", err)
				}
				return
			}
			listeners <- l
		})
	}
	group.Wait()
	close(listeners)
	if len(listeners) != 1 {
		t.Errorf("%d listen", len(listeners))
	}
	for l := range listeners {
		_ = l.Close()
	}
}

func TestCloseSparesTheSocketOfAnother(t *testing.T) {
	path := controltest.SocketPath(t)
	l, err := control.Listen(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the other's socket: %v", err)
	}
}

func TestCheckRefusesAPipeAsCertificateFile(t *testing.T) {
	s := control.Default()
	s.CABundle = filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(s.CABundle, 0o600); err != nil {
		t.Fatal(err)
	}
	// Opening it would wait for a writer for ever.
	if wrong := s.Check(); len(wrong) != 1 || !strings.Contains(wrong[0].Message, "not a plain file") {
		t.Errorf("got %v", wrong)
	}
}
