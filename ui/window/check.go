package window

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// check is the view of what a user relies on, row by row.
type check struct {
	root    *fyne.Container
	model   viewmodel.Checkup
	view    viewmodel.View
	summary *text
	failure *text
	copied  *button
	again   *button
	card    *panel
	list    *fyne.Container
	scroll  *fyne.Container
	empty   *fyne.Container
	drawn   []control.CheckRow

	do checkActions
}

// checkActions are what the check has the window do.
type checkActions struct {
	run  func()
	fix  func(command string)
	copy func(*button, string)
}

func newCheck(do checkActions) *check {
	c := &check{do: do, list: vbox(0), empty: container.NewStack()}
	c.summary = newWrapped("", textSmall, colorText2)
	c.summary.least = 200
	c.failure = newWrapped("", textSmall, theme.ColorNameError)
	c.failure.Hide()
	c.copied = newButton(words.T("Copy report"), theme.ContentCopyIcon(), func() { c.do.copy(c.copied, c.model.Report(c.view)) })
	c.again = newButton(words.T("Check again"), theme.ViewRefreshIcon(), do.run)
	title := container.NewBorder(nil, nil, nil, middle(hbox(8, c.copied, c.again)), vbox(2, newBold(words.T("Check"), textTitle), c.summary))
	c.card = newPanel(c.list, colorSurface, theme.ColorNameSeparator, radiusCard, 14, 6)
	c.scroll = container.New(overhang{}, newScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, scrollRoom), vbox(0, c.card))))
	c.root = container.New(&rows{gap: 12, stretch: 2}, title, c.failure, container.NewStack(c.scroll, c.empty))
	return c
}

// show takes what is known of the engine, and looks again at another state.
func (c *check) show(v viewmodel.View) {
	c.view = v
	if v.Link != viewmodel.Connected {
		c.model.Lost()
	}
	if c.model.Due(v) {
		c.do.run()
		return // which draws
	}
	c.render()
}

// begin notes that a check begins; false where there is nothing to look at.
func (c *check) begin() bool {
	begun := c.model.Begin(c.view)
	if begun {
		c.failure.Hide()
	}
	c.render()
	return begun
}

// done takes what a check found.
func (c *check) done(found []control.CheckRow, err error) {
	c.model.Done(found, err)
	c.render()
}

// say shows why a remedy did not work, nil for that it did.
func (c *check) say(err error) {
	c.failure.Hidden = err == nil
	if err != nil {
		c.failure.setText(viewmodel.Told(err))
	}
	c.root.Refresh()
}

func (c *check) render() {
	found := c.model.Rows()
	c.summary.setText(c.model.Summary())
	c.copied.enable(len(found) > 0 && !c.model.Running())
	c.again.enable(c.view.Link == viewmodel.Connected && !c.model.Running())
	c.scroll.Hidden = len(found) == 0
	c.showEmpty(c.model.Empty(c.view))
	if !slices.EqualFunc(found, c.drawn, sameRow) { // what has the focus keeps it
		c.drawn = slices.Clone(found)
		c.list.Objects = nil
		for i, r := range found {
			if i > 0 {
				c.list.Add(widget.NewSeparator())
			}
			c.list.Add(c.newRow(r))
		}
		c.card.Refresh()
	}
	c.root.Refresh()
}

func sameRow(a, b control.CheckRow) bool {
	fixed := a.Fix == nil && b.Fix == nil || a.Fix != nil && b.Fix != nil && *a.Fix == *b.Fix
	a.Fix, b.Fix = nil, nil
	return fixed && a == b
}

func (c *check) showEmpty(e viewmodel.Empty) {
	c.empty.Objects = nil
	if e.Title != "" {
		c.empty.Objects = []fyne.CanvasObject{newNothing(theme.ConfirmIcon(), e)}
	}
	c.empty.Refresh()
}

