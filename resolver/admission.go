package resolver

import (
	"net/netip"
	"sync"
	"sync/atomic"
)

// AdmissionCounts count the messages of clients that were not admitted, since
// the engine was made.
type AdmissionCounts struct {
	// Malformed messages could not be read as a query: too short, a response,
	// or answered FORMERR.
	Malformed uint64
	// Refused came from clients outside AdmissionRules.Access.
	Refused uint64
	// Limited were over the rate limit: answered with TC set, refused (TCP) or
	// dropped.
	Limited uint64
	// Blocked came from blocked clients.
	Blocked uint64
	// Dropped are those of all the above that got no answer.
	Dropped uint64
}

// counts are AdmissionCounts while they grow.
type counts struct {
	malformed, refused, limited, blocked, dropped atomic.Uint64
}

// add counts a message that was not admitted.
func (c *counts) add(v verdict) {
	switch v {
	case drop, formErr:
		c.malformed.Add(1)
	case stranger, overRefusals:
		c.refused.Add(1)
	case overLimit, slip, overTCP:
		c.limited.Add(1)
	case blocked:
		c.blocked.Add(1)
	}
	if v.silent() {
		c.dropped.Add(1)
	}
}

// Admission counts the messages that were not admitted.
func (e *Engine) Admission() AdmissionCounts {
	c := &e.gate.counts
	return AdmissionCounts{
		Malformed: c.malformed.Load(), Refused: c.refused.Load(), Limited: c.limited.Load(),
		Blocked: c.blocked.Load(), Dropped: c.dropped.Load(),
	}
}

// turnAway answers, or not, a message that was not admitted.
func (e *Engine) turnAway(s *scratch, v verdict) {
	e.gate.counts.add(v)
	if v.silent() {
		return
	}
	source := SourceLocal
	if v == stranger || v == slip || v == overTCP {
		source = SourceBlocked
	}
	var rcode int
	var ede *EDE
	s.out, rcode, ede = appendVerdict(s.out, &s.q, v)
	s.event(rcode, source, netip.AddrPort{}, ede)
}

// refuseTCP answers a query over TCP that is over the limit.
func (e *Engine) refuseTCP(s *scratch, raw []byte) {
	s.out = s.out[:0]
	v := s.q.parse(raw)
	if v == admit {
		v = overTCP
	}
	e.turnAway(s, v)
}

const (
	// maxPending bounds the queries that wait for an upstream. Each costs about
	// 14 KiB while it waits, its goroutine included.
	maxPending = 3000
	// maxPendingClient bounds those of one client elsewhere, so that none takes
	// all places.
	maxPendingClient = maxPending / 4
)

// pending counts the queries that wait for an upstream.
type pending struct {
	mu      sync.Mutex
	all     int
	clients map[clientKey]int // but for this computer's
}

// enter takes a place for a query and tells whether there was one.
func (p *pending) enter(client netip.AddrPort) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= maxPending {
		return false
	}
	if !isOurs(client) {
		k := keyOf(client)
		if p.clients[k] >= maxPendingClient {
			return false
		}
		if p.clients == nil {
			p.clients = make(map[clientKey]int)
		}
		p.clients[k]++
	}
	p.all++
	return true
}

// leave gives the place back.
func (p *pending) leave(client netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if isOurs(client) {
		return
	}
	k := keyOf(client)
	if p.clients[k]--; p.clients[k] == 0 {
		delete(p.clients, k)
	}
}
