package e2e_test

import (
	"image"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"dotproxy/app/control"
)

// TestMouseOnTheRealPanel: a click on the icon opens the menu, whose entries
// act when they are chosen with the mouse or with keys.
func TestMouseOnTheRealPanel(t *testing.T) {
	d := newDesk(t, true)
	p := d.startXfce(22, false)
	d.startTray(d.engineFlags()...)
	d.engine("up", up)
	d.answeredBy(d.custom, "first")
	p.adopt()
	p.awaitMenu("(Protected by dot.test)")
	d.drawn(control.Protected, 22, nil)

	place := d.openMenu()
	d.keep("menu", d.shot(place))
	stop := d.firstEntry(place)
	d.xdotool("mousemove", strconv.Itoa(stop.X), strconv.Itoa(stop.Y), "click", "1")
	d.engine("stopped", func(s control.Status) bool { return s.State == control.Stopped })
	d.await("a closed menu", func() bool { _, open := d.menuWindow(); return !open })
	p.awaitMenu("(Stopped)|(DNS is not encrypted)|-|Start|")

	// The first entry that can be chosen is Start.
	d.openMenu()
	d.xdotool("key", "Down", "Return")
	d.engine("up", up)
	d.answeredBy(d.custom, "again")
}

// openMenu clicks once on the panel's icon, as a second click closes the menu,
// and returns where the menu is.
func (d *desk) openMenu() (place image.Rectangle) {
	d.t.Helper()
	d.xdotool("mousemove", "20", "20", "click", "1")
	d.await("the open menu", func() (open bool) {
		place, open = d.menuWindow()
		return open
	})
	return place
}

// menuWindow returns where the panel's open menu is on the screen.
func (d *desk) menuWindow() (place image.Rectangle, open bool) {
	out, _ := exec.Command("xdotool", "search", "--onlyvisible", "--name", ".*", "getwindowgeometry", "--shell", "%@").Output()
	for block := range strings.SplitSeq(string(out), "WINDOW=") {
		at := map[string]int{}
		for line := range strings.Lines(block) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			at[name], _ = strconv.Atoi(value)
		}
		// Below the panel, and neither the root nor one of GTK's tiny helpers.
		if at["Y"] > panelSize/2 && at["WIDTH"] > 100 && at["HEIGHT"] > 100 {
			return image.Rect(at["X"], at["Y"], at["X"]+at["WIDTH"], at["Y"]+at["HEIGHT"]), true
		}
	}
	return image.Rectangle{}, false
}

// firstEntry returns the middle of the first entry of an open menu that can be
// chosen, which the key Down marks.
func (d *desk) firstEntry(menu image.Rectangle) (at image.Point) {
	d.t.Helper()
	d.xdotool("mousemove", "600", "500")
	before := d.shot(menu)
	d.xdotool("key", "Down")
	d.await("a marked entry", func() bool {
		after := d.shot(menu)
		var marked image.Rectangle
		for y := range menu.Dy() {
			for x := range menu.Dx() {
				if contrast(luminance(before.At(x, y)), luminance(after.At(x, y))) >= 1.5 {
					marked = marked.Union(image.Rect(x, y, x+1, y+1))
				}
			}
		}
		at = menu.Min.Add(marked.Min.Add(marked.Max).Div(2))
		return marked.Dx() > menu.Dx()/2 && marked.Dy() > 10 && marked.Dy() < 50
	})
	return at
}
