package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"dotproxy/ui/viewmodel"
)

// bindings are the shortcuts with Ctrl, on macOS with Command.
func (w *Window) bindings() map[fyne.KeyName]func() {
	return map[fyne.KeyName]func(){
		fyne.Key1:     func() { w.Open(ViewHome) },
		fyne.Key2:     func() { w.Open(ViewQueries) },
		fyne.Key3:     func() { w.Open(ViewSettings) },
		fyne.KeyComma: func() { w.Open(ViewSettings) },
		fyne.KeyF: func() {
			w.Open(ViewQueries)
			w.win.Canvas().Focus(w.queries.search)
		},
		fyne.KeyS: w.toggle,
		fyne.KeyW: w.win.Close,
	}
}

// bindKeys listens for shortcuts, and for keys while nothing has the focus.
func (w *Window) bindKeys() {
	for key, do := range w.bindings() {
		w.win.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}, func(fyne.Shortcut) { do() })
	}
	w.win.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		if w.open == ViewQueries {
			w.queries.key(k)
		}
	})
}

// shortcut does what a shortcut means that a focused input was given.
func (w *Window) shortcut(s fyne.Shortcut) bool {
	c, ok := s.(*desktop.CustomShortcut)
	if !ok || c.Modifier != fyne.KeyModifierShortcutDefault {
		return false
	}
	do := w.bindings()[c.KeyName]
	if do != nil {
		do()
	}
	return do != nil
}

// toggle starts or stops, as the header's first button would.
func (w *Window) toggle() {
	if a, ok := viewmodel.ToggleAction(viewmodel.HeaderOf(w.view)); ok {
		w.act(a)
	}
}
