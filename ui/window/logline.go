package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"

	"dotproxy/ui/viewmodel"
)

// The log's columns: time, name (the rest), type, result, answered by, and
// latency with its bar, for which a narrow log has no room.
var (
	wideColumns   = [6]float32{106, 0, 62, 94, 104, 128}
	narrowColumns = [6]float32{94, 0, 58, 86, 96, 62}
)

const (
	leastLogWidth = 560
	logInset      = 9
	narrowBelow   = 660
	barWidth      = 44
	barHeight     = 4
)

// columnEdges are where the columns begin in a row of that width, and after
// them where the last one ends.
func columnEdges(width float32) (edges [7]float32) {
	widths := wideColumns
	if width < narrowBelow {
		widths = narrowColumns
	}
	rest := width - 2*logInset
	for _, w := range widths {
		rest -= w
	}
	edges[0] = logInset
	for i, w := range widths {
		if i == 1 {
			w = max(40, rest)
		}
		edges[i+1] = edges[i] + w
	}
	return edges
}

// logLine is what one row in sight is drawn with.
type logLine struct {
	back, track, fill *canvas.Rectangle
	texts             [6]*canvas.Text
	row               viewmodel.Row
	width             float32
	cells             viewmodel.Cells
}

func newLogLine() *logLine {
	l := &logLine{back: canvas.NewRectangle(nil), track: canvas.NewRectangle(nil), fill: canvas.NewRectangle(nil)}
	l.track.CornerRadius, l.fill.CornerRadius = barHeight/2, barHeight/2
	for i := range l.texts {
		l.texts[i] = canvas.NewText("", nil)
		l.texts[i].TextSize = textSmall
	}
	l.texts[5].Alignment = fyne.TextAlignTrailing
	return l
}

func (l *logLine) objects() []fyne.CanvasObject {
	list := []fyne.CanvasObject{l.back, l.track, l.fill}
	for _, t := range l.texts {
		list = append(list, t)
	}
	return list
}

func (l *logLine) hide() {
	for _, o := range l.objects() {
		o.Hide()
	}
}

// show draws a row at y; what is as before is left alone, because a changed
// text costs a new texture.
func (l *logLine) show(w fyne.Widget, row viewmodel.Row, back fyne.ThemeColorName, y, width float32) {
	fresh := l.row != row
	if fresh {
		l.row, l.cells = row, viewmodel.CellsOf(row.Query)
	}
	edges := columnEdges(width)
	if fresh || l.width != width {
		l.width = width
		l.write(edges)
	}
	l.paint(w, back)
	place := func(o fyne.CanvasObject, x, top, wide, high float32) {
		o.Show()
		o.Move(fyne.NewPos(x, top))
		o.Resize(fyne.NewSize(wide, high))
	}
	place(l.back, 3, y, width-6, rowHeight)
	height := l.texts[0].MinSize().Height
	for i, t := range l.texts {
		place(t, edges[i], y+(rowHeight-height)/2, edges[i+1]-edges[i], height)
	}
	if width < narrowBelow {
		l.track.Hide()
		l.fill.Hide()
		return
	}
	barX, barY := edges[5]+4, y+(rowHeight-barHeight)/2
	place(l.track, barX, barY, barWidth, barHeight)
	place(l.fill, barX, barY, barWidth*float32(l.cells.Bar), barHeight)
}

func (l *logLine) write(edges [7]float32) {
	c := l.cells
	for i, s := range []string{c.Time, c.Name, c.Type, c.Result, c.Source, c.Latency} {
		room := edges[i+1] - edges[i] - 8
		if i == 5 {
			room += 8
		}
		if s = fitText(s, room, textSmall, fyne.TextStyle{}); l.texts[i].Text != s {
			l.texts[i].Text = s
			l.texts[i].Refresh()
		}
	}
}

func (l *logLine) paint(w fyne.Widget, back fyne.ThemeColorName) {
	inks := [6]fyne.ThemeColorName{colorText2, colorTextPlain, colorText2, colorTextPlain, colorTextPlain, colorTextPlain}
	bar := theme.ColorNamePrimary
	if l.cells.Hidden {
		inks[1] = theme.ColorNamePlaceHolder
	}
	if l.cells.ResultTone == viewmodel.Bad {
		inks[3], bar = theme.ColorNameError, theme.ColorNameError
	}
	if l.cells.SourceTone == viewmodel.Warn {
		inks[4] = theme.ColorNameWarning
	}
	for i, t := range l.texts {
		if ink := colorOf(w, inks[i]); t.Color != ink {
			t.Color = ink
			t.Refresh()
		}
	}
	fill(l.back, colorOf(w, back))
	fill(l.track, colorOf(w, theme.ColorNameButton))
	fill(l.fill, colorOf(w, bar))
	l.back.CornerRadius = 3
}

func fill(o *canvas.Rectangle, with color.Color) {
	if o.FillColor != with {
		o.FillColor = with
		o.Refresh()
	}
}
