package e2e_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"path/filepath"
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// looks are the states as a panel shows them: how an engine comes to be in
// each, and how the menu then begins. Each has an icon of its own.
var looks = []struct {
	state control.State
	to    func(*controltest.Engine)
	menu  string
}{
	{control.Protected, func(e *controltest.Engine) { e.SetState(control.Protected) },
		"(Protected by Cloudflare)|(11 ms, 71 % from cache)|-|Stop|-|"},
	{control.Degraded, func(e *controltest.Engine) { e.SetState(control.Degraded) },
		"(On backup)|(Cloudflare does not answer)|-|Stop|-|"},
	{control.Paused, func(e *controltest.Engine) {
		e.Change(func(s *control.Status) {
			s.State, s.PausedUntil, s.PauseEndsWithNetwork = control.Paused, new(time.Now()), true
		})
	}, "(Paused until the network changes)|(DNS is not encrypted)|-|Resume now|Stop|-|"},
	{control.SignIn, func(e *controltest.Engine) { e.WantSignIn("") },
		"(Sign-in needed)|(Network wants a sign-in)|-|Open sign-in page|Stop|-|"},
	{control.Failed, func(e *controltest.Engine) { e.Fail(controltest.PortTaken()) },
		"(Not protected)|(Port 53 is taken by dnsmasq)|-|Try again|Fix this…|-|"},
	{control.Stopped, func(e *controltest.Engine) { e.SetState(control.Stopped) },
		"(Stopped)|(DNS is not encrypted)|-|Start|-|"},
	{control.Starting, func(e *controltest.Engine) { e.SetState(control.Starting) },
		"(Starting…)|(Connecting to Cloudflare)|-|Cancel|-|"},
}

// TestPanelShowsEveryState: in a real panel, light and dark, at the usual sizes,
// each state looks unlike every other and stands out from the panel.
func TestPanelShowsEveryState(t *testing.T) {
	for _, dark := range []bool{false, true} {
		for _, size := range []int{16, 22, 32} {
			t.Run(fmt.Sprintf("%d, dark %t", size, dark), func(t *testing.T) { panelStates(t, size, dark) })
		}
	}
}

func panelStates(t *testing.T, size int, dark bool) {
	d := newDesk(t, true)
	p := d.startXfce(size, dark)
	path := filepath.Join(d.dir, "own.sock")
	engine := controltest.New()
	controltest.ServeAt(t, engine, path)
	d.startTray("--control", path)
	p.adopt()
	strip := image.NewRGBA(image.Rect(0, 0, panelSize*len(looks), panelSize))
	defer func() { d.keep("panel", strip) }()
	seen := map[control.State]shape{}
	for i, look := range looks {
		look.to(engine)
		p.awaitMenu(look.menu)
		pic, own := d.drawn(look.state, size, seen)
		seen[look.state] = own
		draw.Draw(strip, image.Rect(panelSize*i, 0, panelSize*(i+1), panelSize), pic, image.Point{}, draw.Src)
	}
}

// drawn waits until the panel shows an icon with a shape that is none of those
// before, and no longer changes. The panel lets the first one slide in: a
// shield takes three quarters of the width.
func (d *desk) drawn(state control.State, size int, before map[control.State]shape) (pic image.Image, own shape) {
	d.t.Helper()
	var last shape
	d.await("an icon of "+string(state)+" that is unlike the others", func() bool {
		pic = d.shot(image.Rect(0, 0, panelSize, panelSize))
		own, last = newShape(pic), own
		whole := 4*own.Dx() >= 3*size-4 && own.Dx() <= size
		if !whole || inked(pic) < leastInk || own.unlike(last) > 0 {
			return false
		}
		for _, other := range before {
			if own.unlike(other) < leastInk {
				return false
			}
		}
		return true
	})
	return pic, own
}

// iconPlace is where a panel shows its first icon, without its edge.
var iconPlace = image.Rect(2, 2, panelSize-2, panelSize-2)

// leastInk is how many pixels make a sign.
const leastInk = 8

// inked counts the pixels that stand out from the panel: a contrast of 3 or
// more (WCAG 2.2, 1.4.11) with its background.
func inked(pic image.Image) (n int) {
	back := luminance(pic.At(panelSize-3, 3))
	for y := iconPlace.Min.Y; y < iconPlace.Max.Y; y++ {
		for x := iconPlace.Min.X; x < iconPlace.Max.X; x++ {
			if contrast(luminance(pic.At(x, y)), back) >= 3 {
				n++
			}
		}
	}
	return n
}

// shape is an icon without its colours: what is panel, what is filled, and what
// is a light sign on it. A panel may show one icon a pixel beside another, so
// only what the icon covers counts.
type shape struct {
	image.Rectangle
	kinds map[image.Point]kind
}

type kind int

const (
	panelKind kind = iota // nothing is drawn
	fillKind
	signKind
)

func newShape(pic image.Image) shape {
	s := shape{kinds: map[image.Point]kind{}}
	back := luminance(pic.At(panelSize-3, 3))
	for y := iconPlace.Min.Y; y < iconPlace.Max.Y; y++ {
		for x := iconPlace.Min.X; x < iconPlace.Max.X; x++ {
			own := luminance(pic.At(x, y))
			switch {
			case contrast(own, back) < 1.5:
				continue
			case own > 0.5:
				s.kinds[image.Pt(x, y)] = signKind
			default:
				s.kinds[image.Pt(x, y)] = fillKind
			}
			s.Rectangle = s.Union(image.Rect(x, y, x+1, y+1))
		}
	}
	return s
}

// unlike counts the pixels in which two shapes differ.
func (s shape) unlike(other shape) (n int) {
	for y := range max(s.Dy(), other.Dy()) {
		for x := range max(s.Dx(), other.Dx()) {
			at := image.Pt(x, y)
			if s.kinds[s.Min.Add(at)] != other.kinds[other.Min.Add(at)] {
				n++
			}
		}
	}
	return n
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

// luminance is the relative one of WCAG 2.2, from 0 to 1.
func luminance(c color.Color) float64 {
	linear := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	r, g, b, _ := c.RGBA()
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
