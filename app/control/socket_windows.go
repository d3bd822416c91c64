package control

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os/user"
	"strings"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

const pipePrefix = `\\.\pipe\`

// UserPath returns the control pipe of this user's engine.
func UserPath() string {
	if me, err := user.Current(); err == nil {
		return pipePrefix + "dot-proxy-" + me.Uid
	}
	return pipePrefix + "dot-proxy-user"
}

// SystemPath returns the control pipe of an engine that runs as a service.
func SystemPath() string { return pipePrefix + "dot-proxy" }

// ListenPath returns where an engine shall listen and whether it is the
// system's: explicit where it is not empty, the system's pipe for a service's
// account, else the user's.
func ListenPath(explicit string) (path string, system bool) {
	if explicit != "" {
		return explicit, strings.EqualFold(explicit, SystemPath())
	}
	// LocalSystem, LocalService, NetworkService.
	if me, err := user.Current(); err == nil && (me.Uid == "S-1-5-18" || me.Uid == "S-1-5-19" || me.Uid == "S-1-5-20") {
		return SystemPath(), true
	}
	return UserPath(), false
}

// Listen opens the control pipe at path. Where an engine already answers on it
// the error is a *Problem with CodeRunning. Windows itself refuses everybody
// but this user, the system and administrators.
func Listen(path string, _ bool) (net.Listener, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	if conn, err := dialSocket(ctx, path); err == nil {
		return nil, runningAt(path, conn)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, socketProblem(path, err)
	}
	me, err := user.Current()
	if err != nil {
		return nil, socketProblem(path, err)
	}
	// Protected: the owner, LocalSystem and Administrators, nobody from the network.
	l, err := winio.ListenPipe(path, &winio.PipeConfig{
		SecurityDescriptor: "D:P(D;;GA;;;NU)(A;;GA;;;" + me.Uid + ")(A;;GA;;;SY)(A;;GA;;;BA)",
	})
	if err != nil {
		return nil, socketProblem(path, err)
	}
	return l, nil
}

func socketProblem(path string, err error) *Problem {
	return &Problem{Code: CodeInternal, Message: "The control pipe " + Quote(path) + " cannot be opened: " + err.Error() + ".",
		Hint: `Choose another with --control; its name begins with \\.\pipe\.`, cause: err}
}

func dialSocket(ctx context.Context, path string) (net.Conn, error) {
	// A pipe all of whose instances are busy is waited for.
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return winio.DialPipeContext(ctx, path)
}

func isForbidden(err error) bool { return errors.Is(err, windows.ERROR_ACCESS_DENIED) }

type fder interface{ Fd() uintptr }

func peerPID(conn net.Conn) int {
	f, ok := conn.(fder)
	if !ok {
		return 0
	}
	var pid uint32
	if windows.GetNamedPipeServerProcessId(windows.Handle(f.Fd()), &pid) != nil {
		return 0
	}
	return int(pid)
}
