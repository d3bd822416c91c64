package tray

import (
	"runtime"

	"github.com/getlantern/systray"

	"dotproxy/app/control"
	"dotproxy/assets"
)

// entry is what the bar asks of a *systray.MenuItem.
type entry interface {
	SetTitle(string)
	Enable()
	Disable()
	Check()
	Uncheck()
	Hide()
	Show()
}

// slot is one entry of the system's menu, with what was last written to it.
type slot struct {
	entry entry
	shown Item
}

// write makes the entry look like i; again writes also what it looks like
// already, since a click on an entry turns its tick over whatever comes of it.
// Every call on a systray item also shows it, so one that shall stay hidden is
// left alone.
func (s *slot) write(i Item, again bool) {
	if !i.Visible {
		if s.shown.Visible {
			s.entry.Hide()
		}
		s.shown.Visible = false
		return
	}
	if i == s.shown && !again {
		return
	}
	s.entry.SetTitle(i.Title)
	if i.Enabled {
		s.entry.Enable()
	} else {
		s.entry.Disable()
	}
	if i.Checked {
		s.entry.Check()
	} else {
		s.entry.Uncheck()
	}
	s.entry.Show()
	s.shown = i
}

// bar is the icon and its menu. The systray library cannot remove entries, so
// all that may be needed are made at the start and hidden. One goroutine calls
// write.
type bar struct {
	slots     map[ID]*slot
	providers []*slot
	setIcon   func(control.State)
	icon      control.State
}

// write makes the tray look like m.
func (b *bar) write(m Menu) {
	if m.Icon != b.icon {
		b.setIcon(m.Icon)
		b.icon = m.Icon
	}
	for id, s := range b.slots {
		s.write(m.Items[id], hasTick(id))
	}
	for i, s := range b.providers {
		var item Item
		if i < len(m.Providers) {
			item = m.Providers[i].Item
		}
		s.write(item, true)
	}
}

// newBar makes the entries in the order of Layout; clicked gets the ID of a
// clicked entry, and for one of the providers its place among them.
func newBar(clicked func(id ID, provider int)) *bar {
	b := &bar{slots: map[ID]*slot{}, setIcon: setIcon}
	for _, id := range Layout {
		if id == separator {
			systray.AddSeparator()
			continue
		}
		item := newEntry(id)
		if id == Providers {
			b.addProviders(item, clicked)
		}
		for _, below := range Below[id] {
			b.slots[below] = hidden(item.AddSubMenuItem("", ""), func() { clicked(below, -1) })
		}
		b.slots[id] = hidden(item, func() { clicked(id, -1) })
	}
	return b
}

func hasTick(id ID) bool { return id == UseHere || id == AtLogin }

// newEntry makes an entry of the menu itself, with room for a tick where it may
// have one.
func newEntry(id ID) *systray.MenuItem {
	if hasTick(id) {
		return systray.AddMenuItemCheckbox("", "", false)
	}
	return systray.AddMenuItem("", "")
}

func (b *bar) addProviders(parent *systray.MenuItem, clicked func(id ID, provider int)) {
	for i := range MaxProviders {
		item := parent.AddSubMenuItemCheckbox("", "", false)
		b.providers = append(b.providers, hidden(item, func() { clicked(Providers, i) }))
	}
}

func hidden(item *systray.MenuItem, clicked func()) *slot {
	item.Hide()
	go receive(item, clicked)
	return &slot{entry: item}
}

// receive hands on the clicks on one entry. Its channel holds none and drops
// what nobody waits for, so clicked must not block.
func receive(item *systray.MenuItem, clicked func()) {
	for range item.ClickedCh {
		clicked()
	}
}

// setIcon shows the icon of a state. The bytes stay where they are for good,
// because GTK reads them later.
func setIcon(s control.State) {
	icons := assets.TrayPNG
	if runtime.GOOS == "windows" {
		icons = assets.TrayICO
	}
	icon, known := icons[string(s)]
	if !known {
		icon = icons[string(control.Degraded)]
	}
	if runtime.GOOS == "darwin" {
		systray.SetTemplateIcon(assets.TrayTemplate[string(s)], icon)
		return
	}
	systray.SetIcon(icon)
}
