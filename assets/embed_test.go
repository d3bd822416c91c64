package assets_test

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"image/png"
	"testing"

	"dotproxy/assets"
)

var states = []string{"protected", "degraded", "paused", "portal", "failed", "stopped", "starting"}

func TestEveryStateHasItsOwnPictures(t *testing.T) {
	for name, icons := range map[string]map[string][]byte{
		"TrayPNG": assets.TrayPNG, "TrayTemplate": assets.TrayTemplate, "TrayICO": assets.TrayICO, "ShieldSVG": assets.ShieldSVG,
	} {
		if len(icons) != len(states) {
			t.Errorf("%s has %d states, want %d", name, len(icons), len(states))
		}
		for i, state := range states {
			if len(icons[state]) == 0 {
				t.Errorf("%s has no picture for %s", name, state)
			}
			for _, other := range states[:i] {
				if bytes.Equal(icons[state], icons[other]) {
					t.Errorf("%s shows %s and %s alike", name, state, other)
				}
			}
		}
	}
}

func TestPNGSizes(t *testing.T) {
	check := func(name string, data []byte, want int) {
		t.Helper()
		pic, err := png.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if pic.Width != want || pic.Height != want {
			t.Errorf("%s is %d×%d, want %d", name, pic.Width, pic.Height, want)
		}
	}
	for _, state := range states {
		check("tray icon of "+state, assets.TrayPNG[state], 48)
		check("template of "+state, assets.TrayTemplate[state], 32)
	}
	check("application icon", assets.AppPNG, 256)
}

// macOS uses the opacity of a template alone; anything but black in one is a
// mistake of the renderer.
func TestTemplatesAreBlack(t *testing.T) {
	for _, state := range states {
		pic, err := png.Decode(bytes.NewReader(assets.TrayTemplate[state]))
		if err != nil {
			t.Fatal(err)
		}
		opaque := 0
		for y := range pic.Bounds().Dy() {
			for x := range pic.Bounds().Dx() {
				r, g, b, a := pic.At(x, y).RGBA()
				if r|g|b != 0 {
					t.Fatalf("%s: a coloured pixel at %d,%d", state, x, y)
				}
				if a == 0xffff {
					opaque++
				}
			}
		}
		if opaque < 50 {
			t.Errorf("%s: only %d pixels are drawn", state, opaque)
		}
	}
}

func TestICOHoldsFiveSizes(t *testing.T) {
	for _, state := range states {
		ico := assets.TrayICO[state]
		if len(ico) < 6 || binary.LittleEndian.Uint16(ico[2:]) != 1 {
			t.Fatalf("%s is no icon file", state)
		}
		if n := binary.LittleEndian.Uint16(ico[4:]); n != 5 {
			t.Errorf("%s holds %d pictures, want 5", state, n)
		}
	}
}

func TestSVGIsWellFormed(t *testing.T) {
	check := func(name string, data []byte) {
		var root struct {
			XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
		}
		if err := xml.Unmarshal(data, &root); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, state := range states {
		check(state, assets.ShieldSVG[state])
	}
	check("application icon", assets.AppSVG)
}
