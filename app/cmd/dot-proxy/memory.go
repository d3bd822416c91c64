package main

import (
	"os"
	"runtime/debug"
)

// garbagePercent is how much may be thrown away before memory is cleaned, in
// per cent of what is in use. Most of that is the cache, which does not change
// much; Go's own 100 makes the engine half as large again, and 40 costs a
// forwarded query a twentieth more.
const garbagePercent = 40

// keepSmall makes the engine use little memory, unless GOGC says otherwise.
func keepSmall() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}
