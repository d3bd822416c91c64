//go:build unix

package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const socketName = "control.sock"

// UserPath returns the control socket of this user's engine.
func UserPath() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "dot-proxy", socketName)
	}
	if dir, err := os.UserCacheDir(); err == nil && filepath.IsAbs(dir) {
		return filepath.Join(dir, "dot-proxy", socketName)
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("dot-proxy-%d", os.Getuid()), socketName)
}

// SystemPath returns the control socket of an engine that is run by a service
// manager or in a container.
func SystemPath() string { return systemFolder + "/" + socketName }

// systemFolder is a variable for tests, which must not meet a real engine.
var systemFolder = func() string {
	if runtime.GOOS == "darwin" {
		return "/var/run/dot-proxy"
	}
	return "/run/dot-proxy"
}()

// ListenPath returns where an engine shall listen and whether it is the
// system's: explicit where it is not empty, the service manager's
// $RUNTIME_DIRECTORY, the system's path for root and for one that may write to
// its folder, else the user's.
func ListenPath(explicit string) (path string, system bool) {
	if explicit != "" {
		return explicit, filepath.Dir(filepath.Clean(explicit)) == filepath.Dir(SystemPath())
	}
	if dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":"); filepath.IsAbs(dir) {
		// A service of the user's own manager has it within XDG_RUNTIME_DIR.
		mine := os.Getenv("XDG_RUNTIME_DIR")
		return filepath.Join(dir, socketName), mine == "" || !strings.HasPrefix(dir, mine+"/")
	}
	if os.Geteuid() == 0 || unix.Access(filepath.Dir(SystemPath()), unix.W_OK|unix.X_OK) == nil {
		return SystemPath(), true
	}
	return UserPath(), false
}

// Listen opens the control socket at path. Where an engine already answers on
// it the error is a *Problem with CodeRunning; a socket that nobody answers is
// replaced. Accepted connections know whether their peer may steer: root and
// this user, for the system's engine also members of the group dotproxy. Closing
// the listener removes the socket if it is still this one.
func Listen(path string, system bool) (net.Listener, error) {
	if limit := len(unix.RawSockaddrUnix{}.Path) - 1; len(path) > limit {
		return nil, &Problem{Code: CodeBadValue, Field: "control", Message: fmt.Sprintf("The path of the control socket has %d bytes; %d are possible.", len(path), limit),
			Hint: "Choose a shorter one with --control."}
	}
	if err := makeFolder(path, system); err != nil {
		return nil, socketProblem(path, err)
	}
	lock, err := takeLock(path)
	if err != nil {
		return nil, err
	}
	l, err := listenLocked(path, system)
	if err != nil {
		_ = lock.Unlock()
		return nil, err
	}
	l.lock = lock
	return l, nil
}

func listenLocked(path string, system bool) (*listener, error) {
	if err := clearStale(path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		// On Linux the socket's own mode is the file's, so it is never open to
		// others, not even for a moment.
		return c.Control(func(fd uintptr) { _ = unix.Fchmod(int(fd), 0o600) })
	}}
	raw, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, socketProblem(path, err)
	}
	inner := raw.(*net.UnixListener)
	inner.SetUnlinkOnClose(false)
	l := &listener{UnixListener: inner, path: path, system: system, owner: os.Geteuid()}
	if l.file, err = os.Lstat(path); err == nil {
		err = setMode(path, system)
	}
	if err != nil {
		_ = inner.Close()
		_ = os.Remove(path)
		return nil, socketProblem(path, err)
	}
	return l, nil
}

// makeFolder makes the socket's folder. Of those that exist only our own
// default one is changed: --control may name any folder.
func makeFolder(path string, system bool) error {
	dir, mode := filepath.Dir(path), fs.FileMode(0o700)
	if system {
		mode = 0o755
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return err
	}
	if path != UserPath() || system {
		return nil
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || !ok || int(stat.Uid) != os.Geteuid() {
		return errors.New("its folder belongs to another user")
	}
	return os.Chmod(dir, 0o700)
}

// clearStale removes a socket that nobody answers.
func clearStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode().Type() != fs.ModeSocket {
		err = errors.New("another file has that name")
	}
	if err != nil {
		return socketProblem(path, err)
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		return runningAt(path, conn)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return socketProblem(path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return socketProblem(path, err)
	}
	return nil
}

func socketProblem(path string, err error) *Problem {
	why := err.Error()
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		why = errno.Error()
	}
	return &Problem{Code: CodeInternal, Message: "The control socket " + Quote(path) + " cannot be opened: " + why + ".",
		Hint: "Choose another with --control, or mend its folder.", cause: err}
}

func dialSocket(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}

func isForbidden(err error) bool { return errors.Is(err, fs.ErrPermission) }
