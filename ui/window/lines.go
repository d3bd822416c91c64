package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/ui/viewmodel"
)

// lineChart draws the median latency of the last ten minutes, with gaps where
// nothing was known.
type lineChart struct {
	widget.BaseWidget
	bars []viewmodel.Bar
}

func newLineChart() *lineChart {
	c := &lineChart{}
	c.ExtendBaseWidget(c)
	return c
}

// show draws other medians.
func (c *lineChart) show(bars []viewmodel.Bar) {
	c.bars = bars
	c.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *lineChart) CreateRenderer() fyne.WidgetRenderer {
	r := &lineRenderer{c: c}
	for range viewmodel.ChartBars - 1 {
		line := canvas.NewLine(nil)
		line.StrokeWidth = 1.5
		r.lines, r.objs = append(r.lines, line), append(r.objs, line)
	}
	r.Refresh()
	return r
}

type lineRenderer struct {
	c     *lineChart
	lines []*canvas.Line
	objs  []fyne.CanvasObject
}

// Layout implements fyne.WidgetRenderer. The line stands on the fastest and
// reaches the top with the slowest, or with twice the fastest where all are
// about as fast: noise shall look like noise.
func (r *lineRenderer) Layout(size fyne.Size) {
	var least, most float64
	for _, b := range r.c.bars {
		if b.MedianMS > 0 && (least == 0 || b.MedianMS < least) {
			least = b.MedianMS
		}
		most = max(most, b.MedianMS)
	}
	most = max(most, 2*least)
	at := func(i int) fyne.Position {
		high := (r.c.bars[i].MedianMS - least) / (most - least)
		return fyne.NewPos((float32(i)+0.5)*size.Width/float32(len(r.c.bars)), size.Height-2-(size.Height-4)*float32(high))
	}
	for i, line := range r.lines {
		known := i+1 < len(r.c.bars) && r.c.bars[i].MedianMS > 0 && r.c.bars[i+1].MedianMS > 0
		if line.Hidden = !known; known {
			line.Position1, line.Position2 = at(i), at(i+1)
		}
	}
}

// MinSize implements fyne.WidgetRenderer.
func (r *lineRenderer) MinSize() fyne.Size { return fyne.NewSize(80, 22) }

// Refresh implements fyne.WidgetRenderer.
func (r *lineRenderer) Refresh() {
	for _, line := range r.lines {
		line.StrokeColor = colorOf(r.c, theme.ColorNamePrimary)
	}
	r.Layout(r.c.Size())
	canvas.Refresh(r.c)
}

// Objects implements fyne.WidgetRenderer.
func (r *lineRenderer) Objects() []fyne.CanvasObject { return r.objs }

// Destroy implements fyne.WidgetRenderer.
func (r *lineRenderer) Destroy() {}
