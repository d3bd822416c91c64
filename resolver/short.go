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
}

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
	if s.deaths >= shortDeaths && owed > 0 && answered > 0 {
		s.perConn = int(answered)
		s.until = time.Now().Add(shortFor)
		s.on.Store(true)
	}
}

// pickShort is pick for such a server. Who finds no connection waits for one.
func (s *server) pickShort(now time.Time) (best *conn, wantMore bool) {
	if now.After(s.short.until) {
		s.short.perConn, s.short.deaths = 0, shortDeaths-1
		s.short.on.Store(false)
		return s.pick(now)
	}
	busy := 0
	for _, c := range s.conns {
		asked, owes := c.count()
		if owes {
			busy++
		}
		if _, ok := c.load(now); ok && asked < uint64(s.short.perConn) {
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
	used := s.short.perConn > 0 && asked >= uint64(s.short.perConn) && !busy
	s.mu.Unlock()
	if used {
		s.f.spawn(func() { c.fail(errIdle) })
		return
	}
	s.serveWaiters()
}
