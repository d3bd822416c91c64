package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/ui/viewmodel"
)

// shelfRowHeight is that of a provider's line.
const shelfRowHeight float32 = 42

// shelfList is the list of providers. A click or the arrows select a line, Enter
// uses it.
type shelfList struct {
	widget.BaseWidget
	rows    []viewmodel.ShelfRow
	choose  func(upstream string)
	use     func()
	keys    func(*fyne.KeyEvent) // those that the list itself has no use for
	scroll  *scroll
	hovered int
	focused bool
}

var (
	_ fyne.Tappable     = (*shelfList)(nil)
	_ fyne.Focusable    = (*shelfList)(nil)
	_ desktop.Hoverable = (*shelfList)(nil)
)

func newShelfList(choose func(string), use func(), keys func(*fyne.KeyEvent)) *shelfList {
	l := &shelfList{choose: choose, use: use, keys: keys, hovered: -1}
	l.ExtendBaseWidget(l)
	l.scroll = newScroll(l)
	return l
}

// show draws other rows.
func (l *shelfList) show(rows []viewmodel.ShelfRow) {
	grown := len(rows) != len(l.rows)
	l.rows = rows
	if grown {
		l.scroll.Refresh()
	}
	l.Refresh()
}

// reveal scrolls as little as shows the selected row.
func (l *shelfList) reveal() {
	place, height := l.selected(), l.scroll.Size().Height
	if place < 0 || height <= 0 {
		return
	}
	switch top := float32(place) * shelfRowHeight; {
	case top < l.scroll.Offset.Y:
		l.scroll.ScrollToOffset(fyne.NewPos(0, top))
	case top+shelfRowHeight > l.scroll.Offset.Y+height:
		l.scroll.ScrollToOffset(fyne.NewPos(0, top+shelfRowHeight-height))
	}
}

func (l *shelfList) selected() int {
	for i, r := range l.rows {
		if r.Selected {
			return i
		}
	}
	return -1
}

// Tapped implements fyne.Tappable.
func (l *shelfList) Tapped(e *fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(l); c != nil {
		c.Focus(l)
	}
	if i := int(e.Position.Y / shelfRowHeight); i < len(l.rows) {
		l.choose(l.rows[i].Upstream)
	}
}

// MouseIn implements desktop.Hoverable.
func (l *shelfList) MouseIn(e *desktop.MouseEvent) { l.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (l *shelfList) MouseMoved(e *desktop.MouseEvent) {
	l.hover(int(e.Position.Y / shelfRowHeight))
}

// MouseOut implements desktop.Hoverable.
func (l *shelfList) MouseOut() { l.hover(-1) }

func (l *shelfList) hover(place int) {
	if l.hovered != place {
		l.hovered = place
		l.Refresh()
	}
}

// FocusGained implements fyne.Focusable.
func (l *shelfList) FocusGained() { l.focused = true; l.Refresh() }

// FocusLost implements fyne.Focusable.
func (l *shelfList) FocusLost() { l.focused = false; l.Refresh() }

// TypedRune implements fyne.Focusable.
func (l *shelfList) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (l *shelfList) TypedKey(k *fyne.KeyEvent) {
	place, page := l.selected(), max(1, int(l.scroll.Size().Height/shelfRowHeight)-1)
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
		l.use()
		return
	default:
		l.keys(k)
		return
	}
	if place = min(max(0, place), len(l.rows)-1); place >= 0 {
		l.choose(l.rows[place].Upstream)
		l.reveal()
	}
}

// CreateRenderer implements fyne.Widget.
func (l *shelfList) CreateRenderer() fyne.WidgetRenderer {
	return &shelfRenderer{l: l}
}

type shelfRenderer struct {
	l     *shelfList
	lines []*shelfLine
	objs  []fyne.CanvasObject
}

// Layout implements fyne.WidgetRenderer.
func (r *shelfRenderer) Layout(size fyne.Size) {
	for len(r.lines) < len(r.l.rows) {
		line := newShelfLine()
		r.lines, r.objs = append(r.lines, line), append(r.objs, line.objects()...)
	}
	for i, line := range r.lines {
		if i < len(r.l.rows) {
			line.show(r.l, i, size.Width)
		} else {
			line.hide()
		}
	}
}

// MinSize implements fyne.WidgetRenderer.
func (r *shelfRenderer) MinSize() fyne.Size {
	return fyne.NewSize(200, float32(len(r.l.rows))*shelfRowHeight)
}

// Refresh implements fyne.WidgetRenderer.
func (r *shelfRenderer) Refresh() {
	r.Layout(r.l.Size())
	canvas.Refresh(r.l)
}

