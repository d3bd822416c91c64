package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/words"
)

// confirm asks before something is done. Enter does it, Escape does not.
func (w *Window) confirm(title, question, yes string, do func()) {
	text := newWrapped(question, textNormal, colorTextPlain)
	width := min(w.win.Canvas().Size().Width-80, 460)
	d := dialog.NewCustomWithoutButtons(title, container.NewPadded(atLeast(text, width, 60)), w.win)
	cancel := newAnswer(words.T("Cancel"), d.Hide, d.Hide)
	act := newAnswer(yes, func() {
		d.Hide()
		do()
	}, d.Hide)
	act.Importance = widget.HighImportance
	d.SetButtons([]fyne.CanvasObject{cancel, act})
	d.Show()
	w.win.Canvas().Focus(act)
}

// answer is a button of a dialog: Enter presses it and Escape closes the dialog.
type answer struct {
	button
	cancel func()
}

func newAnswer(label string, tapped, cancel func()) *answer {
	a := &answer{cancel: cancel}
	a.Text, a.OnTapped = label, tapped
	a.ExtendBaseWidget(a)
	return a
}

// MinSize implements fyne.CanvasObject.
func (a *answer) MinSize() fyne.Size { return a.Button.MinSize().AddWidthHeight(14, 0) }

// TypedKey implements fyne.Focusable.
func (a *answer) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		a.OnTapped()
	case fyne.KeyEscape:
		a.cancel()
	default:
		a.button.TypedKey(k)
	}
}
