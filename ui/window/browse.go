package window

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/theme"

	"dotproxy/app/words"
)

// browse lets the user choose a file of certificates.
func (w *Window) browse(chosen func(path string)) {
	d := dialog.NewFileOpen(func(f fyne.URIReadCloser, err error) {
		if err != nil {
			dialog.ShowError(err, w.win)
			return
		}
		if f == nil {
			return
		}
		path := f.URI().Path()
		_ = f.Close()
		chosen(path)
	}, w.win)
	d.SetFilter(storage.NewExtensionFileFilter([]string{".pem", ".crt", ".cer", ".cert"}))
	d.SetTitleText(words.T("Choose a file of certificates"))
	w.showFiles(d)
}

// copyShown is for how long a copy button shows that it has copied.
const copyShown = 2 * time.Second

// copy puts text on the clipboard and shows on the button that it did.
func (w *Window) copy(on *button, text string) {
	fyne.CurrentApp().Clipboard().SetContent(text)
	on.set("", theme.ConfirmIcon())
	w.options.Later(copyShown, func() { on.set("", theme.ContentCopyIcon()) })
}
