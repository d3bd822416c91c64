package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"

	"dotproxy/ui/viewmodel"
)

const (
	radioSize float32 = 16
	radioDot  float32 = 12
	cardInset float32 = 13
)

// choiceCard is one provider of a first run, with a mark whether it is chosen.
type choiceCard struct {
	pressable
	choice   viewmodel.WelcomeChoice
	selected bool
}

func newChoiceCard(choice viewmodel.WelcomeChoice, pressed func()) *choiceCard {
	c := &choiceCard{choice: choice}
	c.pressed = pressed
	c.ExtendBaseWidget(c)
	return c
}

func (c *choiceCard) choose(on bool) {
	if c.selected != on {
		c.selected = on
		c.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (c *choiceCard) CreateRenderer() fyne.WidgetRenderer {
	r := &choiceCardRenderer{c: c, back: canvas.NewRectangle(nil), over: canvas.NewRectangle(nil), ring: canvas.NewCircle(nil), dot: canvas.NewCircle(nil)}
	for i := range r.lines {
		r.lines[i] = canvas.NewText("", nil)
	}
	r.paint()
	return r
}

type choiceCardRenderer struct {
	c          *choiceCard
	back, over *canvas.Rectangle
	ring, dot  *canvas.Circle
	lines      [3]*canvas.Text
}

func (r *choiceCardRenderer) paint() {
	c := r.c
	fill, edge, stroke := colorSurface, theme.ColorNameInputBorder, float32(1)
	if c.selected {
		fill, edge, stroke = colorSelected, theme.ColorNamePrimary, 2
	}
	r.back.FillColor, r.back.StrokeColor, r.back.StrokeWidth, r.back.CornerRadius = colorOf(c, fill), colorOf(c, edge), stroke, radiusCard
	r.ring.FillColor, r.ring.StrokeColor, r.ring.StrokeWidth = colorOf(c, colorSurface), colorOf(c, theme.ColorNamePlaceHolder), 1
	if c.selected {
		r.ring.StrokeColor = colorOf(c, theme.ColorNamePrimary)
	}
	r.dot.FillColor, r.dot.Hidden = colorOf(c, theme.ColorNamePrimary), !c.selected
	sizes, inks := [3]float32{textNormal, textSmall, textCaption}, [3]fyne.ThemeColorName{colorTextPlain, colorText2, colorText2}
	for i, text := range []string{c.choice.Title, c.choice.Name, c.choice.Filter} {
		r.lines[i].TextSize, r.lines[i].Color, r.lines[i].TextStyle.Bold = sizes[i], colorOf(c, inks[i]), i == 0
		if r.lines[i].Text == "" {
			r.lines[i].Text = text
		}
	}
	paintOver(r.over, c, &c.pressable, radiusCard+3)
}

// Layout implements fyne.WidgetRenderer. The focus stands around the card,
// whose own edge tells which is chosen.
func (r *choiceCardRenderer) Layout(size fyne.Size) {
	const around = 3
	r.back.Resize(size)
	r.over.Move(fyne.NewPos(-around, -around))
	r.over.Resize(size.AddWidthHeight(2*around, 2*around))
	at := fyne.NewPos(size.Width-cardInset-radioSize, cardInset+1)
	r.ring.Move(at)
	r.ring.Resize(fyne.NewSquareSize(radioSize))
	inset := (radioSize - radioDot) / 2
	r.dot.Move(at.AddXY(inset, inset))
	r.dot.Resize(fyne.NewSquareSize(radioDot))
	y := cardInset - 1
	for i, text := range []string{r.c.choice.Title, r.c.choice.Name, r.c.choice.Filter} {
		room := size.Width - 2*cardInset
		if i == 0 {
			room -= radioSize + 6
		}
		line := r.lines[i]
		line.Text = fitText(text, room, line.TextSize, line.TextStyle)
		height := line.MinSize().Height
		line.Move(fyne.NewPos(cardInset, y))
		line.Resize(fyne.NewSize(room, height))
		y += height + 2
	}
}

// MinSize implements fyne.WidgetRenderer.
func (r *choiceCardRenderer) MinSize() fyne.Size { return fyne.NewSize(120, 84) }

// Refresh implements fyne.WidgetRenderer.
func (r *choiceCardRenderer) Refresh() {
	r.paint()
	r.Layout(r.c.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
	canvas.Refresh(r.c)
}

// Objects implements fyne.WidgetRenderer.
func (r *choiceCardRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.over, r.ring, r.dot, r.lines[0], r.lines[1], r.lines[2]}
}

// Destroy implements fyne.WidgetRenderer.
func (r *choiceCardRenderer) Destroy() {}