// newNothing stands in the place of an empty view.
func newNothing(icon fyne.Resource, e viewmodel.Empty) fyne.CanvasObject {
	sign := widget.NewIcon(coloured(icon, theme.ColorNamePlaceHolder))
	sentence := newWrapped(e.Sentence, textSmall, colorText2)
	sentence.align, sentence.least = fyne.TextAlignCenter, 480
	return container.NewCenter(vbox(8, container.NewCenter(atLeast(sign, 30, 30)), container.NewCenter(newBold(e.Title, 16)), sentence))
}

// checkRowHeight is that of a row whose sentence has one line.
const checkRowHeight = 52

func (c *check) newRow(r control.CheckRow) fyne.CanvasObject {
	words := vbox(2, newBold(r.Title, textNormal), newWrapped(r.Sentence, textSmall, colorText2))
	line := container.NewBorder(nil, nil, middle(atLeast(widget.NewIcon(checkIcon(r.Result)), 20, 20)), c.newFix(r), padded(middle(words), 12, 5))
	return atLeast(line, 0, checkRowHeight)
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
	case control.CheckUnknown:
		return coloured(theme.QuestionIcon(), theme.ColorNamePlaceHolder)
	}
	return coloured(theme.MoreHorizontalIcon(), theme.ColorNamePlaceHolder)
}

// newFix is the button of a remedy that the window can do, nil without one. Only
// that of a failure is filled.
func (c *check) newFix(r control.CheckRow) fyne.CanvasObject {
	if r.Fix == nil || !canFix(r.Fix.Command) {
		return nil
	}
	b := newButton(r.Fix.Label, nil, func() { c.do.fix(r.Fix.Command) })
	if r.Result == control.CheckFailed {
		b.Importance = widget.HighImportance
	}
	return middle(b)
}

func canFix(command string) bool {
	return slices.Contains([]string{control.FixSystemDNS, control.FixRepair, control.FixStart, control.FixResume, control.FixProviders, control.FixSettings}, command)
}

func (w *Window) buildCheck() part {
	w.check = newCheck(checkActions{run: w.runCheck, fix: w.fix, copy: w.copyReport})
	p := newPart(w.check.root, func(v viewmodel.View, _ bool) { w.check.show(v) })
	p.opened, p.again = w.runCheck, w.runCheck
	return p
}

// runCheck has the engine look at everything.
func (w *Window) runCheck() {
	if !w.check.begin() {
		return
	}
	var found []control.CheckRow
	w.background(func(ctx context.Context) (err error) {
		found, err = w.options.Engine.Check(ctx)
		return err
	}, func(err error) {
		w.check.done(found, err)
		if w.open == ViewCheck {
			w.check.show(w.view) // which may have become another meanwhile
		}
	})
}

// fix does what the button of a row says. What changes the engine's state is
// followed by another check; what does not begins one.
func (w *Window) fix(command string) {
	w.check.say(nil)
	e := w.options.Engine
	var do func(context.Context) error
	switch command {
	case control.FixProviders:
		w.Open(ViewProviders)
		return
	case control.FixSettings:
		w.Open(ViewSettings)
		return
	case control.FixSystemDNS:
		do = func(ctx context.Context) error { return e.SystemDNS(ctx, control.SystemDNSOn) }
	case control.FixRepair:
		do = func(ctx context.Context) error { return e.SystemDNS(ctx, control.SystemDNSRepair) }
	case control.FixResume:
		do = e.Resume
	case control.FixStart:
		do = e.Start
	}
	w.within(steerPatience, do, func(err error) {
		w.runCheck()
		w.check.say(err)
	})
}

// copyReport puts the rows on the clipboard and shows on the button that it did.
func (w *Window) copyReport(on *button, text string) {
	fyne.CurrentApp().Clipboard().SetContent(text)
	on.set(words.T("Copied"), theme.ConfirmIcon())
	w.options.Later(copyShown, func() { on.set(words.T("Copy report"), theme.ContentCopyIcon()) })
}
