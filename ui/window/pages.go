package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// page is one of the views as the rail lists it. A view stands in files of its
// own; its line in pages() is all that the frame needs to know.
type page struct {
	name, label string
	icon        func() fyne.Resource
	// build makes the view, once for each window.
	build func(*Window) part
}

// part is a view within a window. All its functions are called on Fyne's
// goroutine; newPart makes those that a view has no use for.
type part struct {
	root fyne.CanvasObject
	// show takes what is known of the engine: after a change, with each opening
	// and where the window became small or wide.
	show func(v viewmodel.View, small bool)
	// opened is called after the view came into sight.
	opened func()
	// tick is called a few times a second while something may have changed.
	tick func()
	// key takes keys while nothing has the focus.
	key func(*fyne.KeyEvent)
	// again is Ctrl+R: test or check once more.
	again func()
}

// newPart is a view that wants nothing but to be shown.
func newPart(root fyne.CanvasObject, show func(v viewmodel.View, small bool)) part {
	nothing := func() {}
	return part{root: root, show: show, opened: nothing, tick: nothing, again: nothing, key: func(*fyne.KeyEvent) {}}
}

// The names of the views, as --view takes them.
const (
	ViewHome      = "home"
	ViewQueries   = "queries"
	ViewProviders = "providers"
	ViewCheck     = "check"
	ViewSettings  = "settings"
)

// pages are the views in the rail's order, which Ctrl+1 and so on follow.
func pages() []page {
	return []page{
		{ViewHome, words.T("Home"), theme.HomeIcon, (*Window).buildHome},
		{ViewQueries, words.T("Queries"), theme.ListIcon, (*Window).buildQueries},
		{ViewProviders, words.T("Providers"), theme.StorageIcon, (*Window).buildProviders},
		{ViewCheck, words.T("Check"), theme.ConfirmIcon, (*Window).buildCheck},
		{ViewSettings, words.T("Settings"), theme.SettingsIcon, (*Window).buildSettings},
	}
}

// Views are the names of the views in order.
func Views() (names []string) {
	for _, p := range pages() {
		names = append(names, p.name)
	}
	return names
}

func (w *Window) buildHome() part {
	w.home = newHome(homeActions{act: w.act, use: w.use, systemDNS: w.systemDNS, remedy: w.remedy, copy: w.copy})
	return newPart(w.home.root, w.home.show)
}

func (w *Window) buildQueries() part {
	w.queries = newQueries(viewmodel.NewList(w.log), queryActions{keys: w.shortcut, open: w.Open, ask: w.ask, export: w.export, copy: w.copy})
	w.queries.choose(w.options.Kind)
	p := newPart(w.queries.root, w.queries.show)
	p.opened, p.tick, p.key = w.queries.update, w.queries.update, w.queries.key
	return p
}
