package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"dotproxy/app/control"
	"dotproxy/resolver/resolvertest"
	"dotproxy/ui/window"
)

// Areas of a window of 960 by 640, from its upper left corner.
var (
	portArea = image.Rect(814, 90, 930, 128)
	barArea  = image.Rect(196, 565, 940, 625)
	// settingsArea is the rail's entry, marked while the settings are open.
	settingsArea = image.Rect(12, 208, 164, 236)
)

// sees tells whether at least so many pixels of an area have a colour of the
// light theme. Marks of an error are thin lines, mixed with what is beneath.
func (r *running) sees(name fyne.ThemeColorName, area image.Rectangle, least int) bool {
	r.Helper()
	cmd := exec.Command("import", "-window", r.id, "png:-")
	cmd.Env = r.env
	out, err := cmd.Output()
	if err != nil {
		r.Fatalf("import: %v", err)
	}
	picture, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		r.Fatal(err)
	}
	off := uint8(4)
	if name == theme.ColorNameError {
		off = 30
	}
	want, n := window.Theme{}.Color(name, theme.VariantLight).(color.NRGBA), 0
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if alike(color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA), want, off) {
				n++
			}
		}
	}
	return n >= least
}

// alike tells whether no channel differs by more than off.
func alike(a, b color.NRGBA, off uint8) bool {
	near := func(x, y uint8) bool { return max(x, y)-min(x, y) <= off }
	return near(a.R, b.R) && near(a.G, b.G) && near(a.B, b.B)
}

// TestPortIsTypedAndApplied: a bad port is marked and Apply stays off; a good
// one moves the real engine's listeners.
func TestPortIsTypedAndApplied(t *testing.T) {
	d := newDesk(t, true)
	socket := filepath.Join(d.dir, "control.sock")
	d.start(filepath.Join(d.bin, "dot-proxy"), "serve", "--demo", "-p", strconv.Itoa(resolvertest.FreePort(t)),
		"--control", socket, "--settings", filepath.Join(d.dir, "settings.toml"))
	client := control.NewClient(socket)
	listen := func() []string {
		s, err := client.Status(t.Context())
		if err != nil || s.State != control.Protected {
			return nil
		}
		return s.Listen
	}
	d.until("the engine runs", func() bool { return listen() != nil })
	before := listen()
	w := d.window("--control", socket, "--view", "settings")
	d.until("the settings", func() bool { return w.sees("surface", portArea, 1000) })

	w.retype(portX, portY, "70000")
	d.until("the field marked as wrong", func() bool { return w.sees(theme.ColorNameError, portArea, 100) })
	d.until("the error counted in the bar", func() bool { return w.sees(theme.ColorNameError, barArea, 20) })
	if w.sees(theme.ColorNamePrimary, barArea, 100) {
		t.Error("Apply is on beside a port that is none")
	}
	w.do("key", "Return")

	want := strconv.Itoa(resolvertest.FreePort(t))
	w.retype(portX, portY, want)
	d.until("the buttons of the bar", func() bool { return w.sees(theme.ColorNameButton, barArea, 1500) })
	d.until("Apply filled", func() bool { return w.sees(theme.ColorNamePrimary, barArea, 500) })
	if now := listen(); !slices.Equal(now, before) {
		t.Errorf("the engine listens on %v before Apply, at first on %v", now, before)
	}
	w.click(applyX, applyY, "the engine listens on port "+want, func() bool {
		now := listen()
		return len(now) > 0 && strings.HasSuffix(now[0], ":"+want)
	})
	// The bar offers to undo it, and nothing more to apply.
	d.until("Apply gone", func() bool {
		return !w.sees(theme.ColorNamePrimary, barArea, 500) && w.sees(theme.ColorNameButton, barArea, 1500)
	})
}
