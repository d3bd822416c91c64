package window

import (
	"context"
	"errors"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/ui/viewmodel"
)

// atLogin is a start at login that remembers what it was turned to.
type atLogin struct {
	turned []bool
	err    error
}

func (l *atLogin) Enabled() (bool, error) { return false, nil }

func (l *atLogin) Turn(on bool) error { l.turned = append(l.turned, on); return l.err }

// first opens the page of a first run beside no engine; done counts how often
// it was ended.
func first(t *testing.T, size fyne.Size, engine *controltest.Engine, login Login) (b *bench, done *int) {
	t.Helper()
	done = new(int)
	launch := func(context.Context) error { return nil }
	b = openWith(t, size, engine, Options{Launch: launch, Login: login, Welcomed: func() { *done++ }})
	b.w.view = viewmodel.View{Link: viewmodel.Gone}
	b.w.render()
	return b, done
}

func TestFirstRun(t *testing.T) {
	for name, size := range map[string]fyne.Size{"wide": wide, "small": small} {
		t.Run(name, func(t *testing.T) {
			login := &atLogin{}
			b, done := first(t, size, controltest.New(), login)
			b.mustSay("Encrypt every DNS question", "Just private", "Malware and adult sites", "Start at login", "Use as this computer’s DNS")
			if b.says("Settings") {
				t.Error("the frame is shown")
			}
			test.Tap(b.w.welcome.cards.Objects[1].(*choiceCard))
			b.press("Start")
			if b.mustSay("Settings"); b.says("The engine has stopped.") {
				t.Error("what was before the engine was started is shown")
			}
			b.follow()
			b.mustSay("Protected", "Settings")
			if got := b.engine.Calls(); !slices.Equal(got, []string{"use quad9", "start", "system-dns on"}) {
				t.Errorf("the engine was asked %v", got)
			}
			if *done != 1 || !slices.Equal(login.turned, []bool{true}) {
				t.Errorf("ended %d times, start at login %v", *done, login.turned)
			}
		})
	}
}

func TestFirstRunByKeyboard(t *testing.T) {
	login := &atLogin{}
	b, _ := first(t, wide, controltest.New(), login)
	b.shortcut(fyne.Key2)
	if b.w.View() != ViewHome {
		t.Error("a shortcut opens a view that is not in sight")
	}
	canvas := b.win.Canvas()
	canvas.FocusNext()
	cards := b.w.welcome.cards.Objects
	if canvas.Focused() != cards[0].(*choiceCard) {
		t.Fatalf("the first in order is %T", canvas.Focused())
	}
	canvas.Focused().TypedKey(key(fyne.KeyRight))
	canvas.Focused().TypedKey(key(fyne.KeyRight))
	canvas.Focused().TypedKey(key(fyne.KeyRight))
	if canvas.Focused() != cards[2].(*choiceCard) || b.w.welcome.chosen != 2 {
		t.Errorf("the arrows chose %d", b.w.welcome.chosen)
	}
	for _, next := range []fyne.Focusable{b.w.welcome.dns, b.w.welcome.login, b.w.welcome.start} {
		if canvas.FocusNext(); canvas.Focused() != next {
			t.Fatalf("the focus is on %T, not on %T", canvas.Focused(), next)
		}
		if next != fyne.Focusable(b.w.welcome.start) {
			next.TypedKey(key(fyne.KeySpace))
		}
	}
	canvas.Unfocus()
	canvas.OnTypedKey()(key(fyne.KeyReturn))
	if got := b.engine.Calls(); !slices.Equal(got, []string{"use cloudflare-family", "start"}) && !slices.Equal(got, []string{"use cloudflare-family"}) {
		t.Errorf("the engine was asked %v", got)
	}
	if len(login.turned) > 0 && login.turned[0] {
		t.Error("start at login is on though it was turned off")
	}
}

func TestFirstRunThatCannotBegin(t *testing.T) {
	engine := controltest.New()
	engine.UseFunc = func(context.Context, string) error {
		return &control.Problem{Code: control.CodeNoAnswer, Message: "Quad9 does not answer.", Hint: "Choose another."}
	}
	b, done := first(t, wide, engine, nil)
	test.Tap(b.w.welcome.cards.Objects[1].(*choiceCard))
	b.press("Start")
	b.mustSay("Quad9 does not answer. Choose another.", "Encrypt every DNS question")
	engine.UseFunc = nil
	b.press("Start")
	if *done != 1 {
		t.Error("a second press does not begin")
	}
}

func TestFirstRunThatBeginsInPart(t *testing.T) {
	engine := controltest.New()
	engine.SystemDNSFunc = func(context.Context, string) error {
		return &control.Problem{Code: control.CodeSystemDNS, Message: "The change was not allowed.", Hint: "Try again."}
	}
	b, done := first(t, wide, engine, &atLogin{err: errors.New("The folder cannot be written to.")})
	b.press("Start")
	b.follow()
	b.mustSay("Protected", "The change was not allowed. Try again.", "The folder cannot be written to.")
	if *done != 1 {
		t.Error("the page stays though DoT Proxy runs")
	}
}

func TestDemoHasNoFirstRun(t *testing.T) {
	engine := controltest.New()
	engine.Change(func(s *control.Status) { s.Demo = true })
	b := openWith(t, wide, engine, Options{Welcomed: func() { t.Error("a demo ends the first run") }})
	if len(b.texts()) > 0 {
		t.Errorf("before anything is known the window says %q", b.texts())
	}
	b.follow()
	b.mustSay("Demo: a server inside this program")
}
