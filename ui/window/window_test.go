package window

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/ui/viewmodel"
)

// direct lets the window talk to a fake engine without a socket.
type direct struct{ *controltest.Engine }

func (d direct) Settings(context.Context) (control.Settings, error) { return d.Engine.Settings(), nil }

func (d direct) Providers(context.Context) ([]control.Provider, error) {
	return d.Engine.Providers(), nil
}

func (d direct) Queries(_ context.Context, limit int) ([]control.Query, error) {
	return d.Engine.Queries(limit), nil
}

func (d direct) Check(ctx context.Context) ([]control.CheckRow, error) {
	return d.Engine.Check(ctx), nil
}

func (d direct) Network(ctx context.Context) (control.Network, error) {
	return d.Engine.Network(ctx), nil
}

func (d direct) TestProviders(ctx context.Context, upstreams []string) iter.Seq2[control.TestEvent, error] {
	return func(yield func(control.TestEvent, error) bool) {
		events, err := d.Engine.TestProviders(ctx, upstreams)
		if err != nil {
			yield(control.TestEvent{}, err)
			return
		}
		for e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (d direct) Events(ctx context.Context) iter.Seq2[control.Event, error] {
	return func(yield func(control.Event, error) bool) {
		for e := range d.Engine.Subscribe(ctx) {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// bench is a window with a fake engine, drawn in memory.
type bench struct {
	*testing.T
	w      *Window
	win    fyne.Window
	engine *controltest.Engine
	later  []func() // what the window does after a time
}

// open shows view at 960 by 640, or small. Actions run at once and what is for
// later when the test says so: Fyne's test driver has no goroutine of its own,
// so a timer would draw beside the test, or beside the next one.
func open(t *testing.T, view string, size fyne.Size, engine *controltest.Engine, launch func(context.Context) error) *bench {
	t.Helper()
	return openWith(t, size, engine, Options{Launch: launch, View: view})
}

// openWith is open with options of the test's own.
func openWith(t *testing.T, size fyne.Size, engine *controltest.Engine, o Options) *bench {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(Theme{})
	win := test.NewTempWindow(t, nil)
	b := &bench{T: t, win: win, engine: engine}
	o.Engine, o.Background = direct{engine}, func(f func()) { f() }
	o.Later = func(_ time.Duration, f func()) { b.later = append(b.later, f) }
	b.w = New(win, o)
	win.SetPadded(false)
	win.Resize(size)
	return b
}

// settle lays out until wrapped texts have the room that they need, as the real
// driver does with every frame.
func (b *bench) settle() {
	size := b.win.Canvas().Size()
	for range 3 {
		b.win.Resize(size.AddWidthHeight(1, 1))
		b.win.Resize(size)
	}
}

// timePasses does what the window has put off.
func (b *bench) timePasses() {
	due := b.later
	b.later = nil
	for _, f := range due {
		f()
	}
}

var wide, small = fyne.NewSize(960, 640), fyne.NewSize(720, 480)

// follow connects to the engine until the test ends.
func (b *bench) follow() *bench {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.w.session.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-done })
	b.until("the engine is followed", func() bool {
		return b.w.view.Link == viewmodel.Connected && b.w.view.HasSettings && len(b.w.view.Providers) > 0
	})
	return b
}

// until draws what is new until it is as wanted. Only a fault waits for long.
func (b *bench) until(what string, is func() bool) {
	b.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if b.w.Tick(time.Now()); is() {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("waited for this in vain: %s; the window says %q", what, b.texts())
		}
	}
}

// texts are all texts in sight.
func (b *bench) texts() []string { return textsOf(b.win.Content()) }

func textsOf(in fyne.CanvasObject) (list []string) {
	walk(in, func(o fyne.CanvasObject) {
		if t, ok := o.(*canvas.Text); ok && t.Text != "" {
			list = append(list, t.Text)
		}
	})
	return list
}

func (b *bench) says(part string) bool { return strings.Contains(strings.Join(b.texts(), " "), part) }

func (b *bench) mustSay(parts ...string) {
	b.Helper()
	for _, p := range parts {
		if !b.says(p) {
			b.Errorf("the window does not say %q, but %q", p, b.texts())
		}
	}
}

// walk visits what is visible.
func walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			walk(c, visit)
		}
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(o).Objects() {
			walk(c, visit)
		}
	}
}

