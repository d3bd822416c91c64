package resolver

import (
	"slices"
	"sync/atomic"
	"time"
)

// shortLived is what is known about a server that ends its connections after a
// few answers. Such a server gets no more queries on one than it answers, and
// more connections. All but on belongs to the server's lock.
type shortLived struct {
	deaths  int
	perConn int // answers it gives on one connection, 0 for no bound known
	until   time.Time
	on      atomic.Bool // perConn > 0
	// scout is a connection that is asked once more than perConn, to see whether
	// the bound still holds; nil for none. The next one is sent out at scoutAt.
	scout   *conn
	scoutAt time.Time
}

// scoutEvery is how often a server may lose a query to a scout.
const scoutEvery = 250 * time.Millisecond

// learn notes how many answers a connection gave before the server ended it
// and how many it still owed.
func (s *shortLived) learn(owed int, answered uint64) {
	switch {
	case answered >= youngAnswers:
		s.deaths = 0
	case owed > 0 && answered > 0:
		s.deaths++ // without an answer it says nothing about how many there are
	case owed > 0 && s.perConn > 1:
		s.perConn-- // it was asked no more than it answers, it was thought
		s.until = time.Now().Add(shortFor)
	}
	if owed > 0 {
		s.scoutAt = time.Now().Add(scoutEvery)
	}
	if s.deaths >= shortDeaths && owed > 0 && answered > 0 {
		s.perConn = int(answered)
		s.until = time.Now().Add(shortFor)
		s.on.Store(true)
	}
}

// idle notes that all was answered that a connection was asked, and tells
// whether it has to end now. One that lived longer than was thought raises the
// bound: a server that was started anew a few times ends no connection by habit.
func (s *shortLived) idle(c *conn, asked int, now time.Time) (used bool) {
	if s.perConn == 0 || asked < s.perConn {
		return false
	}
	if asked > s.perConn {
		s.scout, s.scoutAt = nil, now
		if s.perConn = 2 * asked; s.perConn >= youngAnswers {
			s.perConn, s.deaths = 0, 0
			s.on.Store(false)
		}
		return false
	}
	if s.scout == nil && !now.Before(s.scoutAt) {
		s.scout = c
	}
	return s.scout != c
}

// bound is how many queries a connection may be asked.
func (s *shortLived) bound(c *conn) int {
	if c == s.scout {
		return s.perConn + 1
	}
	return s.perConn
}

// pickShort is pick for such a server. Who finds no connection waits for one.
func (s *server) pickShort(now time.Time) (best *conn, wantMore bool) {
	if now.After(s.short.until) {
		s.short.perConn, s.short.deaths, s.short.scout = 0, shortDeaths-1, nil
		s.short.on.Store(false)
		return s.pick(now)
	}
	busy := 0
	for _, c := range s.conns {
		asked, owes := c.count()
		if owes {
			busy++
		}
		if _, ok := c.load(now); ok && asked < uint64(s.short.bound(c)) {
			best = c
		}
	}
	return best, best == nil && busy < maxShortConns
}

// serveWaiters hands the calls that wait for a connection to those that take
// them, and opens another where it is due.
func (s *server) serveWaiters() {
	for {
		s.mu.Lock()
		if len(s.waiters) == 0 || s.closed {
			s.mu.Unlock()
			return
		}
		now := time.Now()
		c, wantMore := s.pick(now)
		if wantMore {
			s.dialIfDue(now)
		}
		if c == nil {
			s.mu.Unlock()
			return
		}
		k := s.nextWaiter(now)
		s.mu.Unlock()
		if !c.send(k) {
			s.submit(k)
		}
	}
}

// nextWaiter takes the call that has waited longest. Where connections are
// scarce, those that waited half of a query's time come last: others have more
// left to be answered in. It is called with the lock held.
func (s *server) nextWaiter(now time.Time) *call {
	at := 0
	if s.short.perConn > 0 {
		at = max(0, slices.IndexFunc(s.waiters, func(k *call) bool { return now.Sub(k.began) < queryTimeout/2 }))
	}
	k := s.waiters[at]
	if at == 0 {
		s.waiters = s.waiters[1:]
	} else {
		s.waiters = slices.Delete(s.waiters, at, at+1)
	}
	return k
}

// connIdle ends a connection that owes nothing and is not good for more.
func (s *server) connIdle(c *conn) {
	if !s.short.on.Load() {
		return
	}
	s.mu.Lock()
	asked, busy := c.count()
	used := !busy && s.short.idle(c, int(asked), time.Now())
	s.mu.Unlock()
	if used {
		s.f.spawn(func() { c.fail(errIdle) })
		return
	}
	s.serveWaiters()
}
