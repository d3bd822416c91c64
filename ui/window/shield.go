package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

const (
	shieldSize  float32 = 52
	ringSize    float32 = 56
	shieldInset float32 = 15 // of the shield within its ring
	ringCutout          = 0.9
)

// shieldIcon is the state's shield, within a ring that runs out where a pause
// has a known end.
type shieldIcon struct {
	widget.BaseWidget
	name string
	left float64
}

func newShieldIcon() *shieldIcon {
	s := &shieldIcon{name: "starting"}
	s.ExtendBaseWidget(s)
	return s
}

// show draws another state; left is the share of the ring, 0 for none.
func (s *shieldIcon) show(name string, left float64) {
	if s.name != name || s.left != left {
		s.name, s.left = name, left
		s.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (s *shieldIcon) CreateRenderer() fyne.WidgetRenderer {
	r := &shieldRenderer{s: s, image: canvas.NewImageFromResource(nil),
		track: canvas.NewArc(0, 360, ringCutout, nil), ring: canvas.NewArc(0, 0, ringCutout, nil)}
	r.image.FillMode = canvas.ImageFillContain
	r.paint()
	return r
}

type shieldRenderer struct {
	s           *shieldIcon
	image       *canvas.Image
	track, ring *canvas.Arc
}

func (r *shieldRenderer) paint() {
	r.image.Resource = shield(r.s.name)
	r.track.FillColor, r.ring.FillColor = colorOf(r.s, theme.ColorNameHover), colorOf(r.s, theme.ColorNameWarning)
	r.ring.StartAngle, r.ring.EndAngle = 0, float32(360*r.s.left)
	r.track.Hidden, r.ring.Hidden = r.s.left <= 0, r.s.left <= 0
}

// Layout implements fyne.WidgetRenderer.
func (r *shieldRenderer) Layout(size fyne.Size) {
	edge := shieldSize
	if r.s.left > 0 {
		edge = ringSize - 2*shieldInset + 8
	}
	at := func(edge float32) fyne.Position {
		return fyne.NewPos((size.Width-edge)/2, (size.Height-edge)/2)
	}
	r.image.Resize(fyne.NewSquareSize(edge))
	r.image.Move(at(edge))
	for _, a := range []*canvas.Arc{r.track, r.ring} {
		a.Resize(fyne.NewSquareSize(ringSize))
		a.Move(at(ringSize))
	}
}

// MinSize implements fyne.WidgetRenderer.
func (r *shieldRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(shieldSize) }

// Refresh implements fyne.WidgetRenderer.
func (r *shieldRenderer) Refresh() {
	r.paint()
	r.Layout(r.s.Size())
	r.image.Refresh()
	r.track.Refresh()
	r.ring.Refresh()
	canvas.Refresh(r.s)
}

// Objects implements fyne.WidgetRenderer.
func (r *shieldRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.track, r.ring, r.image}
}

// Destroy implements fyne.WidgetRenderer.
func (r *shieldRenderer) Destroy() {}
