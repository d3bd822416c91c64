package e2e_test

import (
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dotproxy/app/control"
)

// TestFirstRun: on a computer that asks its network's server, nothing of ours
// has run yet. The window's first page, by keys alone, has an engine started, a
// provider asked and this computer's DNS pointed here; its end takes nothing
// back, the engine's puts back what was.
func TestFirstRun(t *testing.T) {
	d := newDesk(t, true)
	d.startNetworkDNS()
	d.port = 53
	d.withWindow()
	kept := filepath.Join(d.dir, ".config", "fyne", "io.github.dotproxy.DotProxy", "preferences.json")
	if err := os.Remove(kept); err != nil {
		t.Fatal(err)
	}
	d.env["SSL_CERT_FILE"] = d.caFile // the system's roots

	window := exec.Command(filepath.Join(d.bin, "dot-proxy-window"), "--control", filepath.Join(d.dir, "dot-proxy", "control.sock"))
	window.Env = d.environment()
	if err := window.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = window.Process.Kill(); _ = window.Wait() })
	pid := d.openedWindow()
	id, _ := d.window()
	d.await("the button", func() bool { return d.filled(id, 390, 500) })
	d.xdotool("windowfocus", "--sync", id)
	// The second provider; then Start, behind a third and two switches.
	d.xdotool("key", "--delay", "100", "Tab", "Right", "space", "Tab", "Tab", "Tab", "Tab", "Return")
	s := d.engine("begun", func(s control.Status) bool { return up(s) && s.Provider == "quad9" && s.SystemDNS })

	d.awaitConf("127.0.0.1")
	d.answeredBy(d.quad9, "first")
	if out, err := exec.Command("getent", "ahostsv4", "computer.example").CombinedOutput(); err != nil {
		t.Errorf("getent: %v: %s", err, out)
	}

	d.keep("begun", d.shot(image.Rect(0, 0, 1100, 760)))
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	d.await("the window's end", func() bool { return !alive(pid) })
	if text, err := os.ReadFile(kept); err != nil || !strings.Contains(string(text), `"window.welcomed":true`) {
		t.Errorf("%v: %s", err, text)
	}
	if _, err := os.Stat(filepath.Join(d.dir, ".config", "autostart", "io.github.dotproxy.DotProxy.desktop")); err != nil {
		t.Error("it is not started at login: ", err)
	}
	d.ask().none()
	if now := d.engine("up", up); now.PID != s.PID || !now.SystemDNS {
		t.Errorf("after the window's end: %+v", now)
	}
	if err := d.client.Quit(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.awaitConf(quad9Address)
	d.await("the guard's end", func() bool { return !d.guards() })
}

// filled tells whether a place of a window has the colour of a filled button.
func (d *desk) filled(window string, x, y int) bool {
	d.t.Helper()
	var left, top int
	for line := range strings.Lines(d.xdotool("getwindowgeometry", "--shell", window)) {
		_, _ = fmt.Sscanf(line, "X=%d", &left)
		_, _ = fmt.Sscanf(line, "Y=%d", &top)
	}
	x, y = left+x, top+y
	r, g, b, _ := d.shot(image.Rect(x, y, x+4, y+4)).At(0, 0).RGBA()
	return r>>8 == 0x24 && g>>8 == 0x57 && b>>8 == 0xD6
}
