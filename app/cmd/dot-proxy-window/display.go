package main

import (
	"bytes"
	"errors"
	"log"
	"os"
	"runtime"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
)

var (
	errNoDisplay = errors.New("There is no display to show a window on. Run it within a desktop, or use dot-proxy status and dot-proxy queries.")
	errNoGL      = errors.New("The window cannot be drawn: this display offers no OpenGL. Install the graphics driver (on Debian libgl1-mesa-dri), or use dot-proxy status and dot-proxy queries.")
)

// checkDisplay tells whether there is a display before the toolkit looks for
// one, since that would panic.
func checkDisplay(env func(string) string) error {
	switch runtime.GOOS {
	case "windows", "darwin":
		return nil
	}
	if env("DISPLAY") == "" {
		return errNoDisplay
	}
	return nil
}

// hasWindow tells whether the toolkit really opened w. Without OpenGL it logs
// an error and goes on with no window.
func hasWindow(w fyne.Window) bool {
	native, ok := w.(driver.NativeWindow)
	if !ok {
		return true
	}
	has := true
	native.RunNative(func(context any) {
		switch c := context.(type) {
		case driver.X11WindowContext:
			has = c.WindowHandle != 0
		case driver.WindowsWindowContext:
			has = c.HWND != 0
		}
	})
	return has
}

// heldLog keeps what is logged until it is known whether it is wanted.
type heldLog struct {
	mu   sync.Mutex
	kept bytes.Buffer
	once sync.Once
}

func holdLog() *heldLog {
	h := &heldLog{}
	log.SetOutput(h)
	return h
}

// Write implements io.Writer.
func (h *heldLog) Write(line []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.kept.Write(line)
}

// release lets the log go on to stderr, with or without what was kept. Only
// the first call counts.
func (h *heldLog) release(show bool) {
	h.once.Do(func() {
		log.SetOutput(os.Stderr)
		h.mu.Lock()
		defer h.mu.Unlock()
		if show {
			_, _ = os.Stderr.Write(h.kept.Bytes())
		}
	})
}
