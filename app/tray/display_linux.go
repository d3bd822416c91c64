package tray

/*
#cgo pkg-config: gtk+-3.0
#include <gtk/gtk.h>

static void pump(void) {
	while (gtk_events_pending())
		gtk_main_iteration();
}
*/
import "C"

import (
	"context"
	"os"
)

const serveInstead = " Without a display run: dot-proxy serve"

// displayProblem says in one sentence why there can be no tray, empty where
// there can. Where GTK cannot open its display it ends the process, so it is
// asked politely first. It runs on the main thread.
func displayProblem(ctx context.Context) string {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return "There is no display for a tray icon." + serveInstead
	}
	if !hasBus(ctx) {
		// GTK's accessibility would start a bus daemon that nobody ends.
		_ = os.Setenv("NO_AT_BRIDGE", "1")
	}
	if C.gtk_init_check(nil, nil) == 0 {
		name := os.Getenv("DISPLAY")
		if name == "" {
			name = os.Getenv("WAYLAND_DISPLAY")
		}
		return "The display " + name + " cannot be opened for a tray icon." + serveInstead
	}
	name := C.CString("DoT Proxy") // kept by GLib
	C.g_set_application_name(name)
	return ""
}

// pump handles what the display has sent, on the main thread. It ends the
// process when the display is gone, as GTK always does.
func pump() { C.pump() }
