package window

import (
	"context"
	"errors"
	"io"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// Exchange reads and writes the settings as a file has them. An error of Read is
// a *control.Problem that names the file.
type Exchange struct {
	Read  func(path string, r io.Reader) (control.Settings, error)
	Write func(w io.Writer, s control.Settings) error
}

// settingsFile is the name that an export proposes.
const settingsFile = "dot-proxy-settings.toml"

// importFile lets the user choose a file.
func (w *Window) importFile() {
	d := dialog.NewFileOpen(func(f fyne.URIReadCloser, err error) {
		if f == nil && err == nil {
			return
		}
		w.importFrom(f, err)
	}, w.win)
	d.SetFilter(storage.NewExtensionFileFilter([]string{".toml"}))
	d.SetTitleText(words.T("Import settings"))
	w.showFiles(d)
}

// showFiles shows a dialog of files, as large as there is room.
func (w *Window) showFiles(d *dialog.FileDialog) {
	size := w.win.Canvas().Size()
	d.Resize(fyne.NewSize(min(size.Width-40, 720), min(size.Height-40, 520)))
	d.Show()
}

// importFrom reads a file and asks whether what it holds shall be set.
func (w *Window) importFrom(f fyne.URIReadCloser, err error) {
	if err != nil {
		w.settings.fail(words.T("The file cannot be read: {{.Error}}. Nothing was changed.", "Error", control.Quote(err.Error())))
		return
	}
	defer f.Close()
	name := f.URI().Name()
	s, err := w.options.Exchange.Read(name, f)
	if err != nil {
		w.settings.fail(viewmodel.Told(err))
		return
	}
	text, some := w.settings.form.ImportQuestion(name, s)
	if !some {
		w.settings.say(text)
		return
	}
	w.confirm(words.T("Import settings?"), text, words.T("Import"), func() { w.settings.take(name, s) })
}

// exportFile lets the user choose where to write what is saved.
func (w *Window) exportFile() {
	d := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) {
		if f == nil && err == nil {
			return
		}
		w.exportTo(f, err)
	}, w.win)
	d.SetFileName(settingsFile)
	d.SetTitleText(words.T("Export settings"))
	w.showFiles(d)
}

func (w *Window) exportTo(f fyne.URIWriteCloser, err error) {
	if err == nil {
		err = errors.Join(w.options.Exchange.Write(f, w.view.Settings), f.Close())
	}
	if err != nil {
		w.settings.fail(words.T("The settings could not be exported: {{.Error}}. Choose another place.", "Error", control.Quote(err.Error())))
		return
	}
	w.settings.say(words.T("Exported to {{.File}}.", "File", control.Quote(f.URI().Name())))
}

// apply sends settings to the engine.
func (w *Window) apply(s control.Settings) {
	w.background(func(ctx context.Context) error { return w.options.Engine.Apply(ctx, s) },
		func(err error) {
			if err == nil {
				w.session.Saved(s) // before the event that says so
				w.view.Settings = s.Clone()
			}
			w.settings.sent(s, asProblem(err))
			w.settings.showNetworks(w.view)
		})
}

func (w *Window) buildSettings() part {
	t := settingsTasks{send: w.apply, browse: w.browse, confirm: w.confirm, computerDNS: w.turnComputerDNS}
	if w.options.Login != nil {
		t.login = w.turnLogin
	}
	if w.options.Exchange.Read != nil {
		t.importFile, t.exportFile = w.importFile, w.exportFile
	}
	w.settings = newSettings(viewmodel.NewForm(), w.shortcut, t)
	p := newPart(w.settings.root, func(v viewmodel.View, _ bool) { w.settings.show(v) })
	p.opened, p.tick = w.lookOutside, w.lookAgain
	return p
}
