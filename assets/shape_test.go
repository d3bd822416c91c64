package assets_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"testing"

	"dotproxy/assets"
)

// leastApart is the share of its pixels in which an icon must differ from every
// other, in percent: 8 of the 256 of the smallest.
const leastApart = 3

// TestStatesDifferInShape: colour is never the only sign, at the sizes of
// panels, in every picture that a system shows.
func TestStatesDifferInShape(t *testing.T) {
	for _, size := range []int{16, 22, 32} {
		apart(t, fmt.Sprintf("file of %d", size), func(state string) image.Image {
			data, err := os.ReadFile(fmt.Sprintf("tray/%s-%d.png", state, size))
			if err != nil {
				t.Fatal(err)
			}
			return decoded(t, data, size)
		})
		apart(t, fmt.Sprintf("panel of %d", size), func(state string) image.Image {
			return shrunk(decoded(t, assets.TrayPNG[state], 48), size)
		})
		apart(t, fmt.Sprintf("template at %d", size), func(state string) image.Image {
			return shrunk(decoded(t, assets.TrayTemplate[state], 32), size)
		})
	}
	for _, size := range []int{16, 20, 24, 32, 48} {
		apart(t, fmt.Sprintf("icon file at %d", size), func(state string) image.Image { return inICO(t, assets.TrayICO[state], size) })
	}
}

// apart compares the shapes of all states' pictures.
func apart(t *testing.T, what string, picture func(state string) image.Image) {
	t.Helper()
	shapes := make([][]bool, len(states))
	for i, state := range states {
		shapes[i] = shape(picture(state))
		for j := range i {
			differ := 0
			for n, ink := range shapes[i] {
				if ink != shapes[j][n] {
					differ++
				}
			}
			if 100*differ < leastApart*len(shapes[i]) {
				t.Errorf("%s: %s and %s differ in %d of %d pixels", what, state, states[j], differ, len(shapes[i]))
			}
		}
	}
}

// shape tells of each pixel whether it is drawn in the icon's own colour, which
// what shines through and a white sign within are not.
func shape(pic image.Image) []bool {
	b := pic.Bounds()
	ink := make([]bool, 0, b.Dx()*b.Dy())
	for y := range b.Dy() {
		for x := range b.Dx() {
			c := color.NRGBAModel.Convert(pic.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
			ink = append(ink, c.A >= 128 && min(c.R, c.G, c.B) < 190)
		}
	}
	return ink
}

func decoded(t *testing.T, data []byte, size int) image.Image {
	t.Helper()
	pic, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if pic.Bounds().Dx() != size || pic.Bounds().Dy() != size {
		t.Fatalf("%v instead of %d pixels", pic.Bounds(), size)
	}
	return pic
}

// shrunk makes a square picture smaller the way a panel does: each pixel is the
// mean of those that it covers.
func shrunk(pic image.Image, size int) image.Image {
	const fine = 8 // samples along each side of a pixel
	from := pic.Bounds().Dx()
	small := image.NewRGBA64(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			var sum [4]uint32
			for n := range fine * fine {
				r, g, b, a := pic.At((x*fine+n%fine)*from/(size*fine), (y*fine+n/fine)*from/(size*fine)).RGBA()
				for i, v := range []uint32{r, g, b, a} {
					sum[i] += v
				}
			}
			for i := range sum {
				sum[i] /= fine * fine
			}
			small.SetRGBA64(x, y, color.RGBA64{R: uint16(sum[0]), G: uint16(sum[1]), B: uint16(sum[2]), A: uint16(sum[3])})
		}
	}
	return small
}

// inICO returns the picture of a size in an icon file: rows of blue, green, red
// and opacity, from the bottom to the top, behind a header of 40 bytes.
func inICO(t *testing.T, ico []byte, size int) image.Image {
	t.Helper()
	for i := range int(binary.LittleEndian.Uint16(ico[4:])) {
		entry := ico[6+16*i:]
		if int(entry[0]) != size {
			continue
		}
		header := ico[binary.LittleEndian.Uint32(entry[12:]):]
		if depth := binary.LittleEndian.Uint16(header[14:]); depth != 32 {
			t.Fatalf("%d bits a pixel", depth)
		}
		rows := header[40:]
		pic := image.NewNRGBA(image.Rect(0, 0, size, size))
		for y := range size {
			for x := range size {
				p := rows[4*((size-1-y)*size+x):]
				pic.SetNRGBA(x, y, color.NRGBA{R: p[2], G: p[1], B: p[0], A: p[3]})
			}
		}
		return pic
	}
	t.Fatalf("no picture of %d pixels", size)
	return nil
}
