// Package window is the window's widgets, one file a view. What they show comes
// from ui/viewmodel; what they ask goes to the control API.
package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Colour names beside Fyne's own.
const (
	colorSurface   fyne.ThemeColorName = "surface"
	colorRail      fyne.ThemeColorName = "rail"
	colorText2     fyne.ThemeColorName = "text2"
	colorSelected  fyne.ThemeColorName = "selected"
	colorFaintBar  fyne.ThemeColorName = "faintBar"
	colorGoodTint  fyne.ThemeColorName = "goodTint"
	colorWarnTint  fyne.ThemeColorName = "warnTint"
	colorBadTint   fyne.ThemeColorName = "badTint"
	colorNothing   fyne.ThemeColorName = "nothing"
	colorTextPlain                     = theme.ColorNameForeground
)

// Sizes of text and of shapes, in Fyne's units.
const (
	textNormal  float32 = 14
	textSmall   float32 = 13
	textCaption float32 = 12
	textRail    float32 = 11
	// textMono is a size at which the bundled monospace keeps its underscores.
	textMono  float32 = 13.5
	textTitle float32 = 20
	textState float32 = 24

	radiusCard   float32 = 10
	radiusHeader float32 = 12
	radiusChip   float32 = 13
	radiusInput  float32 = 6

	rowHeight float32 = 26
)

// pair is a colour in light and dark.
type pair struct{ light, dark color.NRGBA }

func rgb(light, dark uint32) pair { return pair{opaque(light), opaque(dark)} }

func opaque(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xFF}
}

// veil is a colour that lets through what is beneath.
func veil(light, dark uint32, alpha uint8) pair {
	p := rgb(light, dark)
	p.light.A, p.dark.A = alpha, alpha
	return p
}

// palette is the whole theme.
var palette = map[fyne.ThemeColorName]pair{
	theme.ColorNameBackground:          rgb(0xF4F5F8, 0x11151C),
	colorSurface:                       rgb(0xFFFFFF, 0x1A202A),
	theme.ColorNameInputBackground:     rgb(0xFFFFFF, 0x1A202A),
	theme.ColorNameOverlayBackground:   rgb(0xFFFFFF, 0x242C39),
	theme.ColorNameMenuBackground:      rgb(0xFFFFFF, 0x242C39),
	theme.ColorNameHeaderBackground:    rgb(0xFFFFFF, 0x242C39),
	colorRail:                          rgb(0xEAECF1, 0x0C1016),
	theme.ColorNameButton:              rgb(0xE7EAF0, 0x2A3341),
	theme.ColorNameDisabledButton:      rgb(0xE7EAF0, 0x2A3341),
	colorSelected:                      rgb(0xE3EBFD, 0x22345C),
	theme.ColorNameSelection:           rgb(0xE3EBFD, 0x22345C),
	theme.ColorNameSeparator:           rgb(0xDDE1E8, 0x2A3240),
	theme.ColorNameInputBorder:         rgb(0xAEB6C3, 0x4A5566),
	theme.ColorNameForeground:          rgb(0x171C28, 0xE9EDF3),
	colorText2:                         rgb(0x4B5566, 0xB0BAC8),
	theme.ColorNamePlaceHolder:         rgb(0x5B6676, 0x94A0B1),
	theme.ColorNameDisabled:            rgb(0x5B6676, 0x94A0B1),
	theme.ColorNamePrimary:             rgb(0x2457D6, 0x82AAFF),
	theme.ColorNameHyperlink:           rgb(0x2457D6, 0x82AAFF),
	theme.ColorNameForegroundOnPrimary: rgb(0xFFFFFF, 0x0A1428),
	colorFaintBar:                      rgb(0xB9CBF7, 0x3D5488),
	theme.ColorNameSuccess:             rgb(0x116B45, 0x56CC94),
	colorGoodTint:                      rgb(0xE2F4EA, 0x14322A),
	theme.ColorNameWarning:             rgb(0x855000, 0xEDB14F),
	colorWarnTint:                      rgb(0xFDF0D9, 0x38290F),
	theme.ColorNameError:               rgb(0xB3251D, 0xFF8B82),
	colorBadTint:                       rgb(0xFCE9E7, 0x41191B),
	theme.ColorNameHover:               veil(0x171C28, 0xE9EDF3, 0x12),
	theme.ColorNamePressed:             veil(0x171C28, 0xE9EDF3, 0x20),
	theme.ColorNameFocus:               veil(0x2457D6, 0x82AAFF, 0x50),
	theme.ColorNameScrollBar:           veil(0x4B5566, 0xB0BAC8, 0x80),
	theme.ColorNameScrollBarBackground: veil(0x000000, 0x000000, 0x00),
	theme.ColorNameShadow:              veil(0x171C28, 0x000000, 0x30),
	colorNothing:                       {},
}

var sizes = map[fyne.ThemeSizeName]float32{
	theme.SizeNamePadding:            4,
	theme.SizeNameInnerPadding:       7,
	theme.SizeNameInputRadius:        radiusInput,
	theme.SizeNameSelectionRadius:    radiusInput,
	theme.SizeNameInlineIcon:         18,
	theme.SizeNameText:               textNormal,
	theme.SizeNameCaptionText:        textCaption,
	theme.SizeNameSubHeadingText:     textTitle,
	theme.SizeNameHeadingText:        textState,
	theme.SizeNameInputBorder:        1,
	theme.SizeNameScrollBar:          12,
	theme.SizeNameScrollBarSmall:     4,
	theme.SizeNameSeparatorThickness: 1,
}

// Theme is the look of the window, light and dark. It is ready as it is.
type Theme struct{}

// Color implements fyne.Theme.
func (Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	p, ok := palette[name]
	switch {
	case !ok:
		return theme.DefaultTheme().Color(name, variant)
	case variant == theme.VariantLight:
		return p.light
	}
	return p.dark
}

// Font implements fyne.Theme.
func (Theme) Font(style fyne.TextStyle) fyne.Resource { return theme.DefaultTheme().Font(style) }

// Icon implements fyne.Theme.
func (Theme) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

// Size implements fyne.Theme.
func (Theme) Size(name fyne.ThemeSizeName) float32 {
	if s, ok := sizes[name]; ok {
		return s
	}
	return theme.DefaultTheme().Size(name)
}

// colorOf is a colour of the theme that w is under, in the system's variant.
func colorOf(w fyne.Widget, name fyne.ThemeColorName) color.Color {
	return themeOf(w).Color(name, fyne.CurrentApp().Settings().ThemeVariant())
}

func themeOf(w fyne.Widget) fyne.Theme {
	if t, ok := w.(interface{ Theme() fyne.Theme }); ok {
		return t.Theme()
	}
	return theme.Current()
}
