package resolver

import (
	"context"
	"crypto/tls"
	"errors"
	"hash/maphash"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// dialTimeout bounds TCP and TLS handshake together.
	dialTimeout = 3 * time.Second
	// dialSlow is when another try is made beside a slow one, maxDials how many
	// there are at most.
	dialSlow = time.Second
	maxDials = 3
	// connSoftLimit is how many answers a connection owes before another is
	// opened beside it.
	connSoftLimit = 500
	// maxConns bounds the connections to one address.
	maxConns = 2
	// maxShortConns bounds the connections that owe answers to a server that
	// answers only a few queries on each.
	maxShortConns = 8
	// shortDeaths is how many connections in a row must die young, owing
	// answers, before a server counts as one of those; shortFor how long.
	shortDeaths = 2
	shortFor    = 10 * time.Second
	// youngAnswers is how many answers make a connection's life a long one.
	youngAnswers = 100
	// asideNames is on how many different names a server must fail before it is
	// set aside: one broken name is no broken server.
	asideNames = 2
)

// server is one address of an upstream: its connections, how quick it is and
// whether it can be used.
type server struct {
	f     *forwarder
	up    *upstream
	addr  netip.AddrPort
	alt   bool // on another port than the usual one
	conf  *tls.Config
	stats times

	mu       sync.Mutex
	conns    []*conn
	waiters  []*call   // waiting for a connection
	dials    int       // connections being made
	dialed   time.Time // when the latest of them was begun
	closed   bool
	short    shortLived
	habit    idleHabit
	pace     dialPace
	fault    *Fault
	aside    bool
	failed   map[uint64]struct{} // hashes of names since the last success
	probe    probeState
	tls, kex string

	alternative atomic.Bool // learnPort knows that it answers
}

// submit sends a call over a kept connection, or opens one and sends it then.
func (s *server) submit(k *call) {
	now := time.Now()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		k.results <- result{call: k, err: &lostError{err: errShutdown}}
		return
	}
	if !k.probe {
		s.habit.queried(now)
	}
	c, wantMore := s.pick(now)
	if wantMore {
		s.dialIfDue(now)
	}
	if c == nil {
		s.waiters = append(s.waiters, k)
	}
	s.mu.Unlock()
	if c != nil && !c.send(k) {
		s.submit(k) // it ended just now
	}
}

// pick chooses the least loaded connection, and tells whether another is due.
// It is called with the lock held.
func (s *server) pick(now time.Time) (best *conn, wantMore bool) {
	if s.short.perConn > 0 {
		return s.pickShort(now)
	}
	least, usable := 0, 0
	for _, c := range s.conns {
		n, ok := c.load(now)
		if !ok {
			continue
		}
		usable++
		if best == nil || n < least {
			best, least = c, n
		}
	}
	return best, best == nil || least >= connSoftLimit && usable < maxConns
}

// dialIfDue opens a connection unless one is being opened. One that takes long
// gets company: the server may have come back since it was begun. It is called
// with the lock held.
func (s *server) dialIfDue(now time.Time) {
	due := s.dials == 0 || s.dials < maxDials && now.Sub(s.dialed) >= dialSlow
	if due && !s.closed && !s.pace.hold(now, s.goOn) {
		s.dials++
		s.dialed = now
		s.f.spawn(s.connect)
	}
}

// connect opens a connection and gives it to those who wait for one.
func (s *server) connect() {
	s.f.mu.Lock()
	network := s.f.network
	s.f.mu.Unlock()
	ctx, cancel := context.WithTimeout(network, dialTimeout)
	defer cancel()
	t, err := s.dial(ctx)
	if errors.Is(context.Cause(network), errMoved) {
		if err == nil {
			_ = t.NetConn().Close()
		}
		err = &lostError{err: errMoved}
	}
	s.mu.Lock()
	s.dials--
	if err != nil {
		s.pace.failed()
	}
	if err != nil && s.dials > 0 {
		s.mu.Unlock()
		return // the other one may still come about
	}
	if err == nil && s.closed {
		err = errShutdown
		_ = t.NetConn().Close()
	}
	if err != nil {
		waiters := s.waiters
		s.waiters = nil
		s.mu.Unlock()
		s.dialFailed(err, waiters)
		return
	}
	c := newConn(s, t)
	s.conns = append(s.conns, c)
	s.tls, s.kex = c.about.TLS, c.about.KeyExchange
	s.mu.Unlock()
	s.f.changed()
	s.serveWaiters()
}

func (s *server) dialFailed(err error, waiters []*call) {
	if s.f.ctx.Err() == nil && !errors.Is(err, errShutdown) && !errors.Is(err, errMoved) {
		fault := newFault(s.addr, s.up.cfg.Name, err)
		err = fault
		s.setAside(fault)
	}
	for _, k := range waiters {
		k.results <- result{call: k, err: err}
	}
}

