package viewmodel

import (
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
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

// Label is the chip's.
func (k Kind) Label() string { return words.T(k.String()) }

// String is the kind's name in English, by which it is remembered.
func (k Kind) String() string {
	return [...]string{words.Mark("All"), words.Mark("Failed"), words.Mark("Slow"), words.Mark("Cached"), words.Mark("Stale"), words.Mark("Own"), words.Mark("Routed"), words.Mark("Blocked"), words.Mark("Not encrypted")}[k]
}

// KindNamed is the kind whose String is name, All for any other.
func KindNamed(name string) Kind {
	return Kind(max(0, slices.IndexFunc(Kinds(), func(k Kind) bool { return k.String() == name })))
}

// Filter chooses rows. The zero Filter lets all through.
type Filter struct {
	Kind Kind
	// Search is looked for in names, as control.MatchName does.
	Search string
}

// Match tells whether q is let through.
func (f Filter) Match(q *control.Query) bool {
	if !f.Kind.has(q) {
		return false
	}
	return strings.TrimSpace(f.Search) == "" || control.MatchName(q.Name, f.Search)
}

func (k Kind) has(q *control.Query) bool {
	switch k {
	case Failed:
		return q.Failed()
	case Slow:
		return q.MS > control.SlowMS
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
