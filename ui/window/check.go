package window

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/ui/viewmodel"
)

// check is the view of proofs: a row for each thing that was looked at.
type check struct {
	root     *fyne.Container
	summary  *text
	failure  *text
	list     *fyne.Container
	card     *panel
	more     *button
	report   *button
	model    viewmodel.Check
	drawn    []control.CheckRow
	look     func()
	fix      func(command string)
	copyText func(string)
}

func newCheck(look func(), fix func(string), copyText func(string)) *check {
	c := &check{look: look, fix: fix, copyText: copyText}
	c.summary = newText("", textSmall, colorText2)
	c.summary.least = 100
	c.failure = newWrapped("", textSmall, theme.ColorNameError)
	c.list = vbox(8)
	c.card = newCard(c.list)
	c.report = newButton("Copy report", theme.ContentCopyIcon(), c.copyReport)
	c.more = newButton("Check again", theme.ViewRefreshIcon(), func() { c.look() })
	head := container.NewBorder(nil, nil, nil, hbox(8, c.report, c.more), middle(newBold("Check", textTitle)))
	scroll := container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 14, 0, scrollRoom), c.card))
	body := container.New(&overhang{}, container.NewThemeOverride(scroll, noShadow{}))
	c.root = container.New(&rows{gap: 10, stretch: 3}, head, c.summary, c.failure, body)
	c.render()
	return c
}

func (c *check) copyReport() {
	c.copyText(c.model.Report())
	c.report.set("Copied", theme.ConfirmIcon())
}

// render draws what the model has.
func (c *check) render() {
	c.summary.setText(c.model.Summary())
	c.failure.setText(c.model.Failure())
	c.failure.Hidden = c.model.Failure() == ""
	rows := c.model.Rows()
	c.card.Hidden = len(rows) == 0
	c.report.enable(len(rows) > 0)
	c.more.enable(!c.model.Running())
	if !sameRows(rows, c.drawn) { // else what has the focus keeps it
		c.drawn, c.list.Objects = rows, nil
		for i, r := range rows {
			if i > 0 {
				c.list.Add(widget.NewSeparator())
			}
			c.list.Add(c.newRow(r))
		}
		c.report.set("Copy report", theme.ContentCopyIcon())
		c.list.Refresh()
	}
	c.root.Refresh()
}

func sameRows(a, b []control.CheckRow) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		x.Fix, y.Fix = nil, nil
		if x != y || (a[i].Fix == nil) != (b[i].Fix == nil) || a[i].Fix != nil && *a[i].Fix != *b[i].Fix {
			return false
		}
	}
	return true
}

// newRow is one result. Only what failed fills its button.
func (c *check) newRow(r control.CheckRow) fyne.CanvasObject {
	icon := atLeast(widget.NewIcon(checkIcon(r.Result)), 18, 18)
	words := vbox(2, newBold(r.Title, textNormal), newWrapped(r.Sentence, textSmall, colorText2))
	var remedy fyne.CanvasObject
	if r.Fix != nil {
		make := func(label string, tapped func()) *button { return newButton(label, nil, tapped) }
		if r.Result == control.CheckFailed {
			make = newFilled
		}
		command := r.Fix.Command
		remedy = padded(middle(make(r.Fix.Label, func() { c.fix(command) })), 4, 2)
	}
	return container.NewBorder(nil, nil, padded(middle(icon), 7, 0), remedy, middle(words))
}

// checkIcon has a shape of its own for each result.
func checkIcon(result string) fyne.Resource {
	switch result {
	case control.CheckOK:
		return coloured(theme.ConfirmIcon(), theme.ColorNameSuccess)
	case control.CheckWarning:
		return coloured(theme.WarningIcon(), theme.ColorNameWarning)
	case control.CheckFailed:
		return coloured(theme.CancelIcon(), theme.ColorNameError)
	}
	return coloured(theme.MoreHorizontalIcon(), theme.ColorNamePlaceHolder)
}

func (w *Window) buildCheck() part {
	w.check = newCheck(w.checkAgain, w.fix, func(text string) { fyne.CurrentApp().Clipboard().SetContent(text) })
	p := newPart(w.check.root, func(v viewmodel.View, _ bool) {
		if w.check.model.See(v) {
			w.runCheck()
		}
		w.check.render()
	})
	p.again = w.checkAgain
	return p
}

// checkAgain looks once more, where there is an engine.
func (w *Window) checkAgain() {
	if w.view.Link == viewmodel.Connected && w.check.model.Begin() {
		w.runCheck()
	}
	w.check.render()
}

// runCheck asks the engine, as often as things changed meanwhile.
func (w *Window) runCheck() {
	var rows []control.CheckRow
	w.background(func(ctx context.Context) (err error) {
		rows, err = w.options.Engine.Check(ctx)
		return err
	}, func(err error) {
		if w.check.model.Done(rows, err) && w.check.model.Begin() {
			w.runCheck()
		}
		w.check.render()
	})
}

// fix does what a remedy's command says, or opens the view where it is done.
func (w *Window) fix(command string) {
	e := w.options.Engine
	do := map[string]func(context.Context) error{
		control.FixSystemDNS: func(ctx context.Context) error { return e.SystemDNS(ctx, control.SystemDNSOn) },
		control.FixRepair:    func(ctx context.Context) error { return e.SystemDNS(ctx, control.SystemDNSRepair) },
		control.FixStart:     e.Start,
		control.FixResume:    e.Resume,
	}[command]
	switch {
	case command == control.FixProviders:
		w.Open(ViewHome)
		w.win.Canvas().Focus(w.home.provider)
	case do == nil:
		w.Open(ViewSettings)
	default:
		w.within(steerPatience, do, func(err error) {
			w.checkAgain()
			w.check.model.Fail(err)
			w.check.render()
		})
	}
}
