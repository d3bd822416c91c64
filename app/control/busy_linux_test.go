package control_test

import (
	"errors"
	"net"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"

	"golang.org/x/sys/unix"
)

// TestListenSparesABusyEngine: one that does not take connections just now
// refuses, but not because nobody is there.
func TestListenSparesABusyEngine(t *testing.T) {
	path := controltest.SocketPath(t)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	before := mode(t, path)
	for full := false; !full; { // until the kernel queues no more
		conn, err := net.Dial("unix", path)
		if full = err != nil; !full {
			defer conn.Close()
		}
	}
	_, err = control.Listen(path, false)
	problem(t, err)
	if mode(t, path) != before {
		t.Error("its socket was replaced")
	}
}
