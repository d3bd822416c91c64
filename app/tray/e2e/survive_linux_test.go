package e2e_test

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"dotproxy/app/control"
)

// TestAllProgramsSurviveEachOther: the real tray, window and engine; each is
// killed in turn and the others go on. DNS answers throughout, but between an
// engine that was killed and the next.
func TestAllProgramsSurviveEachOther(t *testing.T) {
	d := newDesk(t, true)
	d.withWindow()
	p := d.startPanel()
	// Named, the socket is the window's too: an engine that Start in the window
	// launches while there is one ends at once.
	flags := append([]string{"--control", filepath.Join(d.dir, "dot-proxy", "control.sock")}, d.engineFlags()...)
	tray := d.startTray(flags...)
	first := d.engine("up", up)
	d.answeredBy(d.custom, "first")
	p.awaitMenu("(Protected by dot.test)")
	p.click("Open DoT Proxy")
	window := d.openedWindow()

	// The window dies.
	asker := d.ask()
	_ = syscall.Kill(window, syscall.SIGKILL)
	d.await("the window's end", func() bool { return !alive(window) })
	asker.more(20)
	p.click("Open DoT Proxy")
	window = d.openedWindow(window)

	// A second start raises the first.
	second := exec.Command(filepath.Join(d.bin, "dot-proxy-window"))
	second.Env = d.environment()
	if out, err := second.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("a second window: %v: %s", err, out)
	}
	if _, now := d.window(); now != window {
		t.Errorf("the window is of process %d, want %d", now, window)
	}

	// The tray dies.
	_ = tray.Process.Kill()
	tray.ended()
	asker.more(20)
	if s := d.engine("up", up); s.PID != first.PID || !alive(window) {
		t.Errorf("after the tray, process %d answers, want %d; the window lives: %v", s.PID, first.PID, alive(window))
	}
	tray = d.startTray(flags...)
	p.awaitMenu("(Protected by dot.test)")
	asker.none()

	// The engine dies: the tray starts another, and the window is its client.
	_ = syscall.Kill(first.PID, syscall.SIGKILL)
	next := d.engine("new", func(s control.Status) bool { return up(s) && s.PID != first.PID })
	asker = d.ask()
	asker.more(20)
	asker.none()
	d.press("Stop in the window", func() bool { return d.isIn(control.Stopped) })
	p.awaitMenu("(Stopped)")
	d.press("Start in the window", func() bool { return d.isIn(control.Protected) })
	if s := d.engine("up", up); s.PID != next.PID {
		t.Errorf("process %d answers, want %d", s.PID, next.PID)
	}
	d.ask().none()
	if !alive(window) || !alive(tray.Process.Pid) {
		t.Error("the engine's end took others with it")
	}
}
