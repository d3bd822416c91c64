//go:build !linux

package resolver

import "syscall"

func tuneSocket(_, _ string, _ syscall.RawConn) error { return nil }
