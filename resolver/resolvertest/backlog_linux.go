package resolvertest

import (
	"errors"
	"net"
	"syscall"
)

// shrinkBacklog makes the kernel drop connections beyond the first that nobody
// accepts.
func shrinkBacklog(ln *net.TCPListener) error {
	raw, err := ln.SyscallConn()
	if err != nil {
		return err
	}
	var listenErr error
	err = raw.Control(func(fd uintptr) { listenErr = syscall.Listen(int(fd), 0) })
	return errors.Join(err, listenErr)
}
