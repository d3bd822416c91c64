package control

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// dialAsStranger connects as another user than the engine's: as nobody where
// the test runs as root, else by making somebody else the owner of l.
func dialAsStranger(t *testing.T, l net.Listener, path string) (net.Conn, error) {
	t.Helper()
	if os.Geteuid() != 0 {
		l.(*listener).owner++
		return net.Dial("unix", path)
	}
	const nobody, same = 65534, ^uintptr(0)
	runtime.LockOSThread() // the raw call changes this thread alone
	defer runtime.UnlockOSThread()
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, same, nobody, same); errno != 0 {
		t.Fatal(errno)
	}
	defer func() {
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, same, 0, same); errno != 0 {
			panic(errno)
		}
	}()
	return net.Dial("unix", path)
}

// openFolder is a folder that everybody may enter.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // that is its purpose
		t.Fatal(err)
	}
	return dir
}

func serveOpen(t *testing.T, system bool) (net.Listener, string) {
	t.Helper()
	path := filepath.Join(openFolder(t), socketName)
	l, err := Listen(path, system)
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(panicController{}, nil)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Shutdown(context.Background())
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l, path
}

// panicController is an engine that must not be reached, but for its status.
type panicController struct{ noController }

func (panicController) Status() Status { return Status{State: Protected, Provider: "secret"} }

func ask(t *testing.T, conn net.Conn) (int, string) {
	t.Helper()
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /v1/status HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestAStrangerLearnsOnlyThatDNSIsHeld has the file mode let everybody in, so
// that the peer's credentials alone decide.
func TestAStrangerLearnsOnlyThatDNSIsHeld(t *testing.T) {
	l, path := serveOpen(t, false)
	if err := os.Chmod(path, 0o666); err != nil { //nolint:gosec // that is the test
		t.Fatal(err)
	}
	own, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := ask(t, own); status != http.StatusOK {
		t.Errorf("this user: %d %s", status, body)
	}
	conn, err := dialAsStranger(t, l, path)
	if err != nil {
		t.Fatal(err)
	}
	status, body := ask(t, conn)
	var p Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || status != http.StatusForbidden || p != *forbidden() {
		t.Errorf("a stranger: %d %s", status, body)
	}
}

// TestTheSystemsSocketAdmitsItsGroup: who gets past the file mode may steer.
func TestTheSystemsSocketAdmitsItsGroup(t *testing.T) {
	l, path := serveOpen(t, true)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	want := os.FileMode(0o600)
	if _, err := user.LookupGroup("dotproxy"); err == nil && os.Geteuid() == 0 {
		want = 0o660
	}
	if info.Mode().Perm() != want {
		t.Errorf("mode %v, want %v", info.Mode().Perm(), want)
	}
	if os.Geteuid() == 0 {
		_, err := dialAsStranger(t, l, path)
		if p := dialProblem(err, true); p.Code != CodeForbidden {
			t.Errorf("kept out by the mode: %+v (%v)", p, err)
		}
		if err := os.Chmod(path, 0o666); err != nil { //nolint:gosec // stands for membership
			t.Fatal(err)
		}
	}
	conn, err := dialAsStranger(t, l, path)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := ask(t, conn); status != http.StatusOK {
		t.Errorf("a member: %d %s", status, body)
	}
}
