package viewmodel

import (
	"strings"

	"dotproxy/app/control"
)

// Kind is one of the chips over the log.
type Kind int

// The kinds, in the order of their chips.
const (
	All Kind = iota
	Failed
	Slow
	Cached
)

// Kinds are all kinds in order.
func Kinds() []Kind { return []Kind{All, Failed, Slow, Cached} }

// String returns the chip's label.
func (k Kind) String() string { return [...]string{"All", "Failed", "Slow", "Cached"}[k] }

// slowMS is from where on an answer counts as slow, in milliseconds.
const slowMS = 100

// Filter chooses rows. The zero Filter lets all through.
type Filter struct {
	Kind Kind
	// Search is looked for in names, in any letter case.
	Search string
}

// Match tells whether q is let through.
func (f Filter) Match(q *control.Query) bool {
	switch f.Kind {
	case Failed:
		if !isFailure(q) {
			return false
		}
	case Slow:
		if q.MS <= slowMS {
			return false
		}
	case Cached:
		if q.Source != control.SourceCache {
			return false
		}
	}
	text := strings.ToLower(strings.TrimSpace(f.Search))
	return text == "" || strings.Contains(strings.ToLower(q.Name), text)
}

// isFailure is as the engine counts failures.
func isFailure(q *control.Query) bool { return q.RCode == "SERVFAIL" || q.RCode == "REFUSED" }