func (s *server) dial(ctx context.Context) (*tls.Conn, error) {
	raw, err := s.f.dial(ctx, s.addr)
	if err != nil {
		return nil, err
	}
	t := tls.Client(raw, s.conf)
	if err := shake(ctx, t, s.up.cfg); err != nil {
		_ = raw.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	return t, nil
}

// connEnded forgets a connection. The calls that it owed answers to are asked
// again, unless the server wants of us what we cannot show, which is returned:
// it would refuse the next connection too.
func (s *server) connEnded(c *conn, err error, owed int, answered uint64) (refusal error) {
	proof, refused := errors.AsType[*proofError](afterHandshake(err, s.up.cfg))
	refused = refused && answered == 0
	s.mu.Lock()
	for i, have := range s.conns {
		if have == c {
			s.conns = append(s.conns[:i], s.conns[i+1:]...)
			break
		}
	}
	if !refused && !errors.Is(err, errShutdown) && !errors.Is(err, errIdle) && !errors.Is(err, errMoved) {
		s.short.learn(owed, answered)
		s.pace.failed()
	}
	if s.short.scout == c {
		s.short.scout = nil
	}
	if owed == 0 {
		s.connIdled(c, err)
	}
	s.mu.Unlock()
	if refused {
		fault := newFault(s.addr, s.up.cfg.Name, proof)
		s.setAside(fault)
		refusal = fault
	}
	s.serveWaiters()
	s.f.changed()
	return refusal
}

// close ends the server's connections. Calls under way are lost and asked
// elsewhere.
func (s *server) close(err error) {
	s.mu.Lock()
	s.closed = true
	if s.pace.timer != nil {
		s.pace.timer.Stop()
	}
	conns := append([]*conn(nil), s.conns...)
	waiters := s.waiters
	s.waiters = nil
	s.mu.Unlock()
	s.stopProbe()
	for _, k := range waiters {
		k.results <- result{call: k, err: &lostError{err: err}}
	}
	for _, c := range conns {
		c.fail(err)
	}
}

// connected tells whether a connection is open.
func (s *server) connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns) > 0
}

// usable tells whether the server is not set aside.
func (s *server) usable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.aside
}

// worked notes an answer.
func (s *server) worked(took time.Duration) {
	if took > 0 {
		s.stats.add(took)
	}
	s.mu.Lock()
	was := s.fault
	s.fault, s.aside = nil, false
	clear(s.failed)
	s.pace.worked()
	s.probe.late = nil
	s.mu.Unlock()
	s.learnPort(was)
	if was != nil {
		s.stopProbe()
		s.f.log.Info("upstream works again", "server", s.addr, "name", s.up.cfg.Name)
		s.f.returned()
		s.f.changed()
	}
}

// unreachable tells whether the server is set aside because no connection to
// it comes about.
func (s *server) unreachable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.aside || s.fault == nil {
		return false
	}
	switch s.fault.Kind {
	case FaultRefused, FaultTimeout, FaultUnreachable, FaultClosed:
		return len(s.conns) == 0
	}
	return false
}

// late tells whether the server is being probed because it was late.
func (s *server) late() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.probe.late != nil
}

// failedOn notes that the server failed on a name; failures on several names
// without a success between them set it aside.
func (s *server) failedOn(qu *question, fault *Fault) {
	s.mu.Lock()
	if s.failed == nil {
		s.failed = make(map[uint64]struct{})
	}
	s.failed[maphash.Bytes(s.f.seed, qu.name())] = struct{}{}
	enough := len(s.failed) >= asideNames
	s.mu.Unlock()
	if enough {
		s.setAside(fault)
	}
}

// setAside stops using the server until a probe of it works.
func (s *server) setAside(fault *Fault) {
	s.mu.Lock()
	was := s.fault
	s.fault, s.aside = fault, true
	s.mu.Unlock()
	s.scheduleProbe()
	if was == nil || was.Kind != fault.Kind || was.Text != fault.Text {
		s.f.log.Warn("upstream fails", "server", s.addr, "name", s.up.cfg.Name, "reason", fault.Text)
		s.f.changed()
	}
}

func (s *server) health(index int) ServerHealth {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ServerHealth{
		Upstream: index, Addr: s.addr, Connected: len(s.conns) > 0,
		TLS: s.tls, KeyExchange: s.kex, Median: s.stats.median(), Fault: s.fault,
	}
}

func dialTCP(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Control: tuneSocket, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
	return d.DialContext(ctx, "tcp", addr.String())
}
