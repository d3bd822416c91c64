package main

import (
	"os"
	"runtime/debug"
	"time"
)

const (
	// garbagePercent is how much may be thrown away before memory is cleaned, in
	// per cent of what is in use: most of that is fonts, which stay. Go's own 100
	// keeps some ten megabytes more.
	garbagePercent = 50
	// settled is when all is drawn and what the start needed can be given back.
	settled = 10 * time.Second
)

// keepSmall makes the window use little memory, unless GOGC says otherwise.
func keepSmall() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
		time.AfterFunc(settled, debug.FreeOSMemory)
	}
}
