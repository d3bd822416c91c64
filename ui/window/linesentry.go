package window

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// mostLines is how many a field of several lines shows at most.
const mostLines = 8

// linesEntry is an entry of several lines that Tab leaves like any other.
type linesEntry struct {
	entry
	wheel *passWheel
}

// newLinesEntry hands the wheel to page while all lines are in sight.
func newLinesEntry(keys shortcuts, page func() *scroll, changed func(string)) *linesEntry {
	e := &linesEntry{wheel: newPassWheel(page)}
	e.shortcuts = keys
	e.ExtendBaseWidget(e)
	e.MultiLine, e.Wrapping, e.TextStyle.Monospace = true, fyne.TextWrapBreak, true
	e.OnChanged = func(text string) {
		e.fit(text)
		changed(text)
	}
	e.fit("")
	return e
}

// AcceptsTab implements fyne.Tabbable.
func (e *linesEntry) AcceptsTab() bool { return false }

// fit makes room for the lines of text and one more.
func (e *linesEntry) fit(text string) {
	lines := strings.Count(text, "\n") + 2
	e.wheel.Hidden = lines > mostLines
	e.SetMinRowsVisible(min(lines, mostLines))
}

// passWheel lies over an input and hands the wheel, which the input would keep,
// to the page.
type passWheel struct {
	widget.BaseWidget
	page func() *scroll
}

var _ fyne.Scrollable = (*passWheel)(nil)

func newPassWheel(page func() *scroll) *passWheel {
	p := &passWheel{page: page}
	p.ExtendBaseWidget(p)
	return p
}

// Scrolled implements fyne.Scrollable.
func (p *passWheel) Scrolled(e *fyne.ScrollEvent) { p.page().Scrolled(e) }

// CreateRenderer implements fyne.Widget.
func (p *passWheel) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}
