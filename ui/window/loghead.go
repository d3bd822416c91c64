package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"dotproxy/ui/viewmodel"
)

// logHead is the line of titles over the log.
type logHead struct{ widget.BaseWidget }

func newLogHead() *logHead {
	h := &logHead{}
	h.ExtendBaseWidget(h)
	return h
}

// CreateRenderer implements fyne.Widget.
func (h *logHead) CreateRenderer() fyne.WidgetRenderer {
	r := &headRenderer{h: h}
	for i, title := range viewmodel.Columns() {
		t := canvas.NewText(title, colorOf(h, colorText2))
		t.TextSize, t.TextStyle.Bold = textCaption, true
		if i == len(viewmodel.Columns())-1 {
			t.Alignment = fyne.TextAlignTrailing
		}
		r.titles = append(r.titles, t)
	}
	return r
}

type headRenderer struct {
	h      *logHead
	titles []*canvas.Text
}

// Layout implements fyne.WidgetRenderer.
func (r *headRenderer) Layout(size fyne.Size) {
	edges := columnEdges(size.Width)
	for i, t := range r.titles {
		t.Move(fyne.NewPos(edges[i], 0))
		t.Resize(fyne.NewSize(edges[i+1]-edges[i], size.Height))
	}
}

// MinSize implements fyne.WidgetRenderer.
func (r *headRenderer) MinSize() fyne.Size { return fyne.NewSize(leastLogWidth, rowHeight) }

// Refresh implements fyne.WidgetRenderer.
func (r *headRenderer) Refresh() {
	for _, t := range r.titles {
		t.Color = colorOf(r.h, colorText2)
		t.Refresh()
	}
}

// Objects implements fyne.WidgetRenderer.
func (r *headRenderer) Objects() []fyne.CanvasObject {
	var list []fyne.CanvasObject
	for _, t := range r.titles {
		list = append(list, t)
	}
	return list
}

// Destroy implements fyne.WidgetRenderer.
func (r *headRenderer) Destroy() {}
