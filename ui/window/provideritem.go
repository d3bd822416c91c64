package window

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// providerItem is the details panel of the selected provider.
type providerItem struct {
	*panel
	facts   *fyne.Container
	use     *button
	actions *fyne.Container
	backups *fyne.Container // around backup, up and down
	own     *fyne.Container // around edit and remove
	backup  *button
	up      *button
	down    *button
	edit    *button
	remove  *button
	drawn   viewmodel.ShelfItem
}

func newProviderItem(use func(), do func(change)) *providerItem {
	i := &providerItem{facts: vbox(8)}
	i.use = newFilled("", use)
	i.backup = newButton("", nil, func() {
		if i.drawn.Backup > 0 {
			do(backOff)
		} else {
			do(backOn)
		}
	})
	i.up = newButton("", theme.MoveUpIcon(), func() { do(backUp) })
	i.down = newButton("", theme.MoveDownIcon(), func() { do(backDown) })
	i.edit = newButton(words.T("Edit…"), nil, func() { do(editOne) })
	i.remove = newButton(words.T("Remove…"), nil, func() { do(removeOne) })
	i.backups = container.NewBorder(nil, nil, nil, hbox(6, i.up, i.down), i.backup)
	i.own = container.New(&columns{weights: []float32{1, 1}, gap: 6}, i.edit, i.remove)
	i.actions = vbox(6, widget.NewSeparator(), i.use, i.backups, i.own)
	scroll := newScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 8), i.facts))
	body := container.New(&rows{gap: 8, stretch: 0}, scroll, i.actions)
	i.panel = newPanel(body, colorSurface, theme.ColorNameSeparator, radiusCard, 14, 12)
	i.panel.Hide()
	return i
}

// show draws a provider, or nothing.
func (i *providerItem) show(item viewmodel.ShelfItem, some, busy bool) {
	i.panel.Hidden = !some
	if !some {
		i.drawn = viewmodel.ShelfItem{}
		return
	}
	i.showActions(item, busy)
	if !reflect.DeepEqual(item, i.drawn) {
		i.drawn, i.facts.Objects = item, nil
		i.fill(item)
		i.facts.Refresh()
	}
	i.panel.Refresh()
}

func (i *providerItem) showActions(item viewmodel.ShelfItem, busy bool) {
	switch {
	case item.InUse:
		i.use.set(words.T("In use"), theme.ConfirmIcon())
	case busy:
		i.use.set(words.T("One moment…"), nil)
	default:
		i.use.set(words.T("Use {{.Name}}", "Name", shorten(item.Name)), nil)
	}
	i.use.enable(!item.InUse && !busy)
	i.actions.Hidden = item.Fixed
	i.backup.set(words.T("Add as backup"), nil)
	if item.Backup > 0 {
		i.backup.set(words.T("Not a backup"), nil)
	}
	i.backups.Hidden = item.InUse
	i.up.Hidden, i.down.Hidden = item.Backup < 2, item.Backup == 0 || item.Last
	i.own.Hidden, i.remove.Hidden = !item.Own, item.InUse
	for _, b := range []*button{i.backup, i.up, i.down, i.edit, i.remove} {
		b.enable(!busy)
	}
}

// shorten fits a name into the filled button.
func shorten(name string) string {
	return fitText(name, 130, textNormal, fyne.TextStyle{Bold: true})
}

func (i *providerItem) fill(item viewmodel.ShelfItem) {
	name := newWrapped(item.Name, 16, colorTextPlain)
	name.style.Bold = true
	tags := hbox(4)
	for _, tag := range item.Tags {
		tags.Add(newPanel(newText(tag, textCaption, colorText2), theme.ColorNameButton, "", 4, 6, 1))
	}
	i.facts.Add(vbox(4, name, tags))
	for _, f := range item.Facts {
		box := vbox(1, newText(f.Label, textSmall, colorText2))
		ink := colorTextPlain
		if f.Tone == viewmodel.Bad {
			ink = theme.ColorNameError
		}
		for _, l := range f.Lines {
			line := newWrapped(l, textSmall, ink)
			if f.Mono {
				line = newMono(l, textSmall)
				line.least = 60
			}
			box.Add(line)
		}
		i.facts.Add(box)
	}
	if item.Note != "" {
		i.facts.Add(newWrapped(item.Note, textCaption, colorText2))
	}
}
