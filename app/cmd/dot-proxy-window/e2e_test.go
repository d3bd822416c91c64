package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2/theme"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/resolver/resolvertest"
)

// built are the programs under test, built once for all tests.
var built struct {
	once sync.Once
	dir  string
	err  error
	out  []byte
}

func builtPrograms(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "dpbin"); built.err == nil {
			built.out, built.err = exec.Command("go", "build", "-o", built.dir, ".", "../dot-proxy").CombinedOutput()
		}
	})
	if built.err != nil {
		t.Fatalf("%v: %s", built.err, built.out)
	}
	return built.dir
}

func TestMain(m *testing.M) {
	status := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(status)
}

// Places in a window of 960 by 640.
const (
	headerX, headerY = 888, 77
	portX, portY     = 860, 105
	applyX, applyY   = 900, 594
	// The last switch over General, with the settings scrolled to their end.
	raceX, raceY = 905, 341
)

func TestWindowSteersAnEngine(t *testing.T) {
	d := newDesk(t, true)
	engine := controltest.New()
	engine.Answer(controltest.NewQuery("www.example.com."))
	path, _ := controltest.Serve(t, engine)
	w := d.window("--control", path)
	w.click(headerX, headerY, "Stop stops", func() bool { return engine.Status().State == control.Stopped })
	d.shot("stopped")
	// The button is Start as soon as the window has heard of it.
	w.click(headerX, headerY, "Start starts", func() bool { return slices.Contains(engine.Calls(), "start") })

	second := exec.Command(filepath.Join(d.bin, "dot-proxy-window"), "--view", "settings")
	second.Env = d.env
	if out, err := second.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("a second start: %v: %s", err, out)
	}
	// Home's button has the surface's colour in the port's place.
	d.until("the settings", func() bool { return w.sees("selected", settingsArea, 2000) && w.sees("surface", portArea, 1000) })
	w.retype(portX, portY, "70000")
	d.until("the field marked as wrong", func() bool { return w.sees(theme.ColorNameError, portArea, 100) })
	d.shot("bad-port")
	w.do("key", "Return")
	w.do("mousemove", "--window", w.id, strconv.Itoa(applyX), strconv.Itoa(applyY), "click", "1")
	w.retype(portX, portY, "5353")
	d.until("the mark gone", func() bool { return !w.sees(theme.ColorNameError, portArea, 100) })
	if calls := engine.Calls(); slices.Contains(calls, "apply") {
		t.Fatalf("a bad port was sent: %v", calls)
	}
	w.click(applyX, applyY, "Apply applies", func() bool { return engine.Settings().Port == 5353 })

	w.do("key", "ctrl+2")
	d.shot("queries")
	if status := w.end(); status != 0 || strings.Contains(w.stderr.String(), "panic") {
		t.Errorf("ended with status %d: %s", status, w.stderr.String())
	}
}

// TestSwitchActsInTheWindow turns the wheel over all kinds of input on its way.
func TestSwitchActsInTheWindow(t *testing.T) {
	d := newDesk(t, true)
	engine := controltest.New()
	path, _ := controltest.Serve(t, engine)
	w := d.window("--control", path, "--view", "settings")
	d.until("the settings", func() bool { return w.sees("surface", portArea, 1000) })
	for _, y := range []string{"300", "450"} {
		w.do("mousemove", "--window", w.id, "400", y, "click", "--repeat", "40", "--delay", "5", "5")
	}
	w.click(raceX, raceY, "the switch acts", func() bool { return engine.Settings().Race })
	d.shot("switch")
	if status := w.end(); status != 0 {
		t.Errorf("ended with status %d: %s", status, w.stderr.String())
	}
}

func TestWindowOutlivesItsEngine(t *testing.T) {
	d := newDesk(t, true)
	engine := controltest.New()
	path, stop := controltest.Serve(t, engine)
	w := d.window("--control", path)
	stop()
	time.Sleep(time.Second) // for the picture
	d.shot("gone")
	controltest.ServeAt(t, engine, path)
	w.click(headerX, headerY, "the window follows the engine again", func() bool { return slices.Contains(engine.Calls(), "stop") })
}

func TestWindowLaunchesAndSteersTheRealEngine(t *testing.T) {
	d := newDesk(t, true)
	settings := filepath.Join(d.home, ".config", "dot-proxy")
	if err := os.MkdirAll(settings, 0o700); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(d.dir, "control.sock")
	d.start(filepath.Join(d.bin, "dot-proxy"), "serve", "--demo", "--supervised", "-p", strconv.Itoa(resolvertest.FreePort(t)), "--control", socket)
	client := control.NewClient(socket)
	state := func() control.State {
		s, err := client.Status(t.Context())
		if err != nil {
			return ""
		}
		return s.State
	}
	d.until("the engine runs", func() bool { return state() == control.Protected })
	w := d.window("--control", socket)
	w.click(headerX, headerY, "Stop stops", func() bool { return state() == control.Stopped })
	w.click(headerX, headerY, "Start starts", func() bool { return state() == control.Protected || state() == control.Starting })
	d.shot("demo")

	// Without an engine Start launches one.
	if err := client.Quit(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.until("the engine ends", func() bool { return state() == "" })
	t.Cleanup(func() { _ = client.Quit(t.Context()) })
	w.click(headerX, headerY, "Start launches", func() bool { return state() != "" })
	if err := client.Quit(t.Context()); err != nil {
		t.Error(err)
	}
	if status := w.end(); status != 0 {
		t.Errorf("ended with status %d: %s", status, w.stderr.String())
	}
}

func TestWindowEndsWhileQueriesPour(t *testing.T) {
	d := newDesk(t, true)
	engine := controltest.New()
	path, _ := controltest.Serve(t, engine)
	w := d.window("--control", path, "--view", "queries")
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for tick := time.Tick(10 * time.Millisecond); ; {
			select {
			case <-done:
				return
			case <-tick:
				for range 10 {
					engine.Answer(controltest.NewQuery("www.example.com."))
				}
			}
		}
	})
	defer wg.Wait()
	defer close(done)
	time.Sleep(2 * time.Second)
	d.shot("pouring")
	if status := w.end(); status != 0 {
		t.Errorf("ended with status %d: %s", status, w.stderr.String())
	}
}

func TestDisplayWithoutOpenGL(t *testing.T) {
	d := newDesk(t, false)
	for name, env := range map[string][]string{
		"no GL":         nil,
		"no display":    {"DISPLAY="},
		"wrong display": {"DISPLAY=:4711"},
	} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(d.bin, "dot-proxy-window"))
		cmd.Env = append(slices.Clone(d.env), env...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 1 || strings.Count(string(out), "\n") != 1 || !strings.HasPrefix(string(out), "dot-proxy-window: ") {
			t.Errorf("%s: %v, %q", name, err, out)
		}
	}
}
