package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// panel is a rounded area behind its content: a card, a header, a tag.
type panel struct {
	widget.BaseWidget
	content fyne.CanvasObject
	fill    fyne.ThemeColorName
	edge    fyne.ThemeColorName
	stroke  float32
	radius  float32
	insetX  float32
	insetY  float32
}

func newPanel(content fyne.CanvasObject, fill, edge fyne.ThemeColorName, radius, insetX, insetY float32) *panel {
	p := &panel{content: content, fill: fill, edge: edge, stroke: 1, radius: radius, insetX: insetX, insetY: insetY}
	p.ExtendBaseWidget(p)
	return p
}

// newCard is a panel of the surface's colour with an edge.
func newCard(content fyne.CanvasObject) *panel {
	return newPanel(content, colorSurface, theme.ColorNameSeparator, radiusCard, 15, 15)
}

// paint changes the colours.
func (p *panel) paint(fill, edge fyne.ThemeColorName, stroke float32) {
	if p.fill == fill && p.edge == edge && p.stroke == stroke {
		return
	}
	p.fill, p.edge, p.stroke = fill, edge, stroke
	p.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (p *panel) CreateRenderer() fyne.WidgetRenderer {
	r := &panelRenderer{p: p, back: canvas.NewRectangle(nil)}
	r.paint()
	return r
}

type panelRenderer struct {
	p    *panel
	back *canvas.Rectangle
}

func (r *panelRenderer) paint() {
	r.back.FillColor = colorOf(r.p, r.p.fill)
	r.back.CornerRadius = r.p.radius
	r.back.StrokeWidth = 0
	if r.p.edge != "" {
		r.back.StrokeColor, r.back.StrokeWidth = colorOf(r.p, r.p.edge), r.p.stroke
	}
}

// Layout implements fyne.WidgetRenderer.
func (r *panelRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	r.p.content.Move(fyne.NewPos(r.p.insetX, r.p.insetY))
	r.p.content.Resize(size.SubtractWidthHeight(2*r.p.insetX, 2*r.p.insetY))
}

// MinSize implements fyne.WidgetRenderer.
func (r *panelRenderer) MinSize() fyne.Size {
	return r.p.content.MinSize().AddWidthHeight(2*r.p.insetX, 2*r.p.insetY)
}

// Refresh implements fyne.WidgetRenderer.
func (r *panelRenderer) Refresh() {
	r.paint()
	r.back.Refresh()
	r.Layout(r.p.Size())
	canvas.Refresh(r.p)
}

// Objects implements fyne.WidgetRenderer.
func (r *panelRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.p.content}
}

// Destroy implements fyne.WidgetRenderer.
func (r *panelRenderer) Destroy() {}

// outline is an edge that is laid over an input: Fyne's Select has none, and
// an Entry's cannot be marked as wrong while it is typed into.
type outline struct {
	widget.BaseWidget
	color fyne.ThemeColorName // while nothing is wrong
	wrong bool
}

func newOutline(color fyne.ThemeColorName) *outline {
	o := &outline{color: color}
	o.ExtendBaseWidget(o)
	return o
}

// mark shows whether the input's value is wrong.
func (o *outline) mark(wrong bool) {
	if o.wrong != wrong {
		o.wrong = wrong
		o.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (o *outline) CreateRenderer() fyne.WidgetRenderer {
	r := &outlineRenderer{o: o, edge: canvas.NewRectangle(nil)}
	r.edge.CornerRadius = radiusInput
	r.Refresh()
	return r
}

type outlineRenderer struct {
	o    *outline
	edge *canvas.Rectangle
}

// Layout implements fyne.WidgetRenderer.
func (r *outlineRenderer) Layout(size fyne.Size) { r.edge.Resize(size) }

// MinSize implements fyne.WidgetRenderer.
func (r *outlineRenderer) MinSize() fyne.Size { return fyne.Size{} }

// Refresh implements fyne.WidgetRenderer.
func (r *outlineRenderer) Refresh() {
	r.edge.FillColor = colorOf(r.o, colorNothing)
	r.edge.StrokeColor, r.edge.StrokeWidth = colorOf(r.o, r.o.color), 1
	if r.o.wrong {
		r.edge.StrokeColor, r.edge.StrokeWidth = colorOf(r.o, theme.ColorNameError), 3
	}
	r.edge.Refresh()
}

// Objects implements fyne.WidgetRenderer.
func (r *outlineRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.edge} }

// Destroy implements fyne.WidgetRenderer.
func (r *outlineRenderer) Destroy() {}
