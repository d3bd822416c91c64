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
	Stale
	Own
	Routed
	Blocked
	Clear
)

// Kinds are all kinds in order.
func Kinds() []Kind { return []Kind{All, Failed, Slow, Cached, Stale, Own, Routed, Blocked, Clear} }

// String returns the chip's label.
func (k Kind) String() string {
	return [...]string{"All", "Failed", "Slow", "Cached", "Stale", "Own", "Routed", "Blocked", "Not encrypted"}[k]
}

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
	if !f.Kind.has(q) {
		return false
	}
	text := strings.ToLower(strings.TrimSpace(f.Search))
	return text == "" || strings.Contains(strings.ToLower(q.Name), text)
}

func (k Kind) has(q *control.Query) bool {
	switch k {
	case Failed:
		return isFailure(q)
	case Slow:
		return q.MS > slowMS
	case Cached:
		return q.Source == control.SourceCache
	case Stale:
		return q.Source == control.SourceStale
	case Own:
		return q.Source == control.SourceOverride
	case Routed:
		return q.Source == control.SourceRoute
	case Blocked:
		return q.Source == control.SourceBlocked
	case Clear:
		return !q.Encrypted
	}
	return true
}

// isFailure is as the engine counts failures.
func isFailure(q *control.Query) bool { return q.RCode == "SERVFAIL" || q.RCode == "REFUSED" }