// press taps the visible button with that label.
func (b *bench) press(label string) {
	b.Helper()
	var found *button
	walk(b.win.Content(), func(o fyne.CanvasObject) {
		if one, ok := o.(*button); ok && one.Text == label {
			found = one
		}
	})
	if found == nil {
		b.Fatalf("there is no button %q among %q", label, b.texts())
	}
	test.Tap(found)
}

func ctrl(key fyne.KeyName) fyne.Shortcut {
	return &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}
}

func (b *bench) shortcut(key fyne.KeyName) {
	b.win.Canvas().(interface{ TypedShortcut(fyne.Shortcut) }).TypedShortcut(ctrl(key))
}

func TestEveryStateIsShown(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*controltest.Engine)
		says   []string
	}{
		"stopped":   {func(e *controltest.Engine) { e.SetState(control.Stopped) }, []string{"Stopped", "Your DNS is not encrypted.", "Start"}},
		"starting":  {func(e *controltest.Engine) { e.SetState(control.Starting) }, []string{"Starting…", "Cancel"}},
		"protected": {func(e *controltest.Engine) {}, []string{"Protected", "Your DNS goes to Cloudflare over TLS 1.3.", "Stop", "1.1.1.1:853", "one.one.one.one", "X25519MLKEM768", "1,280", "71 %"}},
		"degraded":  {func(e *controltest.Engine) { e.SetState(control.Degraded) }, []string{"On backup", "Stop"}},
		"failed":    {func(e *controltest.Engine) { e.Fail(controltest.PortTaken()) }, []string{"Not protected", "Port 53 is taken by dnsmasq (process 812).", "Try again", "The port is taken"}},
		"not in use": {func(e *controltest.Engine) {
			e.Change(func(s *control.Status) {
				s.Variant, s.Sentence = control.VariantNotInUse, "This computer still asks another."
			})
		}, []string{"Running, not in use", "This computer still asks another.", "Turn on", "Stop"}},
		"demo": {func(e *controltest.Engine) { e.Change(func(s *control.Status) { s.Demo = true }) }, []string{"Demo: a server inside this program"}},
	} {
		t.Run(name, func(t *testing.T) {
			engine := controltest.New()
			c.change(engine)
			b := open(t, ViewHome, wide, engine, nil).follow()
			b.mustSay(c.says...)
			if slices.Contains(b.texts(), "Pause") {
				t.Error("a pause is offered where the computer's DNS is not here")
			}
		})
	}
}

func TestHeaderButtonsSteerTheEngine(t *testing.T) {
	b := open(t, ViewHome, wide, controltest.New(), nil).follow()
	b.press("Stop")
	b.until("stopped", func() bool { return b.says("Your DNS is not encrypted.") })
	b.press("Start")
	b.until("protected", func() bool { return b.says("Your DNS goes to Cloudflare") })
	b.shortcut(fyne.KeyS)
	b.until("stopped by Ctrl+S", func() bool { return b.says("Your DNS is not encrypted.") })
	if got := b.engine.Calls(); !slices.Equal(got, []string{"stop", "start", "stop"}) {
		t.Errorf("the engine was asked %v", got)
	}
}

func TestFailedActionIsSaid(t *testing.T) {
	engine := controltest.New()
	engine.StopFunc = func(context.Context) error {
		return &control.Problem{Code: control.CodeForbidden, Message: "You may not stop it.", Hint: "Ask its owner."}
	}
	b := open(t, ViewHome, wide, engine, nil).follow()
	b.press("Stop")
	b.mustSay("You may not stop it. Ask its owner.")
}

func TestWithoutAnEngine(t *testing.T) {
	launched := 0
	b := open(t, ViewHome, wide, controltest.New(), func(context.Context) error { launched++; return nil })
	b.w.view = viewmodel.View{Link: viewmodel.Gone}
	b.w.render()
	b.mustSay("The engine has stopped.")
	b.press("Start")
	if launched != 1 {
		t.Errorf("launched %d times", launched)
	}
	b.follow()
	b.mustSay("Protected")
}

