package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

// columns lays objects side by side, their widths in proportion to weights.
type columns struct {
	weights []float32
	gap     float32
}

// Layout implements fyne.Layout.
func (c *columns) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	var sum float32
	n := 0
	for i, o := range objs {
		if o.Visible() {
			sum += c.weights[i]
			n++
		}
	}
	room, x := size.Width-c.gap*float32(max(n-1, 0)), float32(0)
	for i, o := range objs {
		if !o.Visible() {
			continue
		}
		width := whole(room * c.weights[i] / sum)
		width = min(width, size.Width-x)
		o.Move(fyne.NewPos(x, 0))
		o.Resize(fyne.NewSize(width, size.Height))
		x += width + c.gap
	}
}

// MinSize implements fyne.Layout.
func (c *columns) MinSize(objs []fyne.CanvasObject) (least fyne.Size) {
	for i, o := range objs {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if i > 0 {
			least.Width += c.gap
		}
		least.Width += m.Width
		least.Height = max(least.Height, m.Height)
	}
	return least
}

// rows stacks objects; the one at stretch takes the height that is left.
type rows struct {
	gap     float32
	stretch int
}

// Layout implements fyne.Layout.
func (r *rows) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	left := max(0, size.Height-r.MinSize(objs).Height)
	var y float32
	for i, o := range objs {
		if !o.Visible() {
			continue
		}
		height := o.MinSize().Height
		if i == r.stretch {
			height += left
		}
		o.Move(fyne.NewPos(0, y))
		o.Resize(fyne.NewSize(size.Width, height))
		y += height + r.gap
	}
}

// MinSize implements fyne.Layout.
func (r *rows) MinSize(objs []fyne.CanvasObject) (least fyne.Size) {
	first := true
	for _, o := range objs {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if !first {
			least.Height += r.gap
		}
		first = false
		least.Height += m.Height
		least.Width = max(least.Width, m.Width)
	}
	return least
}

// sized gives its one object at least a size.
type sized fyne.Size

// Layout implements fyne.Layout.
func (s sized) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objs {
		o.Move(fyne.Position{})
		o.Resize(size)
	}
}

// MinSize implements fyne.Layout.
func (s sized) MinSize(objs []fyne.CanvasObject) fyne.Size {
	least := fyne.Size(s)
	for _, o := range objs {
		least = least.Max(o.MinSize())
	}
	return fyne.NewSize(whole(least.Width), whole(least.Height))
}

// upTo gives an object a width, less where there is no more, between a gap at
// either side.
type upTo struct{ width, gap float32 }

// Layout implements fyne.Layout.
func (u *upTo) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objs {
		o.Move(fyne.NewPos(u.gap, 0))
		o.Resize(fyne.NewSize(max(0, min(u.width, size.Width-2*u.gap)), size.Height))
	}
}

// MinSize implements fyne.Layout.
func (u *upTo) MinSize(objs []fyne.CanvasObject) fyne.Size {
	least := fyne.NewSize(2*u.gap, 0)
	for _, o := range objs {
		least.Height = max(least.Height, o.MinSize().Height)
	}
	return least
}

// atLeast gives o a least width and height.
func atLeast(o fyne.CanvasObject, width, height float32) *fyne.Container {
	return container.New(sized(fyne.NewSize(width, height)), o)
}

// vbox stacks objects with a gap.
func vbox(gap float32, objs ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(gap), objs...)
}

// hbox sets objects side by side with a gap.
func hbox(gap float32, objs ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedHBoxLayout(gap), objs...)
}

// padded leaves room around o.
func padded(o fyne.CanvasObject, x, y float32) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(y, y, x, x), o)
}

// middle centres o in height and keeps its width.
func middle(o fyne.CanvasObject) *fyne.Container { return container.New(&centreY{}, o) }

// centreY gives its object the whole width and centres it in height.
type centreY struct{}

// Layout implements fyne.Layout.
func (*centreY) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objs {
		height := min(o.MinSize().Height, size.Height)
		o.Move(fyne.NewPos(0, whole((size.Height-height)/2)))
		o.Resize(fyne.NewSize(size.Width, height))
	}
}

// MinSize implements fyne.Layout.
func (*centreY) MinSize(objs []fyne.CanvasObject) (least fyne.Size) {
	for _, o := range objs {
		least = least.Max(o.MinSize())
	}
	return least
}

// captions sets two objects at the ends of a line, or the second beneath the
// first where there is no room.
type captions struct{ width float32 }

// Layout implements fyne.Layout.
func (c *captions) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	c.width = size.Width
	first, second := objs[0].MinSize(), objs[1].MinSize()
	objs[0].Move(fyne.Position{})
	objs[0].Resize(fyne.NewSize(size.Width, first.Height))
	at := fyne.NewPos(0, first.Height+captionGap)
	if c.oneLine(objs) {
		at = fyne.NewPos(size.Width-second.Width, 0)
		objs[0].Resize(first)
	}
	objs[1].Move(at)
	objs[1].Resize(second)
}

const captionGap = 4

func (c *captions) oneLine(objs []fyne.CanvasObject) bool {
	return objs[0].MinSize().Width+8+objs[1].MinSize().Width <= c.width
}

// MinSize implements fyne.Layout. It asks for little width, since it can do
// with two lines.
func (c *captions) MinSize(objs []fyne.CanvasObject) fyne.Size {
	first, second := objs[0].MinSize(), objs[1].MinSize()
	if c.oneLine(objs) {
		return fyne.NewSize(second.Width, max(first.Height, second.Height))
	}
	return fyne.NewSize(second.Width, first.Height+captionGap+second.Height)
}
