package viewmodel

import (
	"sync"
	"time"

	"dotproxy/app/control"
)

// LogSize is how many queries a Log keeps.
const LogSize = 2000

// Row is one query of the log. The query is shared: nobody may change it.
type Row struct {
	// Seq counts the queries of this log from 1, without end.
	Seq uint64
	*control.Query
}

// Log keeps the latest queries in a ring. One goroutine may add while others
// read. The zero Log is empty and ready.
type Log struct {
	mu      sync.Mutex
	ring    [LogSize]*control.Query
	seq     uint64 // of the newest
	floor   uint64 // rows up to this one were cleared
	cleared time.Time
	latest  time.Time
	dropped uint64
}

// Add keeps q as the newest.
func (l *Log) Add(q *control.Query) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	l.ring[l.seq%LogSize] = q
	if q.Time.After(l.latest) {
		l.latest = q.Time
	}
}

// Drop notes that n queries came too fast to be shown.
func (l *Log) Drop(n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropped += n
}

// Clear forgets all rows; now is when.
func (l *Log) Clear(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.floor, l.cleared, l.dropped = l.seq, now, 0
	clear(l.ring[:])
}

// Latest is the time of the youngest query ever added, cleared or not.
func (l *Log) Latest() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latest
}

// Snapshot is a Log at one moment, through a filter.
type Snapshot struct {
	// Rows are the newest first.
	Rows []Row
	// Seq is that of the newest query, shown or not.
	Seq uint64
	// Kept is how many queries there are, shown or not.
	Kept int
	// Dropped is how many came too fast to be shown.
	Dropped uint64
	// Cleared is when the log was emptied by hand, else zero.
	Cleared time.Time
}

// Snapshot copies what f lets through into the memory of reuse.
func (l *Log) Snapshot(f Filter, reuse []Row) Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Snapshot{Rows: reuse[:0], Seq: l.seq, Dropped: l.dropped, Cleared: l.cleared}
	for seq := l.seq; seq > l.oldest(); seq-- {
		q := l.ring[seq%LogSize]
		s.Kept++
		if f.Match(q) {
			s.Rows = append(s.Rows, Row{seq, q})
		}
	}
	return s
}

// Since counts the kept queries newer than seq that f lets through.
func (l *Log) Since(seq uint64, f Filter) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for at := l.seq; at > max(seq, l.oldest()); at-- {
		if f.Match(l.ring[at%LogSize]) {
			n++
		}
	}
	return n
}

// Mark changes whenever the log did.
func (l *Log) Mark() (seq, floor, dropped uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq, l.floor, l.dropped
}

// oldest is the sequence number before the oldest row that is kept.
func (l *Log) oldest() uint64 {
	if l.seq > LogSize {
		return max(l.floor, l.seq-LogSize)
	}
	return l.floor
}
