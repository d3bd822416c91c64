//go:build unix

package daemon

import "syscall"

// The system's reasons for which an address cannot be opened or reached.
const (
	errInUse        = syscall.EADDRINUSE
	errDenied       = syscall.EACCES
	errNotPermitted = syscall.EPERM
	errNoAddress    = syscall.EADDRNOTAVAIL
	errNoRoute      = syscall.ENETUNREACH
)
