package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// chip is a small rounded choice: of a filter, or of one value among a few.
type chip struct {
	pressable
	label    string
	selected bool
	radius   float32
}

func newChip(label string, pressed func()) *chip {
	c := &chip{label: label, radius: radiusChip}
	c.pressed = pressed
	c.ExtendBaseWidget(c)
	return c
}

// choose marks the chip as chosen or not.
func (c *chip) choose(on bool) {
	if c.selected != on {
		c.selected = on
		c.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (c *chip) CreateRenderer() fyne.WidgetRenderer {
	r := &chipRenderer{c: c, back: canvas.NewRectangle(nil), over: canvas.NewRectangle(nil), label: canvas.NewText("", nil)}
	r.label.Alignment, r.label.TextSize = fyne.TextAlignCenter, textSmall
	r.paint()
	return r
}

type chipRenderer struct {
	c          *chip
	back, over *canvas.Rectangle
	label      *canvas.Text
}

func (r *chipRenderer) paint() {
	c := r.c
	fill, ink := theme.ColorNameButton, colorText2
	if c.selected {
		fill, ink = theme.ColorNamePrimary, theme.ColorNameForegroundOnPrimary
	}
	r.back.FillColor, r.back.CornerRadius = colorOf(c, fill), c.radius
	r.label.Text, r.label.Color, r.label.TextStyle.Bold = c.label, colorOf(c, ink), c.selected
	paintOver(r.over, c, &c.pressable, c.radius)
}

// paintOver draws pointer and focus over an own widget.
func paintOver(over *canvas.Rectangle, w fyne.Widget, p *pressable, radius float32) {
	over.CornerRadius, over.StrokeWidth, over.FillColor = radius, 0, colorOf(w, colorNothing)
	if p.hovered {
		over.FillColor = colorOf(w, theme.ColorNameHover)
	}
	if p.focused {
		over.StrokeWidth, over.StrokeColor = 2, colorOf(w, theme.ColorNamePrimary)
	}
}

// Layout implements fyne.WidgetRenderer.
func (r *chipRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	r.over.Resize(size)
	r.label.Resize(size)
}

// MinSize implements fyne.WidgetRenderer: wide enough for the bold label, so
// that nothing moves when it is chosen.
func (r *chipRenderer) MinSize() fyne.Size {
	width := fyne.MeasureText(r.c.label, textSmall, fyne.TextStyle{Bold: true}).Width
	return fyne.NewSize(width+16, 26)
}

// Refresh implements fyne.WidgetRenderer.
func (r *chipRenderer) Refresh() {
	r.paint()
	r.back.Refresh()
	r.over.Refresh()
	r.label.Refresh()
	canvas.Refresh(r.c)
}

// Objects implements fyne.WidgetRenderer.
func (r *chipRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.over, r.label}
}

// Destroy implements fyne.WidgetRenderer.
func (r *chipRenderer) Destroy() {}

// choices is a row of chips of which one is chosen.
type choices struct {
	*fyne.Container
	chips  []*chip
	chosen func(int)
	keys   func(*fyne.KeyEvent) // those that the chips have no use for, or nil
}

func newChoices(labels []string, chosen func(int)) *choices {
	c := &choices{Container: hbox(6), chosen: chosen}
	for i, label := range labels {
		one := newChip(label, func() { c.chosen(i) })
		one.keys = func(k *fyne.KeyEvent) {
			switch {
			case k.Name == fyne.KeyLeft && i > 0:
				c.chosen(i - 1)
			case k.Name == fyne.KeyRight && i < len(labels)-1:
				c.chosen(i + 1)
			case c.keys != nil:
				c.keys(k)
			}
		}
		c.chips = append(c.chips, one)
		c.Add(one)
	}
	return c
}

// choose marks one.
func (c *choices) choose(place int) {
	for i, one := range c.chips {
		one.choose(i == place)
	}
}
