package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// railItem is a line of the rail: an icon beside its label, or above it where
// the rail is small.
type railItem struct {
	pressable
	icon     fyne.Resource // drawn in the text's colour, unless fixed
	fixed    bool
	label    string
	caption  string // beneath the label, in a wide rail
	bold     bool
	selected bool
	small    bool
}

func newRailItem(icon fyne.Resource, label string, pressed func()) *railItem {
	i := &railItem{icon: icon, label: label}
	i.pressed = pressed
	i.ExtendBaseWidget(i)
	return i
}

// CreateRenderer implements fyne.Widget.
func (i *railItem) CreateRenderer() fyne.WidgetRenderer {
	r := &railRenderer{i: i, back: canvas.NewRectangle(nil), over: canvas.NewRectangle(nil),
		icon: canvas.NewImageFromResource(i.icon), label: canvas.NewText("", nil), caption: canvas.NewText("", nil)}
	r.icon.FillMode = canvas.ImageFillContain
	r.paint()
	return r
}

type railRenderer struct {
	i              *railItem
	back, over     *canvas.Rectangle
	icon           *canvas.Image
	label, caption *canvas.Text
}

func (r *railRenderer) paint() {
	i := r.i
	fill, ink, iconInk := colorNothing, colorText2, colorText2
	if i.bold {
		ink = colorTextPlain
	}
	if i.selected {
		fill, ink, iconInk = colorSelected, colorTextPlain, theme.ColorNamePrimary
		if i.small {
			ink = theme.ColorNamePrimary
		}
	}
	r.back.FillColor, r.back.CornerRadius = colorOf(i, fill), radiusInput
	r.icon.Resource = i.icon
	if !i.fixed {
		r.icon.Resource = coloured(i.icon, iconInk)
	}
	r.label.Text, r.label.Color, r.label.TextStyle.Bold = i.label, colorOf(i, ink), i.selected || i.bold
	r.label.TextSize, r.label.Alignment = textNormal, fyne.TextAlignLeading
	r.caption.Text, r.caption.Color, r.caption.TextSize = i.caption, colorOf(i, colorText2), textCaption
	r.caption.Hidden = i.small || i.caption == ""
	if i.small {
		r.label.TextSize, r.label.Alignment = textRail, fyne.TextAlignCenter
	} else if i.caption != "" {
		r.label.TextSize = textSmall
	}
	paintOver(r.over, i, &i.pressable, radiusInput)
}

// Layout implements fyne.WidgetRenderer.
func (r *railRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	r.over.Resize(size)
	if r.i.small {
		r.icon.Resize(fyne.NewSquareSize(r.iconSize()))
		r.icon.Move(fyne.NewPos((size.Width-r.iconSize())/2, 6))
		r.label.TextSize = fitSize(r.i.label, size.Width, textRail, r.label.TextStyle)
		r.label.Text = fitText(r.i.label, size.Width, r.label.TextSize, r.label.TextStyle)
		height := r.label.MinSize().Height
		r.label.Resize(fyne.NewSize(size.Width, height))
		r.label.Move(fyne.NewPos(0, size.Height-height-4))
		return
	}
	edge := r.iconSize()
	r.icon.Resize(fyne.NewSquareSize(edge))
	r.icon.Move(fyne.NewPos(10, (size.Height-edge)/2))
	x := 10 + edge + 10
	width := size.Width - x - 2
	r.label.Text = fitText(r.i.label, width, r.label.TextSize, r.label.TextStyle)
	r.caption.Text = fitText(r.i.caption, width, textCaption, fyne.TextStyle{})
	height, below := r.label.MinSize().Height, float32(0)
	if !r.caption.Hidden {
		below = r.caption.MinSize().Height - 1
	}
	top := (size.Height - height - below) / 2
	r.label.Resize(fyne.NewSize(width, height))
	r.label.Move(fyne.NewPos(x, top))
	r.caption.Resize(fyne.NewSize(width, below))
	r.caption.Move(fyne.NewPos(x, top+height-1))
}

func (r *railRenderer) iconSize() float32 {
	if r.i.fixed {
		return 22
	}
	return 18
}

// MinSize implements fyne.WidgetRenderer.
func (r *railRenderer) MinSize() fyne.Size {
	switch {
	case r.i.small:
		return fyne.NewSize(40, 47)
	case r.i.bold:
		return fyne.NewSize(60, 44)
	}
	return fyne.NewSize(60, 35)
}

// Refresh implements fyne.WidgetRenderer.
func (r *railRenderer) Refresh() {
	r.paint()
	r.Layout(r.i.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
	canvas.Refresh(r.i)
}

// Objects implements fyne.WidgetRenderer.
func (r *railRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.over, r.icon, r.label, r.caption}
}

// Destroy implements fyne.WidgetRenderer.
func (r *railRenderer) Destroy() {}
