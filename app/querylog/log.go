// Package querylog keeps the latest answered queries in a fixed ring, for
// people to look at. Adding one is part of a query's way, so it copies bytes
// and makes no text; that is made when somebody reads.
package querylog

import (
	"net/netip"
	"sync/atomic"
	"time"

	"dotproxy/app/control"
)

// DefaultCapacity is how many queries a Log keeps.
const DefaultCapacity = 2000

// MaxAnswer is how many bytes of an answer are kept; records beyond them are
// not shown.
const MaxAnswer = 512

const (
	maxName = 255 // RFC 1035 section 3.1
	maxEDE  = 128
)

// Entry is one answered query as the engine saw it.
type Entry struct {
	// Time is when the query arrived, Elapsed how long its answer took.
	Time    time.Time
	Elapsed time.Duration
	Client  netip.AddrPort
	// TCP is set for a query over TCP, else it came over UDP.
	TCP bool
	// Clear is set for a query that left in clear text.
	Clear bool
	// AD is set where the upstream vouches for the answer (RFC 4035 section
	// 3.2.3).
	AD bool
	// Name is the question's name in wire format, uncompressed.
	Name   []byte
	Type   uint16
	RCode  int
	Source control.Source
	// Upstream is the server that answered; invalid where none was asked.
	Upstream netip.AddrPort
	// Over describes the TLS connection on which the answer came, nil where none
	// did. Nobody may change it.
	Over *control.Connection
	// Tries is how many times a server was asked over TLS, 0 where none was.
	Tries int
	// Answer is the whole answer in wire format.
	Answer []byte
	// HasEDE is set where the answer carries an Extended DNS Error (RFC 8914).
	HasEDE  bool
	EDECode uint16
	EDEText string
}

// Log is a ring of answered queries. All methods may be called at the same
// time.
type Log struct {
	slots []slot
	// next is the number of the latest entry; the first is 1. An entry's slot
	// is its number modulo the capacity.
	next atomic.Uint64
	// floor is the number of the last entry that was forgotten.
	floor atomic.Uint64
	level atomic.Int32
	sleepers
	counters
}

// New returns a log of that many queries (0 means DefaultCapacity) that keeps
// what level says.
func New(capacity int, level control.LogPrivacy) *Log {
	if capacity <= 0 {
		capacity = DefaultCapacity
	}
	l := &Log{slots: make([]slot, capacity)}
	l.level.Store(rank(level))
	return l
}

// The levels of privacy, the stricter the greater.
const (
	full int32 = iota
	hideNames
	off
)

// rank returns the level; one that is not known keeps nothing.
func rank(level control.LogPrivacy) int32 {
	switch level {
	case control.LogFull:
		return full
	case control.LogHideNames:
		return hideNames
	}
	return off
}

// SetPrivacy changes what is kept. A stricter level forgets all that was kept
// before.
func (l *Log) SetPrivacy(level control.LogPrivacy) {
	to := rank(level)
	// An Add looks at the level while it holds its slot's lock: it either sees
	// the new one or is done before the slot is cleared.
	if from := l.level.Swap(to); to <= from {
		return
	}
	l.Forget()
}

// Forget drops all that is kept. Counters stay.
func (l *Log) Forget() {
	floor := l.next.Load()
	l.floor.Store(floor)
	for i := range l.slots {
		l.slots[i].wipe(floor)
	}
}

// Add counts e and keeps it as far as the level of privacy allows. It keeps
// nothing that e points to, does not allocate, and waits for nobody but, for
// the time of a copy, a reader of the same slot.
func (l *Log) Add(e Entry) {
	l.count(&e)
	if l.level.Load() == off {
		return
	}
	number := l.next.Add(1)
	l.slots[number%uint64(len(l.slots))].store(number, &e, &l.level)
	if l.asleep.Load() {
		l.wakeAll()
	}
}
