package window

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// act does what a button of the header says.
func (w *Window) act(a viewmodel.Action) {
	w.home.say(nil)
	switch a {
	case viewmodel.Pause:
		w.choosePause()
	case viewmodel.TurnOn:
		w.home.computer.begin(control.SystemDNSOn)
	case viewmodel.Cover:
		w.home.computer.begin(control.SystemDNSRepair)
	case viewmodel.SignIn:
		w.signIn()
	default:
		w.background(func(ctx context.Context) error { return w.steer(ctx, a) }, func(err error) {
			// What the header says by itself is not said twice.
			if p, ok := errors.AsType[*control.Problem](err); ok && (a == viewmodel.Launch || headerSays(p)) {
				err = nil
			}
			w.home.say(err)
		})
	}
}

func (w *Window) steer(ctx context.Context, a viewmodel.Action) error {
	e := w.options.Engine
	switch a {
	case viewmodel.Stop:
		return e.Stop(ctx)
	case viewmodel.Resume:
		return e.Resume(ctx)
	case viewmodel.Launch:
		return w.session.Launch(ctx, w.options.Launch)
	case viewmodel.Restart:
		if err := e.Stop(ctx); err != nil {
			return err
		}
	}
	return e.Start(ctx)
}

// headerSays tells whether a problem is the engine's own state, which the
// header shows.
func headerSays(p *control.Problem) bool {
	switch p.Code {
	case control.CodeForbidden, control.CodeInternal, control.CodeBadRequest, control.CodeBadValue, control.CodeNotNow, control.CodeSystemDNS:
		return false
	}
	return true
}

// choosePause asks beneath the button for how long.
func (w *Window) choosePause() {
	under := w.home.header.pause
	if under == nil {
		return
	}
	note := fyne.NewMenuItem(viewmodel.PauseNote(), nil)
	note.Disabled = true
	items := []*fyne.MenuItem{note, fyne.NewMenuItemSeparator()}
	for _, c := range viewmodel.PauseChoices() {
		if c.Pause.UntilNetworkChange {
			items = append(items, fyne.NewMenuItemSeparator())
		}
		items = append(items, fyne.NewMenuItem(c.Label, func() { w.pause(c.Pause) }))
	}
	menu := widget.NewPopUpMenu(fyne.NewMenu("", items...), w.win.Canvas())
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(under).AddXY(under.Size().Width-menu.MinSize().Width, under.Size().Height+6)
	menu.ShowAtPosition(at)
}

func (w *Window) pause(p control.Pause) {
	w.background(func(ctx context.Context) error { return w.options.Engine.Pause(ctx, p) }, w.home.say)
}

// signIn lets the network's page through before it opens it.
func (w *Window) signIn() {
	page := w.view.Status.Portal.Page()
	w.background(w.options.Engine.SignIn, func(err error) {
		if err == nil && w.options.OpenPage(page) != nil {
			err = errors.New(words.T("The sign-in page could not be opened; open {{.Page}} in your browser.", "Page", page.String()))
		}
		w.home.say(err)
	})
}

// systemDNS changes this computer's DNS, which may ask for a password.
func (w *Window) systemDNS(action string) {
	w.within(steerPatience, func(ctx context.Context) error { return w.options.Engine.SystemDNS(ctx, action) }, w.home.computer.done)
}

// remedy does what the button of a way out says.
func (w *Window) remedy(r viewmodel.Remedy) {
	if r.Change == nil {
		w.win.Canvas().Focus(w.home.provider)
		w.home.provider.Tapped(nil)
		return
	}
	w.home.say(nil)
	s := r.Change(w.view.Settings.Clone())
	w.background(func(ctx context.Context) error { return w.options.Engine.Apply(ctx, s) }, w.home.say)
}

func (w *Window) use(upstream string) {
	w.home.providerError.Hide()
	w.background(func(ctx context.Context) error { return w.options.Engine.Use(ctx, upstream) },
		func(err error) {
			w.home.chosen(upstream, err)
			w.render()
		})
}

func asProblem(err error) *control.Problem {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*control.Problem](err); ok {
		return p
	}
	return &control.Problem{Code: control.CodeInternal, Message: "The engine could not be asked: " + control.Quote(err.Error()) + ".", Hint: "Try again."}
}
