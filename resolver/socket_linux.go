package resolver

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// userTimeout is how long sent data may stay without a sign of receipt before
// the kernel ends a connection, in milliseconds (RFC 5482).
const userTimeout = 8000

func tuneSocket(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		// It only helps: a kernel without it still connects.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, userTimeout)
	})
}
