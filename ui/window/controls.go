package window

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// button is Fyne's, a little wider, since that hugs its text. Enter presses it
// as Space does, and the focus stands around it, so that it is seen on the
// filled one as well.
type button struct {
	widget.Button
	focused bool
	raised  bool
}

func newButton(label string, icon fyne.Resource, tapped func()) *button {
	b := &button{}
	b.Text, b.Icon, b.OnTapped = label, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

func newFilled(label string, tapped func()) *button {
	b := newButton(label, nil, tapped)
	b.Importance = widget.HighImportance
	return b
}

// raise gives a plain button that stands on a tint the colour of the surface.
func (b *button) raise() { b.raised, b.Importance = true, widget.LowImportance }

// MinSize implements fyne.CanvasObject.
func (b *button) MinSize() fyne.Size {
	b.ExtendBaseWidget(b)
	if b.Text == "" {
		return b.Button.MinSize()
	}
	return b.Button.MinSize().AddWidthHeight(14, 0)
}

// FocusGained implements fyne.Focusable.
func (b *button) FocusGained() { b.focused = true; b.Button.FocusGained() }

// FocusLost implements fyne.Focusable.
func (b *button) FocusLost() { b.focused = false; b.Button.FocusLost() }

// TypedKey implements fyne.Focusable.
func (b *button) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		b.Tapped(nil)
	default:
		handOn(b, k)
	}
}

// handOn gives the window a key that a focused widget has no use for.
func handOn(from fyne.CanvasObject, k *fyne.KeyEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(from); c != nil && c.OnTypedKey() != nil {
		c.OnTypedKey()(k)
	}
}

// CreateRenderer implements fyne.Widget.
func (b *button) CreateRenderer() fyne.WidgetRenderer {
	r := &buttonRenderer{WidgetRenderer: b.Button.CreateRenderer(), b: b, back: canvas.NewRectangle(nil), ring: canvas.NewRectangle(nil)}
	r.objs = slices.Concat([]fyne.CanvasObject{r.back}, r.WidgetRenderer.Objects(), []fyne.CanvasObject{r.ring})
	r.paint()
	return r
}

type buttonRenderer struct {
	fyne.WidgetRenderer
	b          *button
	back, ring *canvas.Rectangle
	objs       []fyne.CanvasObject
}

const ringAround = 3

func (r *buttonRenderer) paint() {
	r.back.FillColor, r.back.CornerRadius, r.back.Hidden = colorOf(r.b, colorSurface), radiusInput, !r.b.raised
	r.ring.FillColor, r.ring.StrokeColor = colorOf(r.b, colorNothing), colorOf(r.b, theme.ColorNamePrimary)
	r.ring.StrokeWidth, r.ring.CornerRadius, r.ring.Hidden = 2, radiusInput+ringAround, !r.b.focused
}

// Layout implements fyne.WidgetRenderer.
func (r *buttonRenderer) Layout(size fyne.Size) {
	r.WidgetRenderer.Layout(size)
	r.back.Resize(size)
	r.ring.Move(fyne.NewPos(-ringAround, -ringAround))
	r.ring.Resize(size.AddWidthHeight(2*ringAround, 2*ringAround))
}

// Refresh implements fyne.WidgetRenderer.
func (r *buttonRenderer) Refresh() {
	r.paint()
	r.back.Refresh()
	r.WidgetRenderer.Refresh()
	r.ring.Refresh()
}

// Objects implements fyne.WidgetRenderer.
func (r *buttonRenderer) Objects() []fyne.CanvasObject { return r.objs }

// set changes the label and icon.
func (b *button) set(label string, icon fyne.Resource) {
	if b.Text != label || b.Icon != icon {
		b.Text, b.Icon = label, icon
		b.Refresh()
	}
}

// enable is Enable or Disable.
func (b *button) enable(on bool) {
	if on {
		b.Enable()
	} else {
		b.Disable()
	}
}

// iconButton is a button of an icon alone.
func iconButton(icon fyne.Resource, tapped func()) *button {
	b := newButton("", icon, tapped)
	b.Importance = widget.LowImportance
	return b
}

// shortcuts takes what a focused input would swallow.
type shortcuts func(fyne.Shortcut) bool

// entry is Fyne's, and hands on shortcuts it does not know.
type entry struct {
	widget.Entry
	shortcuts shortcuts
	escape    func()
}

func newEntry(keys shortcuts, changed func(string)) *entry {
	e := &entry{shortcuts: keys}
	e.ExtendBaseWidget(e)
	e.OnChanged = changed
	return e
}

// TypedShortcut implements fyne.Shortcutable.
func (e *entry) TypedShortcut(s fyne.Shortcut) {
	if _, own := s.(*desktop.CustomShortcut); own && e.shortcuts(s) {
		return
	}
	e.Entry.TypedShortcut(s)
}

// TypedKey implements fyne.Focusable.
func (e *entry) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape && e.escape != nil {
		e.escape()
		return
	}
	e.Entry.TypedKey(k)
}

// selectEntry is Fyne's, and hands on shortcuts it does not know.
type selectEntry struct {
	widget.SelectEntry
	shortcuts shortcuts
}

func newSelectEntry(keys shortcuts, changed func(string)) *selectEntry {
	e := &selectEntry{shortcuts: keys}
	e.ExtendBaseWidget(e)
	e.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	e.OnChanged = changed
	return e
}

// TypedShortcut implements fyne.Shortcutable.
func (e *selectEntry) TypedShortcut(s fyne.Shortcut) {
	if _, own := s.(*desktop.CustomShortcut); own && e.shortcuts(s) {
		return
	}
	e.SelectEntry.TypedShortcut(s)
}

// edged lays an outline over an entry, which has its own edge while nothing is
// wrong.
func edged(input fyne.CanvasObject) (*fyne.Container, *outline) {
	o := newOutline(colorNothing)
	return container.NewStack(input, o), o
}

// coloured gives an icon a colour of the theme.
func coloured(icon fyne.Resource, color fyne.ThemeColorName) fyne.Resource {
	return theme.NewColoredResource(icon, color)
}
