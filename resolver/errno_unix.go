//go:build unix

package resolver

import "syscall"

// The system's reasons.
const (
	errInUse     = syscall.EADDRINUSE
	errNoAddress = syscall.EADDRNOTAVAIL
	errNoFamily  = syscall.EAFNOSUPPORT
	errRefused   = syscall.ECONNREFUSED
	errReset     = syscall.ECONNRESET
	errNoNetwork = syscall.ENETUNREACH
	errNoHost    = syscall.EHOSTUNREACH
	errNetDown   = syscall.ENETDOWN
	errTimedOut  = syscall.ETIMEDOUT
)
