package guard

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

func TestOwner(t *testing.T) {
	if !me().alive() || !parent().alive() {
		t.Errorf("%+v and %+v do not live", me(), parent())
	}
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := Owner{cmd.Process.Pid, startOf(cmd.Process.Pid), bootID()}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	for about, o := range map[string]Owner{
		"one that ended": ended, "none": {}, "another with its number": {os.Getpid(), "1", bootID()},
		"one before a restart": {os.Getpid(), me().Started, "x"}, "one without a beginning": {1 << 30, "", bootID()},
	} {
		if o.alive() {
			t.Errorf("%s lives: %+v", about, o)
		}
	}
}

func TestStartIn(t *testing.T) {
	const rest = "1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9"
	for stat, want := range map[string]string{
		"7 (sh) S " + rest:             "4711",
		"7 (a) Z ) 1 2) R " + rest:     "4711",
		"7 (sh) Z " + rest:             "", // it waits for its parent
		"7 (sh) X " + rest:             "",
		"7 (sh) S 1 2 3":               "",
		"7 sh S " + rest:               "",
		"":                             "",
		"7 (sh) S " + rest + " 1 2 3 ": "4711",
	} {
		if got := startIn([]byte(stat)); got != want {
			t.Errorf("%q: %q, want %q", stat, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	process := func(uid int, env map[string]string, serves string) environment {
		return environment{uid, func(k string) string { return env[k] }, func() (string, error) { return "/home/me", nil }, func() string { return "/run/user/1000/dot-proxy" }, "/none", serves}
	}
	cases := []struct {
		name            string
		uid             int
		env             map[string]string
		journal, socket string
		serves          int
	}{
		{"a user", 1000, nil, "/home/me/.local/state/dot-proxy", "/run/user/1000/dot-proxy/guard.sock", 1000},
		{"a user with folders", 1000, map[string]string{"XDG_STATE_HOME": "/s"}, "/s/dot-proxy", "/run/user/1000/dot-proxy/guard.sock", 1000},
		{"a user with a wrong folder", 1000, map[string]string{"XDG_STATE_HOME": "s"}, "/home/me/.local/state/dot-proxy", "/run/user/1000/dot-proxy/guard.sock", 1000},
		{"a service", 999, map[string]string{"RUNTIME_DIRECTORY": "/run/dot-proxy:/run/y", "STATE_DIRECTORY": "/var/lib/dot-proxy"}, "/var/lib/dot-proxy", "/run/dot-proxy/guard.sock", 999},
		{"root", 0, nil, "/var/lib/dot-proxy", "/run/dot-proxy/guard.sock", 0},
		{"root for a user", 0, map[string]string{"PKEXEC_UID": "1000"}, "/var/lib/dot-proxy", "/run/dot-proxy-guard/1000.sock", 1000},
		{"root that was told", 0, map[string]string{"--for": "501"}, "/var/lib/dot-proxy", "/run/dot-proxy-guard/501.sock", 501},
		{"a user that was told", 1000, map[string]string{"--for": "501"}, "/home/me/.local/state/dot-proxy", "/run/user/1000/dot-proxy/guard.sock", 1000},
		{"root for root", 0, map[string]string{"PKEXEC_UID": "0"}, "/var/lib/dot-proxy", "/run/dot-proxy/guard.sock", 0},
		{"root for nonsense", 0, map[string]string{"PKEXEC_UID": "../x"}, "/var/lib/dot-proxy", "/run/dot-proxy/guard.sock", 0},
		{"a user who says so", 1000, map[string]string{"PKEXEC_UID": "0"}, "/home/me/.local/state/dot-proxy", "/run/user/1000/dot-proxy/guard.sock", 1000},
	}
	for _, c := range cases {
		e := process(c.uid, c.env, c.env["--for"])
		p := e.own()
		if p.journal.dir != c.journal || p.socket != c.socket || p.uid != c.serves || p.root != (c.uid == 0) {
			t.Errorf("%s: %+v", c.name, p)
		}
		all := e.all()
		if last := all[len(all)-1]; last != p {
			t.Errorf("%s: its own place is not among %+v", c.name, all)
		}
		if c.uid != 0 && (len(all) != 2 || !all[0].root || all[0].uid != c.uid) {
			t.Errorf("%s: root's for it is not among %+v", c.name, all)
		}
	}
}

// TestRootAsksAllGuards: sudo dot-proxy system-dns status tells the truth.
func TestRootAsksAllGuards(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"1000.sock", "me.sock", "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := thisProcess()
	e.uid, e.rootSockets, e.getenv = 0, dir, func(string) string { return "" }
	all := e.all()
	if len(all) != 2 || all[0].other || !all[1].other || all[1].uid != 1000 || all[1].socket != filepath.Join(dir, "1000.sock") {
		t.Errorf("%+v", all)
	}
}

func TestLock(t *testing.T) {
	p := newSystem(t).place()
	unlock, err := p.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.lock(t.Context()); !errors.Is(err, errHeld) {
		t.Errorf("twice: %v", err)
	}
	unlock()
	unlock, err = p.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	if err := os.Chmod(filepath.Dir(p.socket), 0o777); err != nil { //nolint:gosec // that is the test
		t.Fatal(err)
	}
	if _, err := p.lock(t.Context()); err == nil || !strings.Contains(err.Error(), "others may write") {
		t.Errorf("in a folder of everybody's: %v", err)
	}
}

// dialAs connects as another user, where this one may.
func dialAs(t *testing.T, uid int, path string) net.Conn {
	t.Helper()
	runtime.LockOSThread() // the raw call changes this thread alone
	defer runtime.UnlockOSThread()
	const same = ^uintptr(0)
	if os.Geteuid() == 0 {
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, same, uintptr(uid), same); errno != 0 {
			t.Fatal(errno)
		}
		defer func() {
			if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, same, 0, same); errno != 0 {
				panic(errno)
			}
		}()
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestSocketServesOneUser: and root. Where the test is not root's all are it.
func TestSocketServesOneUser(t *testing.T) {
	s := newSystem(t)
	p := s.place()
	if os.Geteuid() == 0 {
		p.uid = 65534
	}
	if err := errors.Join(os.Chmod(s.root, 0o755), os.Mkdir(filepath.Dir(p.socket), 0o755)); err != nil { //nolint:gosec // as /run is
		t.Fatal(err)
	}
	l, err := listen(p)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	info, err := os.Lstat(p.socket)
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	mine := dialAs(t, p.uid, p.socket)
	defer mine.Close()
	if c, err := l.Accept(); err != nil {
		t.Error(err)
	} else {
		_ = c.Close()
	}
	// The file's mode keeps strangers out; should it not, the kernel's word does.
	if err := os.Chmod(p.socket, 0o666); err != nil { //nolint:gosec // that is the test
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		l.(*socket).uid++
	}
	stranger := dialAs(t, 65533, p.socket)
	defer stranger.Close()
	go func() { _, _ = l.Accept() }()
	if n, err := stranger.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("a stranger was let in")
	}
}

// TestListenReplacesAStaleSocket: of a guard that was killed.
func TestListenReplacesAStaleSocket(t *testing.T) {
	s := newSystem(t)
	unlock, err := s.place().lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	for range 2 {
		l, err := listen(s.place())
		if err != nil {
			t.Fatal(err)
		}
		l.(*socket).SetUnlinkOnClose(false)
		_ = l.Close()
	}
}

func TestVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrived, began, asked := make(chan struct{}), time.Now(), 0
		late := func(context.Context, string) {
			if asked++; asked == 5 { // a manager that takes its time
				close(arrived)
			}
		}
		if err := verify(t.Context(), proof{NewNonce(), arrived}, late); err != nil || time.Since(began) > verifyPatience {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		hangs := func(ctx context.Context, _ string) { <-ctx.Done() }
		began = time.Now()
		if err := verify(t.Context(), never(), hangs); !errors.Is(err, errNotArrived) || time.Since(began) != verifyPatience {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := verify(ctx, never(), hangs); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestLookupEnds with its context, whatever this computer's resolver does.
func TestLookupEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	Lookup(ctx, NewNonce())
}
