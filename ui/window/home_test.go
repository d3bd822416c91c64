package window

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// here is an engine that this computer's DNS points to.
func here(t *testing.T) *controltest.Engine {
	t.Helper()
	e := controltest.New()
	if err := e.SystemDNS(t.Context(), control.SystemDNSOn); err != nil {
		t.Fatal(err)
	}
	return e
}

// asked are the calls since here.
func asked(e *controltest.Engine) []string { return e.Calls()[1:] }

// take takes a line of the menu that is open.
func (b *bench) take(label string) {
	b.Helper()
	var line fyne.Tappable
	walk(b.win.Canvas().Overlays().Top(), func(o fyne.CanvasObject) {
		if one, ok := o.(fyne.Tappable); ok && slices.Equal(textsOf(o), []string{label}) {
			line = one
		}
	})
	if line == nil {
		b.Fatalf("there is no %q to choose among %q", label, textsOf(b.win.Canvas().Overlays().Top()))
	}
	line.Tapped(&fyne.PointEvent{})
}

func TestPauseAndResume(t *testing.T) {
	for label, call := range map[string]string{"For 5 minutes": "pause 300", "For 15 minutes": "pause 900", "For 1 hour": "pause 3600", "Until the network changes": "pause 0"} {
		t.Run(label, func(t *testing.T) {
			b := open(t, ViewHome, wide, here(t), nil).follow()
			b.press("Pause")
			menu := b.win.Canvas().Overlays().Top()
			if got := strings.Join(textsOf(menu), " "); !strings.Contains(got, "DNS is not encrypted meanwhile") {
				t.Errorf("the menu says %q", got)
			}
			b.take(label)
			b.until("the pause", func() bool { return b.says("Resume now") })
			b.mustSay("Paused", "not encrypted", "Off while paused")
			b.shortcut(fyne.KeyP)
			b.until("protected again", func() bool { return b.says("Pause") && !b.says("Paused") })
			if got := asked(b.engine); !slices.Equal(got, []string{call, "resume"}) {
				t.Errorf("the engine was asked %v", got)
			}
		})
	}
}

func TestPauseByKeyboard(t *testing.T) {
	b := open(t, ViewQueries, wide, here(t), nil).follow()
	b.shortcut(fyne.KeyP)
	if b.w.View() != ViewHome || b.win.Canvas().Overlays().Top() == nil {
		t.Fatalf("Ctrl+P opens %s, %v", b.w.View(), b.win.Canvas().Overlays().Top())
	}
	for _, k := range []fyne.KeyName{fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn} {
		b.win.Canvas().Focused().TypedKey(key(k))
	}
	b.until("the pause", func() bool { return b.says("Resume now") })
	if got := asked(b.engine); !slices.Equal(got, []string{"pause 900"}) {
		t.Errorf("the engine was asked %v", got)
	}
}

func TestPauseCountsDown(t *testing.T) {
	engine := here(t)
	b := open(t, ViewHome, wide, engine, nil).follow()
	if err := engine.Pause(t.Context(), control.Pause{Seconds: 300}); err != nil {
		t.Fatal(err)
	}
	b.until("the pause", func() bool { return b.says("Paused") })
	before := b.w.mark(controltest.Since)
	for at, want := range map[time.Duration]string{time.Second: "Paused, 4:59 left", 48 * time.Second: "Paused, 4:12 left", 400 * time.Second: "Paused, 0:00 left"} {
		now := controltest.Since.Add(at)
		if b.w.mark(now) == before {
			t.Errorf("after %v nothing is drawn", at)
		}
		b.w.Tick(now)
		b.mustSay(want)
	}
}

func TestComputersDNSBySwitch(t *testing.T) {
	b := open(t, ViewHome, wide, controltest.New(), nil).follow()
	b.mustSay("Off: nothing on this computer is changed")
	test.Tap(b.w.home.computer.toggle)
	b.until("it is covered", func() bool { return b.says("Wired (eth0)") })
	test.Tap(b.w.home.computer.toggle)
	b.until("it is off", func() bool { return b.says("Off: nothing on this computer is changed") })
	if got := b.engine.Calls(); !slices.Equal(got, []string{"system-dns on", "system-dns off"}) {
		t.Errorf("the engine was asked %v", got)
	}
}

