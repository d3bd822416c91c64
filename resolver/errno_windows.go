package resolver

import "golang.org/x/sys/windows"

// The system's reasons. Those that syscall has by the usual names are its own
// inventions on Windows, which sockets never give.
const (
	errInUse     = windows.WSAEADDRINUSE
	errNoAddress = windows.WSAEADDRNOTAVAIL
	errNoFamily  = windows.WSAEAFNOSUPPORT
	errRefused   = windows.WSAECONNREFUSED
	errReset     = windows.WSAECONNRESET
	errNoNetwork = windows.WSAENETUNREACH
	errNoHost    = windows.WSAEHOSTUNREACH
	errNetDown   = windows.WSAENETDOWN
	errTimedOut  = windows.WSAETIMEDOUT
)
