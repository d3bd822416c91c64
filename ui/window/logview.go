package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/ui/viewmodel"
)

// logView is the list of queries. It draws only the rows in sight. Fyne's Table
// would do, but does not tell where it is scrolled to, which following needs.
type logView struct {
	widget.BaseWidget
	rows     []viewmodel.Row
	chosen   func(viewmodel.Row) bool // is the row the selected one
	selectAt func(int)                // negative: none
	keys     func(*fyne.KeyEvent)     // those that the list itself has no use for
	scroll   *scroll
	hovered  int
	focused  bool
}

var (
	_ fyne.Tappable     = (*logView)(nil)
	_ fyne.Focusable    = (*logView)(nil)
	_ desktop.Hoverable = (*logView)(nil)
)

func newLogView(chosen func(viewmodel.Row) bool, selectAt func(int), scrolled func(away bool), keys func(*fyne.KeyEvent)) *logView {
	l := &logView{chosen: chosen, selectAt: selectAt, keys: keys, hovered: -1}
	l.ExtendBaseWidget(l)
	l.scroll = newScroll(l)
	l.scroll.OnScrolled = func(at fyne.Position) {
		scrolled(at.Y > 1)
		if l.height() != l.Size().Height {
			l.scroll.Refresh()
		}
		l.Refresh()
	}
	return l
}

// show draws other rows.
func (l *logView) show(rows []viewmodel.Row) {
	was := l.height()
	l.rows = rows
	if l.height() != was {
		l.scroll.Refresh()
	}
	l.Refresh()
}

// growBy is by how many rows the list grows at a time while its top is in sight:
// each growth has the toolkit draw the window once more.
const growBy = 100

// height is that of all rows, and of those that will be there soon where nobody
// sees the end.
func (l *logView) height() float32 {
	n := len(l.rows)
	if n > growBy && l.scroll.Offset.Y <= 0 {
		n = min((n+growBy-1)/growBy*growBy, viewmodel.LogSize)
	}
	return float32(n) * rowHeight
}

// toTop scrolls to the newest.
func (l *logView) toTop() { l.scroll.ScrollToTop() }

// reveal scrolls as little as shows the row.
func (l *logView) reveal(place int) {
	top, height := float32(place)*rowHeight, l.scroll.Size().Height
	switch at := l.scroll.Offset.Y; {
	case top < at:
		l.scroll.ScrollToOffset(fyne.NewPos(0, top))
	case top+rowHeight > at+height:
		l.scroll.ScrollToOffset(fyne.NewPos(0, top+rowHeight-height))
	}
	l.Refresh()
}

// Tapped implements fyne.Tappable.
func (l *logView) Tapped(e *fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(l); c != nil {
		c.Focus(l)
	}
	if i := int(e.Position.Y / rowHeight); i < len(l.rows) {
		l.selectAt(i)
	}
}

// MouseIn implements desktop.Hoverable.
func (l *logView) MouseIn(e *desktop.MouseEvent) { l.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (l *logView) MouseMoved(e *desktop.MouseEvent) { l.hover(int(e.Position.Y / rowHeight)) }

// MouseOut implements desktop.Hoverable.
func (l *logView) MouseOut() { l.hover(-1) }

func (l *logView) hover(place int) {
	if l.hovered != place {
		l.hovered = place
		l.Refresh()
	}
}

// FocusGained implements fyne.Focusable.
func (l *logView) FocusGained() { l.focused = true; l.Refresh() }

// FocusLost implements fyne.Focusable.
func (l *logView) FocusLost() { l.focused = false; l.Refresh() }

// TypedRune implements fyne.Focusable.
func (l *logView) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (l *logView) TypedKey(k *fyne.KeyEvent) {
	place, page := l.selected(), max(1, int(l.scroll.Size().Height/rowHeight)-1)
	switch k.Name {
	case fyne.KeyDown:
		place++
	case fyne.KeyUp:
		place--
	case fyne.KeyPageDown:
		place += page
	case fyne.KeyPageUp:
		place -= page
	case fyne.KeyHome:
		place = 0
	case fyne.KeyEnd:
		place = len(l.rows) - 1
	case fyne.KeyReturn, fyne.KeyEnter:
		place = max(0, place)
	default:
		l.keys(k)
		return
	}
	if place = min(max(0, place), len(l.rows)-1); place >= 0 {
		l.selectAt(place)
		l.reveal(place)
	}
}

func (l *logView) selected() int {
	for i, r := range l.rows {
		if l.chosen(r) {
			return i
		}
	}
	return -1
}

// CreateRenderer implements fyne.Widget.
func (l *logView) CreateRenderer() fyne.WidgetRenderer {
	return &logRenderer{l: l}
}

type logRenderer struct {
	l     *logView
	lines []*logLine
	objs  []fyne.CanvasObject
}

// Layout implements fyne.WidgetRenderer: it fills the lines in sight and hides
// the others.
func (r *logRenderer) Layout(size fyne.Size) {
	l := r.l
	first := max(0, int(l.scroll.Offset.Y/rowHeight))
	count := min(int(l.scroll.Size().Height/rowHeight)+2, len(l.rows)-first)
	for len(r.lines) < count {
		line := newLogLine()
		r.lines, r.objs = append(r.lines, line), append(r.objs, line.objects()...)
	}
	for i, line := range r.lines {
		if i >= count {
			line.hide()
			continue
		}
		row := l.rows[first+i]
		fill := colorNothing
		switch {
		case l.chosen(row):
			fill = colorSelected
		case first+i == l.hovered:
			fill = theme.ColorNameHover
		}
		line.show(l, row, fill, float32(first+i)*rowHeight, size.Width)
	}
}

// MinSize implements fyne.WidgetRenderer.
func (r *logRenderer) MinSize() fyne.Size {
	return fyne.NewSize(leastLogWidth, r.l.height())
}

// Refresh implements fyne.WidgetRenderer.
func (r *logRenderer) Refresh() {
	r.Layout(r.l.Size())
	canvas.Refresh(r.l)
}

// Objects implements fyne.WidgetRenderer.
func (r *logRenderer) Objects() []fyne.CanvasObject { return r.objs }

// Destroy implements fyne.WidgetRenderer.
func (r *logRenderer) Destroy() {}
