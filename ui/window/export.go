package window

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// export asks in which form the queries that are shown go into a file, and says
// what somebody learns who reads it.
func (w *Window) export() {
	list := viewmodel.Exported(w.queries.list.Snapshot().Rows)
	if len(list) == 0 {
		return
	}
	note := newWrapped(words.Join(viewmodel.ExportNote(list), words.T("Only the queries that are shown go into it.")), textNormal, colorTextPlain)
	var d *dialog.CustomDialog
	choice := func(f viewmodel.Format) func() {
		return func() {
			d.Hide()
			w.exportAs(f, list)
		}
	}
	d = dialog.NewCustomWithoutButtons(viewmodel.ExportTitle(len(list)), container.NewPadded(atLeast(note, min(w.win.Canvas().Size().Width-80, 420), 40)), w.win)
	asCSV := newFilled(words.T("As CSV…"), choice(viewmodel.CSV))
	d.SetButtons([]fyne.CanvasObject{newButton(words.T("Cancel"), nil, func() { d.Hide() }), newButton(words.T("As JSON…"), nil, choice(viewmodel.JSON)), asCSV})
	d.Show()
	w.win.Canvas().Focus(asCSV)
}

// exportAs asks where to.
func (w *Window) exportAs(f viewmodel.Format, list []control.Query) {
	d := dialog.NewFileSave(func(file fyne.URIWriteCloser, err error) {
		if file == nil && err == nil {
			return
		}
		w.exportQueries(file, err, f, list)
	}, w.win)
	d.SetFileName(f.FileName(time.Now()))
	d.SetTitleText(viewmodel.ExportNote(list))
	w.showFiles(d)
}

func (w *Window) exportQueries(file fyne.URIWriteCloser, err error, f viewmodel.Format, list []control.Query) {
	if err == nil {
		err = errors.Join(viewmodel.Export(file, f, list), file.Close())
	}
	if err != nil {
		w.tell(words.T("The queries could not be exported"), words.T("{{.Error}}. Choose another place.", "Error", control.Quote(err.Error())))
	}
}

// tell says something that no view has a place for.
func (w *Window) tell(title, text string) {
	var d *dialog.CustomDialog
	words := newWrapped(text, textNormal, colorTextPlain)
	d = dialog.NewCustomWithoutButtons(title, container.NewPadded(atLeast(words, min(w.win.Canvas().Size().Width-80, 420), 40)), w.win)
	ok := newFilled("OK", func() { d.Hide() })
	d.SetButtons([]fyne.CanvasObject{ok})
	d.Show()
	w.win.Canvas().Focus(ok)
}

// ask makes a query to be seen in the list.
func (w *Window) ask() {
	at, ok := viewmodel.AskAddress(w.view.Status)
	if !ok {
		return
	}
	w.background(func(ctx context.Context) error { return w.options.Ask(ctx, at) }, func(err error) {
		if err != nil {
			w.tell(words.T("There is no answer"), words.T("DoT Proxy was asked for example.com and gave none: {{.Error}}.", "Error", control.Quote(err.Error())))
		}
	})
}
