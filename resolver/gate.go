package resolver

import (
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// strangersPerSecond bounds the refusals over UDP to clients that may not ask,
// all together. They are kept in no table, so that forged addresses push no
// known client out of one; who comes too late gets silence.
const strangersPerSecond = 1000

// gate decides who may ask, and how much. All methods may be called at the same
// time.
type gate struct {
	log      *slog.Logger
	rules    atomic.Pointer[admission]
	blocks   blocks
	refusals rate
	counts   counts
	pending  pending

	mu   sync.Mutex
	tcps map[*tcpListener]struct{} // where a blocked client's connections are
}

// admission is AdmissionRules made ready for use. It is not changed.
type admission struct {
	access []netip.Prefix
	limit  *limiter // nil for no limit
}

func newGate(r AdmissionRules, log *slog.Logger) *gate {
	g := &gate{log: log, tcps: make(map[*tcpListener]struct{})}
	g.refusals = newRate(strangersPerSecond, strangersPerSecond)
	g.blocks.log = log
	g.setRules(r)
	return g
}

// setRules judges by r from now on. Where the limits are the same, what is
// known about the clients stays; else all begin anew, the blocked ones too.
func (g *gate) setRules(r AdmissionRules) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := &admission{}
	for _, p := range r.Access {
		a.access = append(a.access, plainPrefix(p))
	}
	old := g.rules.Load()
	switch {
	case old != nil && old.limit.has(r.Limit):
		a.limit = old.limit
	default:
		a.limit = newLimiter(r.Limit)
		g.blocks.clear()
	}
	g.rules.Store(a)
}

// plainPrefix gives a prefix of IPv4-mapped addresses its IPv4 form.
func plainPrefix(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

// isOurs tells whether a query comes from this computer. One without an address
// was not received but made in this program.
func isOurs(client netip.AddrPort) bool {
	return !client.IsValid() || client.Addr().Unmap().IsLoopback()
}

// refuses tells whether a client may not ask.
func (g *gate) refuses(client netip.AddrPort) bool {
	return !isOurs(client) && !g.rules.Load().allows(client)
}

// allows tells whether a client that is not ours may ask.
func (a *admission) allows(client netip.AddrPort) bool {
	ip := client.Addr().Unmap().WithZone("")
	for _, p := range a.access {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// judge parses a message and decides whether it is admitted. For clients on
// this computer without a limit it costs no more than the parsing.
func (g *gate) judge(q *query, raw []byte) verdict {
	a := g.rules.Load()
	ours := isOurs(q.client)
	if ours && (a.limit == nil || !a.limit.rules.Loopback) {
		return q.read(raw)
	}
	if g.blocks.drops(q.client) {
		return blocked
	}
	v := q.read(raw)
	switch {
	case v == drop:
	case !ours && !a.allows(q.client):
		if !q.tcp && !g.refusals.take(q.arrived) {
			return overRefusals
		}
		return stranger
	case a.limit != nil && !q.tcp:
		return g.metered(a.limit, q, v)
	}
	return v
}

// metered is the verdict v on a query over UDP, but for the rate limit. Every
// second query over it gets an empty answer with TC set: an honest client asks
// again over TCP, a forged address gets at most half as many packets as were
// sent in its name, and no larger ones.
func (g *gate) metered(l *limiter, q *query, v verdict) verdict {
	switch w := l.take(q.client, q.arrived); {
	case w.within:
		return v
	case w.block:
		g.block(l, q.client, q.arrived)
		return overLimit
	case w.slip && v == admit:
		return slip
	}
	return overLimit
}

// slowDown bounds what one client asks over TCP. Its address is proven and
// nothing is reflected, so no query is dropped or cut short: the reader of the
// connection waits as long as it returns, and the client, which cannot send
// more than the connection holds, is slowed down to the limit. TCP has a bucket
// of its own, else who was sent to TCP would find the one it has just emptied.
// Only where many connections together would wait too long it returns false,
// and the query is refused.
func (g *gate) slowDown(client netip.AddrPort, now time.Time) (time.Duration, bool) {
	a := g.rules.Load()
	if a.limit == nil || isOurs(client) && !a.limit.rules.Loopback || !isOurs(client) && !a.allows(client) {
		return 0, true
	}
	w := a.limit.takeTCP(client, now)
	if w.block {
		g.block(a.limit, client, now)
	}
	return w.wait, w.within
}

// block stops a client for a while and closes its connections, unless the
// limit that it went over is no longer the one in force.
func (g *gate) block(l *limiter, client netip.AddrPort, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rules.Load().limit != l || !g.blocks.begin(client, now, l.rules.BlockFor) {
		return
	}
	for t := range g.tcps {
		t.closeClient(keyOf(client))
	}
}

// watch notes where connections of clients are to be closed.
func (g *gate) watch(l *tcpListener) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tcps[l] = struct{}{}
}

func (g *gate) unwatch(l *tcpListener) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.tcps, l)
}

// clientKey is what counts as one client: an IPv4 address, or the /56 that one
// customer of an IPv6 network usually has and may choose addresses in freely.
// 0 is no client.
type clientKey uint64

// The lowest octet of a key is the family; an IPv6 /56 is in the others.
const (
	keyIPv4 = 4
	keyIPv6 = 6
)

func keyOf(client netip.AddrPort) clientKey {
	ip := client.Addr().Unmap()
	switch {
	case ip.Is4():
		b := ip.As4()
		return clientKey(b[0])<<32 | clientKey(b[1])<<24 | clientKey(b[2])<<16 | clientKey(b[3])<<8 | keyIPv4
	case ip.Is6():
		var k clientKey
		b := ip.As16()
		for _, c := range b[:7] {
			k = k<<8 | clientKey(c)
		}
		return k<<8 | keyIPv6
	}
	return 0
}

// prefix is the client's addresses.
func (k clientKey) prefix() netip.Prefix {
	if k&0xff == keyIPv4 {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(k >> 32), byte(k >> 24), byte(k >> 16), byte(k >> 8)}), 32)
	}
	var b [16]byte
	for i := range 7 {
		b[i] = byte(k >> (56 - 8*i))
	}
	return netip.PrefixFrom(netip.AddrFrom16(b), 56)
}