// Objects implements fyne.WidgetRenderer.
func (r *shelfRenderer) Objects() []fyne.CanvasObject { return r.objs }

// Destroy implements fyne.WidgetRenderer.
func (r *shelfRenderer) Destroy() {}

// shelfLine is what a row is drawn with.
type shelfLine struct {
	back, track, bar     *canvas.Rectangle
	tick                 *canvas.Image
	name, caption, value *canvas.Text
}

func newShelfLine() *shelfLine {
	line := &shelfLine{back: canvas.NewRectangle(nil), track: canvas.NewRectangle(nil), bar: canvas.NewRectangle(nil),
		tick: canvas.NewImageFromResource(coloured(theme.ConfirmIcon(), theme.ColorNamePrimary)),
		name: canvas.NewText("", nil), caption: canvas.NewText("", nil), value: canvas.NewText("", nil)}
	line.back.CornerRadius, line.track.CornerRadius, line.bar.CornerRadius = radiusInput, barThick/2, barThick/2
	line.tick.FillMode = canvas.ImageFillContain
	line.name.TextSize, line.caption.TextSize, line.value.TextSize = textNormal, textCaption, textSmall
	line.value.Alignment = fyne.TextAlignTrailing
	return line
}

func (s *shelfLine) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{s.back, s.tick, s.name, s.caption, s.track, s.bar, s.value}
}

func (s *shelfLine) hide() {
	for _, o := range s.objects() {
		o.Hide()
	}
}

// The columns of a row, from the right: the value, the bar's track.
const (
	barThick   float32 = 6
	valueWide  float32 = 84
	trackWide  float32 = 84
	trackSmall float32 = 50
	nameAt     float32 = 40
	// tightBelow is the list's width under which the track is short.
	tightBelow float32 = 400
)

// show fills the line and sets it to its place.
func (s *shelfLine) show(l *shelfList, place int, width float32) {
	row, y := l.rows[place], float32(place)*shelfRowHeight
	s.paint(l, row, place)
	track := trackWide
	if width < tightBelow {
		track = trackSmall
	}
	set := func(o fyne.CanvasObject, x, dy, w, h float32) {
		o.Move(fyne.NewPos(x, y+dy))
		o.Resize(fyne.NewSize(w, h))
		o.Show()
	}
	valueX := width - valueWide - scrollRoom
	trackX := valueX - track - 4
	set(s.back, 2, 0, width-4, shelfRowHeight)
	set(s.tick, 11, 12, 18, 18)
	s.tick.Hidden = !row.InUse
	room := trackX - nameAt - 10
	s.name.Text, s.caption.Text = fitText(row.Name, room, textNormal, s.name.TextStyle), fitText(row.Caption, room, textCaption, fyne.TextStyle{})
	set(s.name, nameAt, 2, room, 20)
	set(s.caption, nameAt, 21, room, 17)
	set(s.track, trackX, (shelfRowHeight-barThick)/2, track, barThick)
	set(s.bar, trackX, (shelfRowHeight-barThick)/2, track*float32(row.Bar), barThick)
	s.bar.Hidden = row.Bar == 0
	wide := valueWide
	if s.track.Hidden = row.Tone == viewmodel.Bad; s.track.Hidden { // its words take the track's place
		valueX, wide = trackX, track+4+valueWide
	}
	s.value.Text = fitText(row.Value, wide, textSmall, fyne.TextStyle{})
	set(s.value, valueX, 0, wide, shelfRowHeight)
}

func (s *shelfLine) paint(l *shelfList, row viewmodel.ShelfRow, place int) {
	fill := colorNothing
	switch {
	case row.Selected:
		fill = colorSelected
	case place == l.hovered:
		fill = theme.ColorNameHover
	}
	s.back.FillColor, s.back.StrokeWidth = colorOf(l, fill), 0
	if row.Selected && l.focused {
		s.back.StrokeWidth, s.back.StrokeColor = 2, colorOf(l, theme.ColorNamePrimary)
	}
	s.track.FillColor, s.bar.FillColor = colorOf(l, theme.ColorNameButton), colorOf(l, theme.ColorNamePrimary)
	s.name.TextStyle.Bold, s.name.Color, s.caption.Color = row.InUse, colorOf(l, colorTextPlain), colorOf(l, colorText2)
	s.value.Color = colorOf(l, colorTextPlain)
	switch {
	case row.Tone == viewmodel.Bad:
		s.value.Color = colorOf(l, theme.ColorNameError)
	case row.Bar == 0:
		s.value.Color = colorOf(l, colorText2)
	}
}
