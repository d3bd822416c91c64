package window

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
)

// scroll is Fyne's, without the shadows at its ends: it stands within a card's
// edge. A theme without shadows would do as well, but for each theme of a part
// Fyne reads all fonts again and keeps them.
type scroll struct{ container.Scroll }

// newScroll scrolls up and down.
func newScroll(content fyne.CanvasObject) *scroll {
	s := &scroll{}
	s.Content, s.Direction = content, container.ScrollVerticalOnly
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer implements fyne.Widget.
func (s *scroll) CreateRenderer() fyne.WidgetRenderer {
	return &scrollRenderer{WidgetRenderer: s.Scroll.CreateRenderer(), s: s}
}

type scrollRenderer struct {
	fyne.WidgetRenderer
	s *scroll
}

// IsClip has what is beyond the edges cut off.
func (*scrollRenderer) IsClip() {}

// Objects implements fyne.WidgetRenderer: the content and the bars, over which
// a pointer can be.
func (r *scrollRenderer) Objects() []fyne.CanvasObject {
	return slices.DeleteFunc(slices.Clone(r.WidgetRenderer.Objects()), func(o fyne.CanvasObject) bool {
		_, bar := o.(desktop.Hoverable)
		return !bar && o != r.s.Content
	})
}
