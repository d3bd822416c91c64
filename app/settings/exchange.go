package settings

import (
	"io"
	"path/filepath"

	"dotproxy/app/control"
)

// Read reads settings from a file's text, as another computer wrote it; keys
// that are missing have their defaults. The path is for the problem alone: an
// error is a *control.Problem that names the file and, where there is one, the
// line. It judges what Settings.Check judges; an engine may know more.
func Read(path string, r io.Reader) (control.Settings, error) {
	name := filepath.Base(path)
	refuse := func(f *fault) (control.Settings, error) {
		p := f.problem(name)
		if p.Hint == "" {
			p.Hint = "Correct the file, or choose another."
		}
		p.Hint += " Nothing was changed."
		return control.Settings{}, p
	}
	text, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	switch {
	case err != nil:
		return refuse(&fault{what: "it cannot be read: " + reason(err)})
	case len(text) > maxSize:
		return refuse(&fault{what: "it is larger than 1 MiB"})
	}
	s, at, wrong := parse(text)
	if wrong == nil && len(at) == 0 {
		wrong = &fault{what: "there is no setting in it"}
	}
	if wrong == nil {
		wrong = check(s, at, nil)
	}
	if wrong != nil {
		return refuse(wrong)
	}
	return s, nil
}

// Write writes settings as they stand in settings.toml: all keys, each with a
// comment.
func Write(w io.Writer, s control.Settings) error {
	text, err := render(s)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
