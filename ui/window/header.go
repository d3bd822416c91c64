package window

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/assets"
	"dotproxy/ui/viewmodel"
)

// header says the state on its tint, with at most two buttons.
type header struct {
	*panel
	act                   func(viewmodel.Action)
	icon                  *shieldIcon
	title, sentence, hint *text
	buttons               *fyne.Container
	pause                 *button // nil where it is not offered
	shown                 viewmodel.Header
}

func newHeader(act func(viewmodel.Action)) *header {
	h := &header{act: act, icon: newShieldIcon(),
		title: newBold("", textState), sentence: newWrapped("", textNormal, colorTextPlain),
		hint: newWrapped("", textSmall, colorText2), buttons: hbox(8)}
	h.title.least = 60
	words := vbox(2, h.title, h.sentence, h.hint)
	line := container.New(&headerLayout{}, h.icon, middle(words), middle(h.buttons))
	h.panel = newPanel(line, colorSurface, theme.ColorNameSeparator, radiusHeader, 20, 18)
	return h
}

// shield is the coloured icon of a state.
func shield(name string) fyne.Resource {
	return fyne.NewStaticResource("state-"+name+".svg", assets.ShieldSVG[name])
}

type look struct{ fill, edge, ink fyne.ThemeColorName }

var looks = map[viewmodel.Tone]look{
	viewmodel.Neutral: {colorSurface, theme.ColorNameSeparator, colorTextPlain},
	viewmodel.Good:    {colorGoodTint, "", theme.ColorNameSuccess},
	viewmodel.Warn:    {colorWarnTint, "", theme.ColorNameWarning},
	viewmodel.Bad:     {colorBadTint, "", theme.ColorNameError},
}

// show fills the header.
func (h *header) show(m viewmodel.Header, small bool) {
	h.title.size = textState
	if small {
		h.title.size = textTitle
	}
	look := looks[m.Tone]
	h.paint(look.fill, look.edge, 1)
	h.icon.show(m.Icon, m.Left)
	h.title.content, h.title.color = m.Title, look.ink
	h.title.Refresh()
	h.sentence.setText(m.Sentence)
	h.hint.setText(m.Hint)
	h.sentence.Hidden, h.hint.Hidden = m.Sentence == "", m.Hint == ""
	if !slices.Equal(m.Buttons, h.shown.Buttons) || m.Tone != h.shown.Tone {
		h.setButtons(m)
	}
	h.shown = m
	h.panel.Refresh()
}

func (h *header) setButtons(m viewmodel.Header) {
	h.buttons.Objects, h.pause = nil, nil
	for _, b := range m.Buttons {
		one := newButton(b.Label, nil, func() { h.act(b.Action) })
		switch {
		case b.Filled:
			one = newFilled(b.Label, one.OnTapped)
		case b.Action == viewmodel.Pause:
			one.Icon, one.IconPlacement = theme.MenuDropDownIcon(), widget.ButtonIconTrailingText
			h.pause = one
		}
		if m.Tone != viewmodel.Neutral && !b.Filled {
			one.raise()
		}
		h.buttons.Add(one)
	}
	h.buttons.Refresh()
}

// headerLayout: icon, words with what is left, buttons.
type headerLayout struct{}

const (
	headerIcon = 56
	headerGap  = 20
)

// Layout implements fyne.Layout.
func (*headerLayout) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	icon, words, buttons := objs[0], objs[1], objs[2]
	icon.Resize(fyne.NewSize(headerIcon, size.Height))
	icon.Move(fyne.Position{})
	width := buttons.MinSize().Width
	buttons.Resize(fyne.NewSize(width, size.Height))
	buttons.Move(fyne.NewPos(size.Width-width, 0))
	x := float32(headerIcon + headerGap)
	words.Move(fyne.NewPos(x, 0))
	words.Resize(fyne.NewSize(max(0, size.Width-x-width-headerGap), size.Height))
}

// MinSize implements fyne.Layout.
func (*headerLayout) MinSize(objs []fyne.CanvasObject) fyne.Size {
	words, buttons := objs[1].MinSize(), objs[2].MinSize()
	return fyne.NewSize(headerIcon+2*headerGap+max(words.Width, 160)+buttons.Width, max(78, words.Height, buttons.Height))
}
