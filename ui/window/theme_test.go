package window

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// luminance is the relative luminance of WCAG 2.
func luminance(c color.NRGBA) float64 {
	part := func(v uint8) float64 {
		if s := float64(v) / 255; s <= 0.03928 {
			return s / 12.92
		} else {
			return math.Pow((s+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*part(c.R) + 0.7152*part(c.G) + 0.0722*part(c.B)
}

func contrast(a, b color.NRGBA) float64 {
	high, low := luminance(a), luminance(b)
	if high < low {
		high, low = low, high
	}
	return (high + 0.05) / (low + 0.05)
}

func TestTextsCanBeRead(t *testing.T) {
	surfaces := []fyne.ThemeColorName{theme.ColorNameBackground, colorSurface, theme.ColorNameOverlayBackground}
	inks := []fyne.ThemeColorName{theme.ColorNameForeground, colorText2, theme.ColorNamePlaceHolder, theme.ColorNamePrimary,
		theme.ColorNameSuccess, theme.ColorNameWarning, theme.ColorNameError}
	pairs := [][2]fyne.ThemeColorName{
		{theme.ColorNameSuccess, colorGoodTint}, {theme.ColorNameWarning, colorWarnTint}, {theme.ColorNameError, colorBadTint},
		{theme.ColorNameForegroundOnPrimary, theme.ColorNamePrimary}, {theme.ColorNameForeground, colorRail}, {colorText2, colorRail},
		{theme.ColorNameForeground, colorSelected}, {theme.ColorNamePrimary, colorSelected}, {colorText2, theme.ColorNameButton},
	}
	for _, s := range surfaces {
		for _, i := range inks {
			pairs = append(pairs, [2]fyne.ThemeColorName{i, s})
		}
	}
	for _, p := range pairs {
		for _, v := range []fyne.ThemeVariant{theme.VariantLight, theme.VariantDark} {
			ink, back := Theme{}.Color(p[0], v).(color.NRGBA), Theme{}.Color(p[1], v).(color.NRGBA)
			if got := contrast(ink, back); got < 4.5 {
				t.Errorf("%s on %s, variant %d: %.1f", p[0], p[1], v, got)
			}
		}
	}
}

// TestPlainButtonsOnTints: they are of the surface's colour, and no part of the
// window has a theme of its own: fonts would be read again for each and kept.
func TestPlainButtonsOnTints(t *testing.T) {
	for _, view := range Views() {
		b := open(t, view, wide, here(t), nil).follow()
		walk(b.win.Content(), func(o fyne.CanvasObject) {
			if themed, ok := o.(*container.ThemeOverride); ok {
				t.Errorf("%s: a theme of its own over %T", view, themed.Content)
			}
		})
		if view != ViewHome {
			continue
		}
		stop := b.w.home.header.buttons.Objects[1].(*button)
		want := Theme{}.Color(colorSurface, fyne.CurrentApp().Settings().ThemeVariant())
		back := test.WidgetRenderer(stop).Objects()[0].(*canvas.Rectangle)
		if stop.Text != "Stop" || back.Hidden || back.FillColor != want || back.Size() != stop.Size() {
			t.Errorf("behind %q are %v and %v, hidden %v", stop.Text, back.FillColor, back.Size(), back.Hidden)
		}
	}
}

func TestThemeHasAll(t *testing.T) {
	if got := (Theme{}).Color("nonsense", theme.VariantLight); got == nil {
		t.Error("an unknown name has no colour")
	}
	if s := (Theme{}).Size(theme.SizeNameLineSpacing); s <= 0 {
		t.Error("a size that is not ours is missing")
	}
}

func TestFitText(t *testing.T) {
	whole := "a-very-long-name.example.com"
	width := fyne.MeasureText(whole, textSmall, fyne.TextStyle{}).Width
	if got := fitText(whole, width, textSmall, fyne.TextStyle{}); got != whole {
		t.Errorf("%q is shortened to %q", whole, got)
	}
	got := fitText(whole, width/2, textSmall, fyne.TextStyle{})
	if fyne.MeasureText(got, textSmall, fyne.TextStyle{}).Width > width/2+1 || len(got) < 8 {
		t.Errorf("%q does not fit, or wastes room", got)
	}
	if got := fitText("ab", 0, textSmall, fyne.TextStyle{}); got != "…" {
		t.Errorf("without room: %q", got)
	}
	lines := wrapText("one two three", fyne.MeasureText("one two", textSmall, fyne.TextStyle{}).Width+1, textSmall, fyne.TextStyle{})
	if len(lines) != 2 || lines[0] != "one two" || lines[1] != "three" {
		t.Errorf("wrapped %q", lines)
	}
	const bound = "pas\u202f: 71\u202f%" // French does not break before a colon or a per cent sign
	if lines := wrapText(bound, fyne.MeasureText("pas\u202f: 71", textSmall, fyne.TextStyle{}).Width+1, textSmall, fyne.TextStyle{}); len(lines) != 2 || lines[0] != "pas\u202f:" {
		t.Errorf("wrapped %q", lines)
	}
}
