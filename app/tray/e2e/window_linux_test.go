package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"dotproxy/app/control"
)

// buildWindow makes the real window once, beside the tray and engine that are
// tested with it.
var buildWindow = sync.OnceValues(func() (folder string, err error) {
	folder = filepath.Join(filepath.Dir(programs), "all")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return "", err
	}
	for _, name := range []string{"dot-proxy", "dot-proxy-tray"} {
		if err := os.Link(filepath.Join(programs, name), filepath.Join(folder, name)); err != nil {
			return "", err
		}
	}
	out, err := exec.Command("go", "build", "-o", folder+"/", "dotproxy/app/cmd/dot-proxy-window").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return folder, nil
})

// headerX and headerY are where the window has Stop, or Start.
const headerX, headerY = "888", "77"

// withWindow has the tray open the real window, as one that is not new here.
func (d *desk) withWindow() {
	d.t.Helper()
	var err error
	if d.bin, err = buildWindow(); err != nil {
		d.t.Fatal(err)
	}
	for name, value := range map[string]string{"LANG": "en_US.UTF-8", "FYNE_THEME": "light", "FYNE_SCALE": "1"} {
		d.env[name] = value
	}
	kept := filepath.Join(d.dir, ".config", "fyne", "io.github.dotproxy.DotProxy")
	if err := os.MkdirAll(kept, 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(kept, "preferences.json"), []byte(`{"window.welcomed": true}`), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		if _, pid := d.window(); pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			d.await("the window's end", func() bool { return !alive(pid) })
		}
	})
}

// window returns the real window that is open and its process, 0 for none.
func (d *desk) window() (id string, pid int) {
	ids, _ := exec.Command("xdotool", "search", "--onlyvisible", "--name", "^DoT Proxy$").Output()
	id, _, _ = strings.Cut(strings.TrimSpace(string(ids)), "\n")
	if id == "" {
		return "", 0
	}
	text, _ := exec.Command("xdotool", "getwindowpid", id).Output()
	pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	return id, pid
}

// openedWindow waits for a window of none of the processes before.
func (d *desk) openedWindow(before ...int) (pid int) {
	d.t.Helper()
	d.await("the window", func() bool {
		_, pid = d.window()
		return pid != 0 && !slices.Contains(before, pid)
	})
	return pid
}

// press clicks on the button in the window's header, and again a second later
// where that had no effect: a window may not yet know its engine.
func (d *desk) press(what string, effect func() bool) {
	d.t.Helper()
	var pressed time.Time
	d.await(what, func() bool {
		if effect() {
			return true
		}
		if id, _ := d.window(); id != "" && time.Since(pressed) > time.Second {
			_ = exec.Command("xdotool", "mousemove", "--window", id, headerX, headerY, "click", "1").Run()
			pressed = time.Now()
		}
		return false
	})
}

// isIn tells whether an engine is in a state.
func (d *desk) isIn(state control.State) bool {
	s, err := d.client.Status(d.t.Context())
	return err == nil && s.State == state
}
