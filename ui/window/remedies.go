package window

import (
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/ui/viewmodel"
)

// remedies is the card of ways to fix what failed.
type remedies struct {
	*panel
	title *text
	list  *fyne.Container
	copy  func(*button, string)
	do    func(viewmodel.Remedy)
	shown []string
}

func newRemedies(copy func(*button, string), do func(viewmodel.Remedy)) *remedies {
	r := &remedies{title: newBold("", textNormal), list: vbox(10), copy: copy, do: do}
	r.panel = newCard(vbox(10, r.title, r.list))
	r.panel.Hide()
	return r
}

// show lists the remedies, or hides the card where there is none.
func (r *remedies) show(list []viewmodel.Remedy) {
	r.panel.Hidden = len(list) == 0
	var now []string
	for _, m := range list {
		now = append(now, m.Title, m.Caption, m.Command, m.Button)
	}
	if slices.Equal(now, r.shown) {
		return // what has the focus keeps it
	}
	r.shown, r.list.Objects = now, nil
	r.title.setText(viewmodel.RemediesTitle(len(list)))
	for i, m := range list {
		if i > 0 {
			r.list.Add(widget.NewSeparator())
		}
		if len(list) > 1 {
			m.Title = strconv.Itoa(i+1) + ". " + m.Title
		}
		r.list.Add(r.newRemedy(m))
	}
	r.panel.Refresh()
}

func (r *remedies) newRemedy(m viewmodel.Remedy) fyne.CanvasObject {
	words := vbox(3, newWrapped(m.Title, textSmall, colorText2))
	if m.Caption != "" {
		words.Add(newWrapped(m.Caption, textCaption, colorText2))
	}
	if m.Command != "" {
		words.Add(newCommand(m.Command, r.copy))
	}
	if m.Button == "" {
		return words
	}
	return container.NewBorder(nil, nil, nil, padded(middle(newButton(m.Button, nil, func() { r.do(m) })), 2, 2), middle(words))
}

// newCommand is a command in a box, with a button that copies it.
func newCommand(command string, copy func(*button, string)) fyne.CanvasObject {
	line := newMono(command, textMono)
	line.least = 60
	line.wrap = true
	var copied *button
	copied = iconButton(theme.ContentCopyIcon(), func() { copy(copied, command) })
	return newPanel(container.NewBorder(nil, nil, nil, middle(copied), middle(line)), theme.ColorNameButton, "", radiusInput, 10, 4)
}
