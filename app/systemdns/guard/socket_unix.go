//go:build unix

package guard

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"

	"dotproxy/app/peer"

	"golang.org/x/sys/unix"
)

// socket accepts the connections of one user and of root.
type socket struct {
	*net.UnixListener
	uid int
}

// listen opens a place's socket. The caller holds the place's lock, so a socket
// that is there is nobody's.
func listen(p place) (net.Listener, error) {
	if err := os.Remove(p.socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		// On Linux the socket's own mode is the file's, so it is never open to
		// others, not even for a moment.
		return c.Control(func(fd uintptr) { _ = unix.Fchmod(int(fd), 0o600) })
	}}
	l, err := config.Listen(context.Background(), "unix", p.socket)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.Chmod(p.socket, 0o600), os.Lchown(p.socket, p.uid, -1)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &socket{l.(*net.UnixListener), p.uid}, nil
}

// Accept returns the next connection of somebody who may ask.
func (s *socket) Accept() (net.Conn, error) {
	for {
		conn, err := s.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if uid, _, err := peer.Of(conn); err == nil && (uid == 0 || uid == s.uid) {
			return conn, nil
		}
		_ = conn.Close()
	}
}

func dial(ctx context.Context, p place) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", p.socket)
}
