//go:build unix

package control

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/user"
	"strconv"
	"sync"
	"time"

	"dotproxy/app/peer"

	"github.com/gofrs/flock"
)

// listener is a control socket that this process opened.
type listener struct {
	*net.UnixListener
	path   string
	system bool
	owner  int // the user who may steer, besides root
	file   fs.FileInfo
	lock   *flock.Flock
	once   sync.Once
}

// Accept returns the next connection with the verdict on its peer.
func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.AcceptUnix()
	if err != nil {
		return nil, err
	}
	return guarded{Conn: conn, allowed: l.allows(conn)}, nil
}

// allows: who passed the file mode of the system's socket is root, its owner
// or in its group.
func (l *listener) allows(conn *net.UnixConn) bool {
	if l.system {
		return true
	}
	uid, _, err := peer.Of(conn)
	return err == nil && (uid == 0 || uid == l.owner)
}

// Close ends listening and removes the socket, unless another took its place.
func (l *listener) Close() error {
	err := l.UnixListener.Close()
	l.once.Do(func() {
		if now, statErr := os.Lstat(l.path); statErr == nil && os.SameFile(now, l.file) {
			err = errors.Join(err, os.Remove(l.path))
		}
		_ = l.lock.Unlock()
	})
	return err
}

// takeLock takes the lock beside the socket, so that of two engines that start
// together one finds the other. The lock's file stays: removing it would let
// a third lock another file of the same name.
func takeLock(path string) (*flock.Flock, error) {
	lock := flock.New(path + ".lock")
	for end := time.Now().Add(lockPatience); ; {
		ok, err := lock.TryLock()
		if err != nil {
			return nil, socketProblem(path, err)
		}
		if ok {
			return lock, nil
		}
		if conn, err := net.Dial("unix", path); err == nil {
			return nil, runningAt(path, conn)
		}
		if time.Now().After(end) {
			return nil, running(0)
		}
		time.Sleep(25 * time.Millisecond)
	}
}

// setMode opens the system's socket to the group dotproxy, where there is one
// that this process may give it to.
func setMode(path string, system bool) error {
	if err := os.Chmod(path, 0o600); err != nil || !system {
		return err
	}
	group, err := user.LookupGroup("dotproxy")
	if err != nil {
		return nil
	}
	gid, err := strconv.Atoi(group.Gid)
	if err != nil || os.Chown(path, -1, gid) != nil {
		return nil
	}
	return os.Chmod(path, 0o660)
}

func peerPID(conn net.Conn) int {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return 0
	}
	_, pid, err := peer.Of(unixConn)
	if err != nil {
		return 0
	}
	return pid
}
