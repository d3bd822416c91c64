package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver/resolvertest"
)

const rest = "|Use as this computer’s DNS|-|Open DoT Proxy…|Recent queries…|Check…|Start at login|-|"

// running starts a tray with an engine that answers.
func running(t *testing.T) (*desk, *panel, *process, control.Status) {
	t.Helper()
	d := newDesk(t, true)
	p := d.startPanel()
	tray := d.startTray(d.engineFlags()...)
	s := d.engine("up", up)
	d.answeredBy(d.custom, "first")
	p.awaitMenu("(Protected by dot.test)")
	return d, p, tray, s
}

// within logs how long it takes until the menu contains part.
func (p *panel) within(part string) {
	p.d.t.Helper()
	began := time.Now()
	p.awaitMenu(part)
	p.d.t.Logf("%q shown after %v", part, time.Since(began).Round(time.Millisecond))
}

func TestMenuSteersTheEngine(t *testing.T) {
	d, p, _, _ := running(t)
	p.awaitMenu("|-|Stop|-|Provider: dot.test" + rest + "Close tray, stay protected|Quit")

	p.click("Stop")
	p.within("(Stopped)|(DNS is not encrypted)|-|Start|-|Provider: dot.test" + rest + "Close tray|Quit")
	d.engine("stopped", func(s control.Status) bool { return s.State == control.Stopped })
	if d.dig("stopped.example") == nil {
		t.Error("a stopped engine answers")
	}

	p.click("Start")
	p.within("|-|Stop|")
	d.answeredBy(d.custom, "again")

	p.click("Quad9")
	p.within("Provider: Quad9")
	d.engine("asking Quad9", func(s control.Status) bool { return s.Provider == "quad9" })
	d.answeredBy(d.quad9, "switched")
	root, _ := p.menu()
	if sub, _ := root.find("Provider"); !strings.Contains(sub.text(), "[Quad9]") || strings.Count(sub.text(), "[") != 1 || !strings.HasSuffix(sub.text(), "|More…") {
		t.Errorf("the providers are %s", sub.text())
	}

	// A click takes the tick away; the tray puts it back.
	p.click("Quad9")
	d.await("the tick", func() bool {
		root, _ := p.menu()
		sub, _ := root.find("Provider")
		return strings.Contains(sub.text(), "[Quad9]")
	})
}

// TestSwitchLosesNoQuestion switches to and fro from the menu.
func TestSwitchLosesNoQuestion(t *testing.T) {
	d, p, _, _ := running(t)
	asker := d.ask()
	asker.more(5)
	for _, to := range []struct {
		entry  string
		server *resolvertest.Server
	}{{"Quad9", d.quad9}, {"dot.test", d.custom}, {"Quad9", d.quad9}} {
		p.click(to.entry)
		p.awaitMenu("(Protected by " + to.entry + ")")
		d.answeredBy(to.server, "switched")
		asker.more(5)
	}
	asker.none()
}

func TestMenuFollowsOthers(t *testing.T) {
	d, p, _, _ := running(t)
	icon := p.property("IconName")
	if err := d.client.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	p.within("(Stopped)")
	d.await("another icon", func() bool { return p.property("IconName") != icon })
	if err := d.client.Use(context.Background(), "9.9.9.9#dns.quad9.net"); err != nil {
		t.Fatal(err)
	}
	p.within("Provider: Quad9")
	if err := d.client.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	p.within("|-|Stop|")
}

func TestMenuOpensTheWindow(t *testing.T) {
	d, p, _, _ := running(t)
	if w := d.windows(); len(w) != 0 {
		t.Errorf("opened without a click: %q", w)
	}
	p.click("Open DoT Proxy")
	d.await("the window", func() bool { return len(d.windows()) == 1 })
	p.click("Recent queries")
	d.await("the window", func() bool { return len(d.windows()) == 2 })
	if w := d.windows(); w[0] != "cache=5s " || w[1] != "cache=5s --view queries" {
		t.Errorf("the window was opened as %q", w)
	}
}

func TestDeadEngineIsStartedAgain(t *testing.T) {
	d, p, _, first := running(t)
	began := time.Now()
	_ = syscall.Kill(first.PID, syscall.SIGKILL)
	d.engine("new", func(s control.Status) bool { return s.PID != first.PID })
	t.Logf("a new engine answers after %v", time.Since(began).Round(time.Millisecond))
	d.answeredBy(d.custom, "back")
	p.awaitMenu("(Protected by dot.test)")
}

func TestEngineOutlivesTheTray(t *testing.T) {
	d, p, tray, first := running(t)
	_ = tray.Process.Kill()
	tray.ended()
	d.answeredBy(d.custom, "alone")
	if left, _ := filepath.Glob(filepath.Join(d.dir, "systray_*")); len(left) == 0 {
		t.Error("the killed tray left no icon: the removal is not tested")
	}

	tray = d.startTray(d.engineFlags()...)
	p.awaitMenu("(Protected by dot.test)")
	if s := d.engine("up", up); s.PID != first.PID {
		t.Errorf("the new tray asks process %d, want %d", s.PID, first.PID)
	}
	if left, _ := filepath.Glob(filepath.Join(d.dir, "systray_*")); len(left) != 1 {
		t.Errorf("icons in the temporary folder: %q", left)
	}

	_ = tray.Process.Signal(syscall.SIGTERM)
	if status := tray.ended(); status != 0 {
		t.Errorf("status %d after SIGTERM", status)
	}
	tray = d.startTray()
	p.awaitMenu("(Protected by dot.test)")
	p.click("Close tray")
	if status := tray.ended(); status != 0 {
		t.Errorf("status %d after Close", status)
	}
	d.answeredBy(d.custom, "closed")
	if s := d.engine("up", up); s.PID != first.PID {
		t.Errorf("process %d answers, want %d", s.PID, first.PID)
	}
}

