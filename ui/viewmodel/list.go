package viewmodel

import (
	"time"

	"dotproxy/app/words"
)

// List is the log as the window shows it: a snapshot that follows the log,
// unless the list is paused, scrolled away from its top or has a selected row.
// It belongs to one goroutine.
type List struct {
	log      *Log
	filter   Filter
	snap     Snapshot
	paused   bool
	scrolled bool
	selected uint64
	seen     [3]uint64
	pending  int
}

// NewList shows log.
func NewList(log *Log) *List { return &List{log: log} }

// Update takes over what is new and tells whether anything to be shown
// changed.
func (l *List) Update() bool {
	mark := l.mark()
	if mark == l.seen {
		return false
	}
	l.seen = mark
	if l.Following() {
		l.take()
		return true
	}
	l.pending = l.log.Since(l.snap.Seq, l.filter)
	return true
}

func (l *List) mark() (m [3]uint64) {
	m[0], m[1], m[2] = l.log.Mark()
	return m
}

// take makes a new snapshot. The rows' memory is used again: nobody keeps it.
func (l *List) take() {
	l.snap = l.log.Snapshot(l.filter, l.snap.Rows)
	l.pending = 0
}

// Following tells whether new rows appear by themselves.
func (l *List) Following() bool { return !l.paused && !l.scrolled && l.selected == 0 }

// Paused tells whether Pause list is on.
func (l *List) Paused() bool { return l.paused }

// Pause freezes the list, never the recording; false shows all that is new.
func (l *List) Pause(on bool) {
	l.paused = on
	l.catchUp()
}

// Scrolled tells the list that it is away from its top, or back.
func (l *List) Scrolled(away bool) {
	if l.scrolled == away {
		return
	}
	l.scrolled = away
	l.catchUp()
}

// Select chooses the row at a place of Rows; a negative one chooses none.
func (l *List) Select(i int) {
	l.selected = 0
	if i >= 0 && i < len(l.snap.Rows) {
		l.selected = l.snap.Rows[i].Seq
	}
	l.catchUp()
}

// Selected returns the selected row and its place.
func (l *List) Selected() (row Row, place int, ok bool) {
	if l.selected == 0 {
		return Row{}, -1, false
	}
	for i, r := range l.snap.Rows {
		if r.Seq == l.selected {
			return r, i, true
		}
	}
	return Row{}, -1, false
}

// IsSelected tells whether r is the selected row.
func (l *List) IsSelected(r Row) bool { return r.Seq == l.selected && l.selected != 0 }

// Return ends what keeps the list from following, save a pause.
func (l *List) Return() {
	l.scrolled, l.selected = false, 0
	if l.paused {
		l.paused = false
	}
	l.catchUp()
}

// SetFilter shows other rows of the log at once, also while paused.
func (l *List) SetFilter(f Filter) {
	if f == l.filter {
		return
	}
	l.filter, l.selected = f, 0
	l.take()
}

// Filter returns the filter in use.
func (l *List) Filter() Filter { return l.filter }

// Clear empties the log.
func (l *List) Clear(now time.Time) {
	l.log.Clear(now)
	l.selected, l.scrolled, l.seen = 0, false, l.mark()
	l.take()
}

// Snapshot is what to show. It is valid until the next call that changes it.
func (l *List) Snapshot() Snapshot { return l.snap }

// Pending is how many new rows wait while the list does not follow.
func (l *List) Pending() int { return l.pending }

// PendingLabel is "38 new", or "2,000+ new" where the log is full of them.
func (l *List) PendingLabel() string {
	if l.pending >= LogSize {
		return words.T("{{.Number}}+ new", "Number", Count(LogSize))
	}
	return words.N("{{.N}} new", l.pending)
}

func (l *List) catchUp() {
	if l.Following() {
		l.take()
	}
}