func TestComputersDNSWhileItWorks(t *testing.T) {
	var pending []func()
	engine := controltest.New()
	b := open(t, ViewHome, wide, engine, nil).follow()
	b.w.options.Background = func(f func()) { pending = append(pending, f) }
	test.Tap(b.w.home.computer.toggle)
	b.mustSay("a password may be asked for")
	if !b.w.home.computer.toggle.on || b.w.home.computer.busy.Hidden {
		t.Error("the switch does not show that it works")
	}
	test.Tap(b.w.home.computer.toggle)
	if len(pending) != 1 {
		t.Errorf("asked %d times at once", len(pending))
	}
	pending[0]()
	b.until("it is covered", func() bool { return b.says("Wired (eth0)") })
	if !b.w.home.computer.busy.Hidden {
		t.Error("it goes on working")
	}
}

func TestComputersDNSRefused(t *testing.T) {
	engine := controltest.New()
	engine.SystemDNSFunc = func(context.Context, string) error {
		return &control.Problem{Code: control.CodeSystemDNS, Message: "The password was not given.", Hint: "Try again."}
	}
	engine.Change(func(s *control.Status) { s.Variant = control.VariantNotInUse })
	b := open(t, ViewHome, wide, engine, nil).follow()
	b.press("Turn on")
	b.mustSay("The password was not given. Try again.", "Running, not in use")
	if b.w.home.computer.toggle.on {
		t.Error("the switch stands on what was refused")
	}
	engine.SystemDNSFunc = nil
	b.press("Turn on")
	b.until("it is covered", func() bool { return b.says("Wired (eth0)") && !b.says("password") })
}

func TestComputersDNSRepaired(t *testing.T) {
	engine := here(t)
	engine.Change(func(s *control.Status) {
		s.SystemDNS, s.Problem = false, &control.Problem{Code: control.CodeSystemDNS, Message: "Another program took it back.", Hint: "Repair it."}
	})
	engine.SystemDNSFunc = func(context.Context, string) error {
		engine.Change(func(s *control.Status) { s.SystemDNS, s.Networks, s.Problem = true, controltest.Networks, nil })
		return nil
	}
	b := open(t, ViewHome, small, engine, nil).follow()
	b.mustSay("Another program took it back. Repair it.")
	b.press("Repair")
	b.until("it is covered", func() bool { return b.says("Wired (eth0)") })
	if got := asked(engine); !slices.Equal(got, []string{"system-dns repair"}) {
		t.Errorf("the engine was asked %v", got)
	}
}

func TestLeakIsCovered(t *testing.T) {
	engine := here(t)
	engine.Change(func(s *control.Status) {
		s.Problem = &control.Problem{Code: control.CodeLeak, Message: "Wi-Fi still asks 192.168.1.1, not encrypted.", Hint: "Use DoT Proxy on Wi-Fi too.", Entry: "Wi-Fi"}
	})
	b := open(t, ViewHome, wide, engine, nil).follow()
	b.mustSay("Leak found", "Wi-Fi still asks 192.168.1.1, not encrypted.")
	b.press("Use on Wi-Fi too")
	if got := asked(engine); !slices.Equal(got, []string{"system-dns repair"}) {
		t.Errorf("the engine was asked %v", got)
	}
}

func TestSignInPageIsOpened(t *testing.T) {
	engine := here(t)
	engine.WantSignIn("http://portal.example/in")
	engine.Change(func(s *control.Status) { s.SystemDNS = false })
	var opened []string
	var cannot error
	b := openWith(t, wide, engine, Options{OpenPage: func(page *url.URL) error {
		opened = append(opened, page.String())
		return cannot
	}}).follow()
	b.mustSay("Sign-in needed", "This network wants you to sign in", "Off until you have signed in")
	b.press("Open sign-in page")
	cannot = errors.New("no browser")
	b.press("Open sign-in page")
	b.mustSay("open http://portal.example/in in your browser")
	if !slices.Equal(opened, []string{"http://portal.example/in", "http://portal.example/in"}) || !slices.Equal(asked(engine), []string{"sign-in", "sign-in"}) {
		t.Errorf("opened %v, asked %v", opened, asked(engine))
	}
	engine.SignInFunc = func(context.Context) error {
		return &control.Problem{Code: control.CodeNotNow, Message: "This network wants no sign-in."}
	}
	b.press("Open sign-in page")
	b.mustSay("This network wants no sign-in.")
	if len(opened) != 2 {
		t.Error("a page is opened though nothing was let through")
	}
}

