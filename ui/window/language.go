package window

import (
	"embed"
	"errors"
	"io/fs"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"dotproxy/app/words"
)

// toolkit has the texts of Fyne's own dialogs and menus in languages that Fyne
// lacks.
//
//go:embed toolkit/*.json
var toolkit embed.FS

// UseLanguage takes the system's language, for the window and for the toolkit's
// own dialogs. It is called before the toolkit's app is made.
func UseLanguage() error {
	words.UseSystem()
	name := words.Language() + ".json"
	added := lang.AddTranslations(fyne.NewStaticResource(name, words.File(words.Language())))
	text, err := toolkit.ReadFile("toolkit/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		return added
	}
	return errors.Join(added, err, lang.AddTranslations(fyne.NewStaticResource("toolkit."+name, text)))
}
