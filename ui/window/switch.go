package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

const (
	switchWidth  float32 = 40
	switchHeight float32 = 22
	knobInset    float32 = 3
)

// toggle is a switch: its knob stands on the right while it is on.
type toggle struct {
	pressable
	on bool
}

// newToggle calls turned with what the switch is to be; set shows it.
func newToggle(turned func(on bool)) *toggle {
	t := &toggle{}
	t.pressed = func() { turned(!t.on) }
	t.ExtendBaseWidget(t)
	return t
}

func (t *toggle) set(on bool) {
	if t.on != on {
		t.on = on
		t.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (t *toggle) CreateRenderer() fyne.WidgetRenderer {
	r := &toggleRenderer{t: t, track: canvas.NewRectangle(nil), knob: canvas.NewCircle(nil), over: canvas.NewRectangle(nil)}
	r.paint()
	return r
}

type toggleRenderer struct {
	t           *toggle
	track, over *canvas.Rectangle
	knob        *canvas.Circle
}

func (r *toggleRenderer) paint() {
	track, knob := theme.ColorNamePlaceHolder, colorSurface
	if r.t.on {
		track, knob = theme.ColorNamePrimary, theme.ColorNameForegroundOnPrimary
	}
	r.track.FillColor, r.track.CornerRadius = colorOf(r.t, track), switchHeight/2
	r.knob.FillColor = colorOf(r.t, knob)
	paintOver(r.over, r.t, &r.t.pressable, (switchHeight+2*knobInset)/2)
}

// Layout implements fyne.WidgetRenderer. The focus stands around the track,
// which may have its colour.
func (r *toggleRenderer) Layout(fyne.Size) {
	r.track.Resize(fyne.NewSize(switchWidth, switchHeight))
	r.over.Move(fyne.NewPos(-knobInset, -knobInset))
	r.over.Resize(fyne.NewSize(switchWidth+2*knobInset, switchHeight+2*knobInset))
	at := fyne.NewPos(knobInset, knobInset)
	if r.t.on {
		at.X += switchWidth - switchHeight
	}
	r.knob.Move(at)
	r.knob.Resize(fyne.NewSquareSize(switchHeight - 2*knobInset))
}

// MinSize implements fyne.WidgetRenderer.
func (r *toggleRenderer) MinSize() fyne.Size {
	return fyne.NewSize(switchWidth, switchHeight)
}

// Refresh implements fyne.WidgetRenderer.
func (r *toggleRenderer) Refresh() {
	r.paint()
	r.Layout(r.t.Size())
	r.track.Refresh()
	r.knob.Refresh()
	r.over.Refresh()
	canvas.Refresh(r.t)
}

// Objects implements fyne.WidgetRenderer.
func (r *toggleRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.track, r.knob, r.over}
}

// Destroy implements fyne.WidgetRenderer.
func (r *toggleRenderer) Destroy() {}
