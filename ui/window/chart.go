package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/ui/viewmodel"
)

// barChart draws the last ten minutes: answers from the cache faint, all
// others solid, and a tick over a bar with a failure.
type barChart struct {
	widget.BaseWidget
	bars []viewmodel.Bar
}

func newBarChart() *barChart {
	c := &barChart{bars: make([]viewmodel.Bar, viewmodel.ChartBars)}
	c.ExtendBaseWidget(c)
	return c
}

// show draws other bars.
func (c *barChart) show(bars []viewmodel.Bar) {
	c.bars = bars
	c.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *barChart) CreateRenderer() fyne.WidgetRenderer {
	r := &chartRenderer{c: c, base: canvas.NewRectangle(nil)}
	r.objs = append(r.objs, r.base)
	for range viewmodel.ChartBars {
		var one [3]*canvas.Rectangle
		for i := range one {
			one[i] = canvas.NewRectangle(nil)
			r.objs = append(r.objs, one[i])
		}
		r.bars = append(r.bars, one)
	}
	r.paint()
	return r
}

type chartRenderer struct {
	c    *barChart
	base *canvas.Rectangle
	bars [][3]*canvas.Rectangle // cached, other, failure
	objs []fyne.CanvasObject
}

func (r *chartRenderer) paint() {
	r.base.FillColor = colorOf(r.c, theme.ColorNameSeparator)
	colours := []fyne.ThemeColorName{colorFaintBar, theme.ColorNamePrimary, theme.ColorNameError}
	for _, bar := range r.bars {
		for i, name := range colours {
			bar[i].FillColor = colorOf(r.c, name)
		}
	}
}

// Layout implements fyne.WidgetRenderer.
func (r *chartRenderer) Layout(size fyne.Size) {
	const tick = 6
	r.base.Resize(fyne.NewSize(size.Width, 1))
	r.base.Move(fyne.NewPos(0, size.Height-1))
	most := uint64(1)
	for _, b := range r.c.bars {
		most = max(most, b.Cached+b.Other)
	}
	room, step := max(0, size.Height-tick-2), size.Width/float32(len(r.bars))
	for i, b := range r.c.bars {
		x, width := float32(i)*step, max(1, step-2)
		other := room * float32(b.Other) / float32(most)
		cached := room * float32(b.Cached) / float32(most)
		top := size.Height - 1 - other
		place(r.bars[i][1], x, top, width, other)
		place(r.bars[i][0], x, top-cached, width, cached)
		height := float32(0)
		if b.Failures > 0 {
			height = 3
		}
		place(r.bars[i][2], x, top-cached-tick, width, height)
	}
}

// place puts a rectangle, or hides one without extent.
func place(o *canvas.Rectangle, x, y, width, height float32) {
	o.Hidden = height <= 0
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(width, height))
}

// MinSize implements fyne.WidgetRenderer.
func (r *chartRenderer) MinSize() fyne.Size { return fyne.NewSize(180, 60) }

// Refresh implements fyne.WidgetRenderer.
func (r *chartRenderer) Refresh() {
	r.paint()
	r.Layout(r.c.Size())
	canvas.Refresh(r.c)
}

// Objects implements fyne.WidgetRenderer.
func (r *chartRenderer) Objects() []fyne.CanvasObject { return r.objs }

// Destroy implements fyne.WidgetRenderer.
func (r *chartRenderer) Destroy() {}
