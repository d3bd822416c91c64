package querylog

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"dotproxy/app/control"
)

const (
	// followEvery is the least time between two batches of Follow: a reader is
	// woken at most 20 times a second, however many queries there are.
	followEvery = 50 * time.Millisecond
	// An entry's number is given out just before it is written.
	writeTime = time.Millisecond
)

// Recent returns the latest queries, oldest first, at most limit (0 means all
// that are kept).
func (l *Log) Recent(limit int) []control.Query {
	if limit <= 0 || limit > len(l.slots) {
		limit = len(l.slots)
	}
	to := l.next.Load()
	from := l.floor.Load()
	if to > uint64(limit) {
		from = max(from, to-uint64(limit))
	}
	queries := []control.Query{}
	r := new(record)
	for number := from + 1; number <= to; number++ {
		if ok, _ := l.slot(number).load(number, r); ok && !r.void {
			queries = append(queries, r.query())
		}
	}
	return queries
}

// Follow yields the queries that are added from the call on, in order and in
// batches, and how many were lost before each batch because the ring had
// overrun the reader. It ends with ctx.
func (l *Log) Follow(ctx context.Context) iter.Seq2[[]control.Query, uint64] {
	last := l.next.Load()
	return func(yield func([]control.Query, uint64) bool) {
		s := &sleeper{wake: make(chan struct{}, 1)}
		defer l.leave(s)
		for ctx.Err() == nil {
			var batch []control.Query
			var lost uint64
			batch, lost, last = l.since(last)
			pause := followEvery
			if len(batch) > 0 || lost > 0 {
				if !yield(batch, lost) {
					return
				}
			} else if l.sleep(s); l.next.Load() > last {
				pause = writeTime
			} else {
				pause = 0
			}
			if !wait(ctx, s, pause) {
				return
			}
		}
	}
}

// wait waits for that long, or without a pause until the sleeper is woken.
func wait(ctx context.Context, s *sleeper, pause time.Duration) bool {
	if pause == 0 {
		select {
		case <-s.wake:
			return true
		case <-ctx.Done():
			return false
		}
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// since returns the entries after last, how many of them were overrun, and the
// number to go on from. It stops at one that is still being written.
func (l *Log) since(last uint64) (batch []control.Query, lost, upTo uint64) {
	to, size := l.next.Load(), uint64(len(l.slots))
	if floor := l.floor.Load(); last < floor {
		last = floor
	}
	if to > size && last < to-size {
		lost = to - size - last
		last = to - size
	}
	r := new(record)
	for ; last < to; last++ {
		ok, overrun := l.slot(last+1).load(last+1, r)
		switch {
		case ok && r.void:
		case ok:
			batch = append(batch, r.query())
		case overrun:
			lost++
		default:
			return batch, lost, last
		}
	}
	return batch, lost, last
}

func (l *Log) slot(number uint64) *slot { return &l.slots[number%uint64(len(l.slots))] }

// sleepers are the readers that wait for the next entry.
type sleepers struct {
	// asleep tells an Add whether there are any, without the lock.
	asleep atomic.Bool
	mu     sync.Mutex
	list   map[*sleeper]struct{}
}

type sleeper struct {
	wake chan struct{} // holds one token
}

// sleep asks to be woken by the next Add. The caller must look for entries
// once more before it waits.
func (w *sleepers) sleep(s *sleeper) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.list == nil {
		w.list = map[*sleeper]struct{}{}
	}
	w.list[s] = struct{}{}
	w.asleep.Store(true)
}

func (w *sleepers) leave(s *sleeper) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.list, s)
}

func (w *sleepers) wakeAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asleep.Store(false)
	for s := range w.list {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	clear(w.list)
}
