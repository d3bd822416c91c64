package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// desk is a display with a window manager, and a user of its own.
type desk struct {
	*testing.T
	env  []string
	dir  string
	bin  string
	home string
}

// newDesk starts Xvfb, without OpenGL where gl is false, and builds the
// programs. Without DOTPROXY_GUI_TESTS=1 the test is left out; with it a tool
// that is missing is a failure.
func newDesk(t *testing.T, gl bool) *desk {
	t.Helper()
	if os.Getenv("DOTPROXY_GUI_TESTS") != "1" {
		t.Skip("the tests with a real display run where DOTPROXY_GUI_TESTS=1")
	}
	for _, tool := range []string{"Xvfb", "openbox", "xdotool", "import"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is missing: apt-get install xvfb openbox xdotool imagemagick", tool)
		}
	}
	d := &desk{T: t, dir: socketFolder(t), bin: builtPrograms(t)}
	d.home = filepath.Join(d.dir, "home")
	if err := os.MkdirAll(d.home, 0o700); err != nil {
		t.Fatal(err)
	}
	d.keep(`{"window.welcomed": true}`)
	display := d.startX(gl)
	d.env = append(os.Environ(), "DISPLAY="+display, "HOME="+d.home, "XDG_RUNTIME_DIR="+d.dir, "XDG_CONFIG_HOME=", "XDG_CACHE_HOME=",
		"WAYLAND_DISPLAY=", "LC_ALL=C.UTF-8", "LANGUAGE=", "FYNE_THEME=light", "FYNE_SCALE=1", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent")
	if gl {
		d.start("openbox", "--sm-disable")
	}
	return d
}

// keep has the window find preferences of an earlier run.
func (d *desk) keep(preferences string) {
	d.Helper()
	dir := filepath.Join(d.home, ".config", "fyne", appID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "preferences.json"), []byte(preferences), 0o600); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) startX(gl bool) string {
	d.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		d.Fatal(err)
	}
	defer r.Close()
	// Without -noreset the server starts anew when the last client goes, such as
	// one call of xdotool before the window is there.
	args := []string{"-noreset", "-displayfd", "3", "-screen", "0", "1100x760x24", "-nolisten", "tcp"}
	if !gl {
		args = append(args, "-extension", "GLX")
	}
	cmd := exec.Command("Xvfb", args...)
	cmd.ExtraFiles = []*os.File{w}
	d.run(cmd)
	_ = w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		d.Fatalf("Xvfb: %v", err)
	}
	return ":" + strings.TrimSpace(line)
}

// run starts cmd and ends it with the test.
func (d *desk) run(cmd *exec.Cmd) {
	d.Helper()
	if err := cmd.Start(); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
}

func (d *desk) start(program string, args ...string) {
	d.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = d.env
	d.run(cmd)
}

// window starts the window and waits for it.
func (d *desk) window(args ...string) *running {
	d.Helper()
	r := &running{desk: d, cmd: exec.Command(filepath.Join(d.bin, "dot-proxy-window"), args...), ended: make(chan struct{})}
	r.cmd.Env, r.cmd.Stderr = d.env, &r.stderr
	if err := r.cmd.Start(); err != nil {
		d.Fatal(err)
	}
	go func() { defer close(r.ended); _ = r.cmd.Wait() }()
	d.Cleanup(func() {
		_ = r.cmd.Process.Kill()
		<-r.ended
		if d.Failed() {
			d.Logf("the window said: %s", r.stderr.String())
		}
	})
	d.until("the window opens", func() bool {
		out, _ := d.xdotool("search", "--onlyvisible", "--name", "^DoT Proxy$").Output()
		r.id, _, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
		return r.id != ""
	})
	return r
}

func (d *desk) xdotool(args ...string) *exec.Cmd {
	cmd := exec.Command("xdotool", args...)
	cmd.Env = d.env
	return cmd
}

// until waits for another process; only a fault waits for long.
func (d *desk) until(what string, is func() bool) {
	d.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			d.shot("failure")
			d.Fatalf("waited in vain: %s", what)
		}
	}
}

// shot keeps a picture of the screen among the test's artifacts.
func (d *desk) shot(name string) {
	d.Helper()
	path := filepath.Join(d.ArtifactDir(), name+".png")
	cmd := exec.Command("import", "-window", "root", path)
	cmd.Env = d.env
	if out, err := cmd.CombinedOutput(); err != nil {
		d.Errorf("screenshot: %v: %s", err, out)
	}
}

// running is a window on a desk.
type running struct {
	*desk
	cmd    *exec.Cmd
	id     string
	stderr bytes.Buffer
	ended  chan struct{}
}

// do runs xdotool once.
func (r *running) do(args ...string) {
	r.Helper()
	if out, err := r.xdotool(args...).CombinedOutput(); err != nil {
		r.Fatalf("xdotool %v: %v: %s", args, err, out)
	}
}

// click presses at a place of the window, again until it has the effect: a
// window that has just opened may not yet listen.
func (r *running) click(x, y int, what string, effect func() bool) {
	r.Helper()
	for range 10 {
		r.do("mousemove", "--window", r.id, strconv.Itoa(x), strconv.Itoa(y), "click", "1")
		for range 20 {
			if effect() {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	r.shot("failure")
	r.Fatalf("clicks at %d,%d have no effect: %s", x, y, what)
}

// retype replaces a field's text.
func (r *running) retype(x, y int, text string) {
	r.Helper()
	r.do("mousemove", "--window", r.id, strconv.Itoa(x), strconv.Itoa(y), "click", "1")
	r.do("key", "ctrl+a")
	r.do("type", "--delay", "20", text)
}

// end asks the window to end and returns its status.
func (r *running) end() int {
	r.Helper()
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	r.until("the window ends", func() bool {
		select {
		case <-r.ended:
			return true
		default:
			return false
		}
	})
	return r.cmd.ProcessState.ExitCode()
}
