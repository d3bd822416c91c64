package resolver

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// userTimeout is how long sent data may stay without a sign of receipt before
// the kernel ends a connection, in milliseconds (RFC 5482).
const userTimeout = 8000

// tuneSocket prepares a connection to a server.
func tuneSocket(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		// Both only help: a kernel without them still connects.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, userTimeout)
		// A server met before gets the TLS handshake with the first packet (RFC 7413).
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_FASTOPEN_CONNECT, 1)
	})
}