func TestProviderIsUsedAtOnce(t *testing.T) {
	b := open(t, ViewHome, wide, controltest.New(), nil).follow()
	b.w.home.provider.SetSelected("Quad9")
	b.until("Quad9 in use", func() bool { return b.says("Your DNS goes to Quad9") && b.says("dns.quad9.net") })
	if got := b.engine.Calls(); !slices.Equal(got, []string{"use quad9"}) {
		t.Errorf("the engine was asked %v", got)
	}
}

func TestProviderThatFailsLeavesTheOldOne(t *testing.T) {
	engine := controltest.New()
	engine.UseFunc = func(context.Context, string) error {
		return &control.Problem{Code: control.CodeNoAnswer, Message: "Quad9 does not answer.", Hint: "Choose another."}
	}
	b := open(t, ViewHome, wide, engine, nil).follow()
	b.w.home.provider.SetSelected("Quad9")
	b.mustSay("Quad9 does not answer. Choose another.")
	if got := b.w.home.provider.Selected; got != "Cloudflare" {
		t.Errorf("%q is shown as in use", got)
	}
}

func TestListenAddressesAreCopied(t *testing.T) {
	b := open(t, ViewHome, wide, controltest.New(), nil).follow()
	test.Tap(b.w.home.copied)
	if got := fyne.CurrentApp().Clipboard().Content(); !strings.Contains(got, "127.0.0.1:53") {
		t.Errorf("the clipboard holds %q", got)
	}
	if b.w.home.copied.Icon != theme.ConfirmIcon() {
		t.Error("the button does not show that it copied")
	}
	if b.timePasses(); b.w.home.copied.Icon != theme.ContentCopyIcon() {
		t.Error("the button does not offer to copy again")
	}
}

func TestSmallWindow(t *testing.T) {
	b := open(t, ViewHome, small, controltest.New(), nil).follow()
	if !b.w.frame.small || b.says("Key exchange") || b.says("DoT Proxy") {
		t.Errorf("a small window says %q", b.texts())
	}
	b.win.Resize(wide)
	b.mustSay("Key exchange", "DoT Proxy")
}

func TestShortcutsOpenViews(t *testing.T) {
	b := open(t, ViewHome, wide, controltest.New(), nil).follow()
	for _, c := range []struct {
		key  fyne.KeyName
		view string
	}{{fyne.Key2, ViewQueries}, {fyne.Key3, Views()[2]}, {fyne.Key4, Views()[3]}, {fyne.Key1, ViewHome}, {fyne.KeyComma, ViewSettings}, {fyne.KeyF, ViewQueries}} {
		if b.shortcut(c.key); b.w.View() != c.view {
			t.Errorf("Ctrl+%s opens %s", c.key, b.w.View())
		}
	}
	if b.win.Canvas().Focused() != b.w.queries.search {
		t.Error("Ctrl+F does not lead to the search")
	}
	b.w.queries.search.TypedShortcut(ctrl(fyne.Key1))
	if b.w.View() != ViewHome {
		t.Error("an input swallows the shortcuts")
	}
	if f := b.win.Canvas().Focused(); f != nil {
		t.Errorf("keys go to %T, which is not in sight any more", f)
	}
	b.w.Open("nowhere")
	if b.w.View() != ViewHome {
		t.Error("a view that does not exist was opened")
	}
}

func TestRailByKeyboard(t *testing.T) {
	b := open(t, ViewHome, wide, controltest.New(), nil)
	b.win.Canvas().Focus(b.w.rail.items[2])
	b.w.rail.items[2].TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if b.w.View() != Views()[2] {
		t.Errorf("Enter opens %s", b.w.View())
	}
	test.Tap(b.w.rail.foot)
	if b.w.View() != ViewHome {
		t.Error("the state at the foot does not lead home")
	}
}

func TestPinnedProviderIsShownByItsName(t *testing.T) {
	engine := controltest.New()
	engine.Change(func(s *control.Status) { s.Provider = "cloudflare?pin-sha256=47DEQpj8HBSa&verify=pins" })
	b := open(t, ViewHome, wide, engine, nil).follow()
	b.mustSay("Cloudflare, certificate pinned", "Certificate pinned", "name not checked")
	if b.says("pin-sha256") || b.says("Name verified") {
		t.Errorf("the window says %q", b.texts())
	}
}
