package window

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// providerDialog adds a provider of the user's own, or changes one.
type providerDialog struct {
	model   *viewmodel.Adding
	dialog  *dialog.CustomDialog
	input   *entry
	edge    *outline
	line    *text
	cancel  *answer
	anyway  *answer
	yes     *answer
	offered bool // anyway is among the buttons

	// test tests a text, add takes one; each hands on what came of it. stop ends
	// a test.
	test func(upstream string, then func(control.ProviderTest, error))
	add  func(upstream, was string, then func(error))
	stop func()
}

// editProvider opens the dialog; was is what is changed, empty for a new one.
func (w *Window) editProvider(was string) {
	d := &providerDialog{model: w.providers.shelf.NewAdding(was), add: w.addProvider}
	halt, stop := context.WithCancel(context.Background())
	d.stop = stop
	d.test = func(upstream string, then func(control.ProviderTest, error)) {
		w.stopTest() // there is one at a time
		var r control.ProviderTest
		w.background(func(ctx context.Context) (err error) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(halt, cancel)()
			r, err = viewmodel.TestOne(ctx, w.options.Engine, upstream)
			return err
		}, func(err error) {
			if halt.Err() != nil { // the dialog has gone
				return
			}
			if err == nil {
				w.providers.shelf.Trial().Note(r) // its row says what was found
			}
			then(r, err)
		})
	}
	d.build(w)
	d.dialog.Show()
	w.win.Canvas().Focus(d.input)
}

func (d *providerDialog) build(w *Window) {
	d.input = newEntry(w.shortcut, func(text string) { d.model.Type(text); d.render() })
	d.input.TextStyle.Monospace = true
	d.input.SetPlaceHolder("192.168.1.10#dns.home.example")
	d.input.SetText(d.model.Was())
	d.input.OnSubmitted = func(string) { d.begin() }
	d.input.escape = d.close
	var input fyne.CanvasObject
	input, d.edge = edged(d.input)
	d.line = newWrapped("", textSmall, colorText2)
	width := min(w.win.Canvas().Size().Width-120, 460)
	label := newText(words.T("Address and certificate name"), textSmall, colorText2)
	body := vbox(6, label, input, atLeast(d.line, width, 56))
	d.dialog = dialog.NewCustomWithoutButtons(d.model.Title(), container.NewPadded(body), w.win)
	d.cancel = newAnswer(words.T("Cancel"), d.close, d.close)
	d.anyway = newAnswer("", func() { d.take(d.model.Text()) }, d.close)
	d.yes = newAnswer("", d.begin, d.close)
	d.yes.Importance = widget.HighImportance
	d.dialog.SetButtons([]fyne.CanvasObject{d.cancel, d.yes})
	d.dialog.SetOnClosed(d.stop)
	d.render()
}

func (d *providerDialog) close() { d.dialog.Hide() }

func (d *providerDialog) render() {
	if d.yes == nil {
		return // the input's first text
	}
	text, tone := d.model.Line()
	ink := colorText2
	if tone == viewmodel.Bad {
		ink = theme.ColorNameError
	}
	d.line.set(text, ink)
	d.edge.mark(tone == viewmodel.Bad)
	d.yes.set(d.model.Yes(), nil)
	d.yes.enable(d.model.Ready())
	anyway := d.model.Anyway()
	d.anyway.set(anyway, nil)
	if offered := anyway != ""; offered != d.offered {
		d.offered = offered
		buttons := []fyne.CanvasObject{d.cancel, d.yes}
		if offered {
			buttons = []fyne.CanvasObject{d.cancel, d.anyway, d.yes}
		}
		d.dialog.SetButtons(buttons)
	}
}

// begin tests what was typed, and adds what passes.
func (d *providerDialog) begin() {
	if !d.model.Begin() {
		return
	}
	d.render()
	d.test(d.model.Text(), func(r control.ProviderTest, err error) {
		passed := d.model.Done(r, err)
		d.render()
		if passed {
			d.take(r.Upstream)
		}
	})
}

// take adds an upstream and closes the dialog, unless the engine refuses it.
func (d *providerDialog) take(upstream string) {
	d.add(upstream, d.model.Was(), func(err error) {
		if err == nil {
			d.close()
			return
		}
		d.model.Refused(err)
		d.render()
	})
}