func TestWaysToFixATakenPort(t *testing.T) {
	engine := controltest.New()
	p := controltest.PortTaken()
	p.Hint = "Stop it with “sudo systemctl disable --now dnsmasq.service”, or choose another port."
	engine.Fail(p)
	b := open(t, ViewHome, small, engine, nil).follow()
	b.mustSay("Two ways to fix this", "sudo systemctl disable --now dnsmasq.service", "Failure")
	for _, absent := range []string{"Latency", "from cache", "Key exchange"} {
		if b.says(absent) {
			t.Errorf("a failure shows %q", absent)
		}
	}
	var copies *button
	walk(b.w.home.remedies, func(o fyne.CanvasObject) {
		if one, ok := o.(*button); ok && one.Text == "" {
			copies = one
		}
	})
	test.Tap(copies)
	if got := fyne.CurrentApp().Clipboard().Content(); got != "sudo systemctl disable --now dnsmasq.service" {
		t.Errorf("the clipboard holds %q", got)
	}
	b.press("Use port 5300")
	if got := engine.Settings().Port; got != 5300 || !slices.Equal(engine.Calls(), []string{"apply"}) {
		t.Errorf("port %d, asked %v", got, engine.Calls())
	}
}

func TestWayToAnotherProvider(t *testing.T) {
	engine := controltest.New()
	engine.Fail(control.Problem{Code: control.CodeCertificate, Message: "It could not be verified.", Hint: "Check this computer’s clock, or choose another provider."})
	b := open(t, ViewHome, wide, engine, nil).follow()
	b.press("Choose a provider")
	if b.win.Canvas().Overlays().Top() == nil {
		t.Error("no choice is offered")
	}
}

func TestEnterPressesAButton(t *testing.T) {
	b := open(t, ViewHome, wide, here(t), nil).follow()
	pause := b.w.home.header.pause
	b.win.Canvas().Focus(pause)
	if !pause.focused {
		t.Error("the focus is not shown")
	}
	pause.TypedKey(key(fyne.KeyReturn))
	if b.win.Canvas().Overlays().Top() == nil {
		t.Error("Enter does nothing")
	}
}

// TestFocusGoesInOrder: rail, header's buttons, then from top to bottom.
func TestFocusGoesInOrder(t *testing.T) {
	b := open(t, ViewHome, wide, here(t), nil).follow()
	var want []fyne.Focusable
	for _, i := range b.w.rail.items {
		want = append(want, i)
	}
	want = append(want, b.w.rail.foot)
	walk(b.w.home.header.buttons, func(o fyne.CanvasObject) {
		if one, ok := o.(*button); ok {
			want = append(want, one)
		}
	})
	want = append(want, b.w.home.provider, b.w.home.copied, b.w.home.computer.toggle)
	for i, w := range want {
		if b.win.Canvas().FocusNext(); b.win.Canvas().Focused() != w {
			t.Fatalf("place %d has %T, want %T", i, b.win.Canvas().Focused(), w)
		}
	}
}

// TestHomeLooks keeps what is drawn in each state. What moves with time is
// taken out, and so is the rail.
func TestHomeLooks(t *testing.T) {
	states := map[string]func(*controltest.Engine){
		"stopped":   func(e *controltest.Engine) { e.SetState(control.Stopped) },
		"starting":  func(e *controltest.Engine) { e.SetState(control.Starting) },
		"protected": func(*controltest.Engine) {},
		"degraded":  func(e *controltest.Engine) { e.SetState(control.Degraded) },
		"portal":    func(e *controltest.Engine) { e.WantSignIn("") },
		"failed":    func(e *controltest.Engine) { e.Fail(controltest.PortTaken()) },
		"not-in-use": func(e *controltest.Engine) {
			e.Change(func(s *control.Status) { s.Variant, s.SystemDNS = control.VariantNotInUse, false })
		},
		"leak": func(e *controltest.Engine) {
			e.Change(func(s *control.Status) {
				s.Problem = &control.Problem{Code: control.CodeLeak, Message: "Wi-Fi still asks 192.168.1.1, not encrypted.", Entry: "Wi-Fi"}
			})
		},
		"paused": func(e *controltest.Engine) { _ = e.Pause(context.Background(), control.Pause{Seconds: 300}) },
	}
	for name, change := range states {
		for kind, size := range map[string]fyne.Size{"wide": wide, "small": small} {
			t.Run(name+"-"+kind, func(t *testing.T) {
				engine := here(t)
				change(engine)
				b := open(t, ViewHome, size, engine, nil).follow()
				b.w.view.Now, b.w.view.Bars, b.w.view.ChartTitle = controltest.Since.Add(48*time.Second), nil, "Queries, last 10 minutes"
				b.w.render()
				b.settle()
				test.AssertObjectRendersToMarkup(t, "home-"+name+"-"+kind+".xml", b.w.home.root)
			})
		}
	}
}
