package daemon

import "golang.org/x/sys/windows"

// The system's reasons for which an address cannot be opened or reached.
const (
	errInUse        = windows.WSAEADDRINUSE
	errDenied       = windows.WSAEACCES
	errNotPermitted = windows.ERROR_ACCESS_DENIED
	errNoAddress    = windows.WSAEADDRNOTAVAIL
	errNoRoute      = windows.WSAENETUNREACH
)