func TestQuitEndsBoth(t *testing.T) {
	d, p, tray, s := running(t)
	p.click("Quit")
	if status := tray.ended(); status != 0 {
		t.Errorf("status %d", status)
	}
	d.await("the engine's end", func() bool { return !alive(s.PID) })
	if _, err := d.client.Status(context.Background()); err == nil {
		t.Error("an engine answers after Quit")
	}
}

func TestSecondTray(t *testing.T) {
	d, _, tray, _ := running(t)
	other := d.startTray()
	if status := other.ended(); status != 0 {
		t.Errorf("status %d", status)
	}
	if !strings.Contains(other.said(), "The tray is already running; the window is opened.") {
		t.Errorf("it said %q", other.said())
	}
	d.await("the window", func() bool { return len(d.windows()) == 1 })
	if !alive(tray.Process.Pid) {
		t.Error("the first tray ended")
	}
}

func TestOwnControlSocket(t *testing.T) {
	d := newDesk(t, true)
	p := d.startPanel()
	path := filepath.Join(d.dir, "own.sock")
	d.client = control.NewClient(path)
	d.startTray(append([]string{"--control", path}, d.engineFlags()...)...)
	d.engine("up", up)
	p.awaitMenu("Stop")
	p.click("Open DoT Proxy")
	d.await("the window", func() bool { return len(d.windows()) == 1 })
	if w := d.windows()[0]; w != "cache=5s --control "+path {
		t.Errorf("the window was opened as %q", w)
	}
	if _, err := os.Stat(filepath.Join(d.dir, "dot-proxy", "control.sock")); err == nil {
		t.Error("the usual socket is there too")
	}
}

func TestEngineThatCannotStart(t *testing.T) {
	d := newDesk(t, true)
	p := d.startPanel()
	d.startTray("--", "--no-such-flag")
	p.awaitMenu("(Not protected)|(The engine ended as soon as it was started: ")
	p.awaitMenu("|-|Start|-|(Provider)")
}

func TestNoDisplay(t *testing.T) {
	for name, display := range map[string]string{"none": "", "dead": ":4711"} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, true)
			d.env["DISPLAY"] = display
			tray := d.startTray(d.engineFlags()...)
			if status := tray.ended(); status != 1 {
				t.Errorf("status %d", status)
			}
			if said := strings.TrimSpace(tray.said()); !strings.Contains(said, "dot-proxy serve") || strings.Contains(said, "\n") {
				t.Errorf("it said %q", said)
			}
			if _, err := d.client.Status(context.Background()); err == nil {
				t.Error("an engine was started")
			}
		})
	}
}

func TestNoBus(t *testing.T) {
	d := newDesk(t, false)
	tray := d.startTray(d.engineFlags()...)
	first := d.engine("up", up)
	d.answeredBy(d.custom, "nobus")
	d.await("the window", func() bool { return len(d.windows()) == 1 })
	if !strings.Contains(tray.said(), "There is no D-Bus session") {
		t.Errorf("it said %q", tray.said())
	}
	_ = syscall.Kill(first.PID, syscall.SIGKILL)
	d.engine("new", func(s control.Status) bool { return s.PID != first.PID })

	// The session's bus comes up late, at its usual place.
	d.startBus()
	p := d.startPanel()
	p.awaitMenu("Stop")
	_ = tray.Process.Signal(syscall.SIGINT)
	if status := tray.ended(); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestSignalWithoutABus(t *testing.T) {
	d := newDesk(t, false)
	tray := d.startTray(d.engineFlags()...)
	d.engine("up", up)
	_ = tray.Process.Signal(syscall.SIGTERM)
	if status := tray.ended(); status != 0 {
		t.Errorf("status %d", status)
	}
	d.engine("still up", up)
}

// TestNoHost: on a desktop without tray icons the window opens, at each login,
// and a notification says why, at the first alone.
func TestNoHost(t *testing.T) {
	d := newDesk(t, true)
	b := d.startBoard()
	for login := 1; login <= 2; login++ {
		tray := d.startTray(d.engineFlags()...)
		d.engine("up", up)
		d.await("the window", func() bool { return len(d.windows()) == login })
		if !strings.Contains(tray.said(), "Nothing on this desktop shows tray icons") {
			t.Errorf("it said %q", tray.said())
		}
		if login == 1 {
			b.next("No tray icon on this desktop", "opens its window instead", false)
			told := filepath.Join(d.dir, ".cache", "dot-proxy", "no-icon-told")
			d.await("the note that it was told", func() bool { _, err := os.Stat(told); return err == nil })
			_ = tray.Process.Signal(syscall.SIGTERM)
			tray.ended()
		}
	}
	p := d.startPanel()
	p.awaitMenu("Stop")
	if w := d.windows(); len(w) != 2 {
		t.Errorf("the window was opened %d times", len(w))
	}
	b.none()
}
