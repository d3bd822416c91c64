package viewmodel

import (
	"errors"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Told is an error in the user's language: of a problem of the engine what
// happened and what to do.
func Told(err error) string {
	if p, ok := errors.AsType[*control.Problem](err); ok {
		return words.Join(words.Said(p.Message), words.Said(p.Hint))
	}
	return words.Said(err.Error())
}
