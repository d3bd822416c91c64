package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"dotproxy/ui/viewmodel"
)

// numbers are the keys that open the views in order.
var numbers = []fyne.KeyName{fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4, fyne.Key5}

// bindings are the shortcuts with Ctrl, on macOS with Command.
func (w *Window) bindings() map[fyne.KeyName]func() {
	keys := map[fyne.KeyName]func(){
		fyne.KeyComma: func() { w.Open(ViewSettings) },
		fyne.KeyF: func() {
			w.Open(ViewQueries)
			w.win.Canvas().Focus(w.queries.search)
		},
		fyne.KeyS: func() { w.press(viewmodel.ToggleAction) },
		fyne.KeyP: func() { w.press(viewmodel.PauseAction) },
		fyne.KeyE: func() {
			w.Open(ViewQueries)
			w.export()
		},
		fyne.KeyR: func() { w.part().again() },
		fyne.KeyW: w.win.Close,
	}
	for i, p := range pages() {
		keys[numbers[i]] = func() { w.Open(p.name) }
	}
	for key, do := range keys {
		keys[key] = func() {
			// What a dialog asks is answered first.
			if key == fyne.KeyW || !w.welcoming() && w.win.Canvas().Overlays().Top() == nil {
				do()
			}
		}
	}
	return keys
}

// bindKeys listens for shortcuts, and for keys while nothing has the focus.
func (w *Window) bindKeys() {
	for key, do := range w.bindings() {
		w.win.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}, func(fyne.Shortcut) { do() })
	}
	w.win.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		if top := w.win.Canvas().Overlays().Top(); top != nil {
			if k.Name == fyne.KeyEscape {
				top.Hide()
			}
			return
		}
		if w.welcoming() {
			w.welcome.key(k)
			return
		}
		w.part().key(k)
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

// press does what a button of the header would, from any view.
func (w *Window) press(which func(viewmodel.Header) (viewmodel.Action, bool)) {
	a, ok := which(viewmodel.HeaderOf(w.view))
	if !ok {
		return
	}
	if a == viewmodel.Pause {
		w.Open(ViewHome) // the choices stand beneath its button
	}
	w.act(a)
}
