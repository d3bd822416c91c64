package resolver

import (
	"errors"
	"time"
)

const (
	// habitCloses is how many idle connections in a row a server must close
	// after about the same time for that to count as its habit, habitFor how
	// long it does.
	habitCloses = 3
	habitFor    = time.Hour
	// habitLeast is the shortest time that can be one. A server that closes
	// sooner wants no idle connections.
	habitLeast = time.Second
	// trafficGap is how close together the latest queries must be for another
	// to be expected.
	trafficGap = time.Minute
	// maxRenewed bounds the connections opened since the latest query because
	// another was expected.
	maxRenewed = 2
)

// idleHabit is how long a server keeps idle connections where it does not say
// so itself (RFC 7828), and whether queries to it are expected. It belongs to
// the server's lock.
type idleHabit struct {
	closes  int
	least   time.Duration // of these closes
	after   time.Duration // the habit, 0 while none is known
	until   time.Time     // when it is forgotten
	asked   time.Time     // the latest query of a client
	before  time.Time     // the one before it
	renewed int           // connections opened since asked
}

// queried notes a client's query.
func (h *idleHabit) queried(now time.Time) {
	h.before, h.asked, h.renewed = h.asked, now, 0
}

// closed notes that the server closed a connection that was idle for d.
func (h *idleHabit) closed(d time.Duration, now time.Time) {
	if d < habitLeast || d >= idleDefault {
		return
	}
	if h.closes == 0 || 4*d < 3*h.least || 3*d > 4*h.least {
		h.closes, h.least = 0, d
	}
	h.closes++
	h.least = min(h.least, d)
	if h.closes >= habitCloses {
		h.after, h.until = h.least, now.Add(habitFor)
	}
}

// limit is how long a new connection may be idle before we close it: before
// the server does, which might cost a query that is on its way.
func (h *idleHabit) limit(now time.Time) time.Duration {
	if h.after > 0 && now.After(h.until) {
		h.after, h.closes = 0, 0
	}
	if h.after == 0 {
		return idleDefault
	}
	return h.after * 9 / 10
}

// renew tells whether to replace a connection that ended because it was idle
// for longer than limit, and counts it.
func (h *idleHabit) renew(limit time.Duration, now time.Time) bool {
	if limit < habitLeast || limit >= idleDefault || h.renewed >= maxRenewed ||
		now.Sub(h.asked) > trafficGap || h.asked.Sub(h.before) > trafficGap {
		return false
	}
	h.renewed++
	return true
}

// connIdled learns from the end of a connection that owed nothing, and opens
// another where a query is expected. It is called with the lock held.
func (s *server) connIdled(c *conn, err error) {
	now := time.Now()
	idle, limit, named := c.idled(now)
	if !errors.Is(err, errIdle) {
		if !closedByPeer(err) {
			return
		}
		if !named {
			s.habit.closed(idle, now)
			limit = s.habit.limit(now)
		}
		if idle < limit {
			return // it ended for another reason
		}
	}
	if len(s.conns) == 0 && s.short.perConn == 0 && !s.closed && !s.aside && s.habit.renew(limit, now) {
		s.dialIfDue(now)
	}
}

// closedByPeer tells whether a connection ended by the server's will, and not
// by ours or because nothing came through.
func closedByPeer(err error) bool {
	for _, ours := range []error{errIdle, errShutdown, errMoved, errSilent, errUnsolicited, errBadFrame} {
		if errors.Is(err, ours) {
			return false
		}
	}
	return !isDeadline(err)
}

// idled tells how long the connection was idle, how long it may be, and whether
// the server named that time.
func (c *conn) idled(now time.Time) (idle, limit time.Duration, named bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.used
	if c.lastRead.After(last) {
		last = c.lastRead
	}
	return now.Sub(last), c.idle, c.named
}
