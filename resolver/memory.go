package resolver

import (
	"context"
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

const (
	// stalePatience is how long an answer is waited for where an old one could
	// be given instead (RFC 8767 section 5).
	stalePatience = 1800 * time.Millisecond
	// staleTTL is the TTL of an old answer, in seconds (RFC 8767 section 4).
	staleTTL = 30
	// maxRefreshing bounds the questions asked ahead at the same time.
	maxRefreshing = 64
	// maxBehind bounds those that go on after their clients got old answers.
	maxBehind = 500
	// refreshAgain is how long after one try to refresh the next may come, in
	// seconds.
	refreshAgain = 5
)

// memory answers from the cache: within an answer's time always, after it
// where next cannot answer. What it does not know it asks next, once for all
// who ask.
type memory struct {
	cache      *cache
	flights    *coalescer
	refreshing atomic.Int32
	behind     atomic.Int32
	// down tells whether it is known already that nobody answers.
	down func() bool
}

func newMemory(c *cache, next exchanger, down func() bool) *memory {
	return &memory{cache: c, flights: newCoalescer(keeper{c, next}, &c.epoch), down: down}
}

// close ends the questions that nobody waits for.
func (m *memory) close() { m.flights.close() }

func (m *memory) exchange(ctx context.Context, qu *question) (*answer, error) {
	f := m.cache.find(qu, time.Now())
	if a := m.known(qu, f); a != nil {
		return a, nil
	}
	if f.ans != nil {
		return m.bridge(ctx, qu, f.ans), nil
	}
	return m.flights.exchange(ctx, qu)
}

// known returns what can be answered without waiting, nil for nothing.
func (m *memory) known(qu *question, f finding) *answer {
	switch {
	case f.ans != nil && !f.stale:
		if f.refresh {
			m.refresh(qu)
		}
		return f.ans
	case f.ans != nil && f.failed != nil:
		return stale(f.ans)
	}
	return f.failed
}

// bridge waits a while for a new answer, then gives the old one; the asking
// goes on without the client.
func (m *memory) bridge(ctx context.Context, qu *question, old *answer) *answer {
	if m.behind.Add(1) > maxBehind {
		m.behind.Add(-1)
		return m.wait(ctx, qu, old)
	}
	f, own := m.flights.start(qu, func() { m.behind.Add(-1) })
	patience := stalePatience
	if m.down() {
		patience = 0
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-f.done:
	case <-timer.C:
		return stale(old)
	case <-ctx.Done():
		return stale(old)
	}
	if f.err != nil || unexplained(f.ans.rcode, f.ans.ede) {
		return stale(old)
	}
	if own {
		return f.ans
	}
	return f.share()
}

// wait is bridge where too many questions go on without their clients: this one
// ends with its own.
func (m *memory) wait(ctx context.Context, qu *question, old *answer) *answer {
	if m.down() {
		return stale(old)
	}
	a, err := m.flights.exchange(ctx, qu)
	if err != nil || unexplained(a.rcode, a.ede) {
		return stale(old)
	}
	return a
}

// refresh asks for a new answer ahead of the old one's end, if not too many
// are being asked for already.
func (m *memory) refresh(qu *question) {
	if m.refreshing.Add(1) > maxRefreshing {
		m.refreshing.Add(-1)
		return
	}
	ahead := *qu
	ahead.ahead = true
	m.flights.start(&ahead, func() { m.refreshing.Add(-1) })
}

// refreshFrom is the age, in seconds, from which the use of an answer with
// that TTL is reason to ask ahead: the last tenth of its life, a minute at
// most and five seconds at least. Very short lives are not worth it.
func refreshFrom(ttl uint32) uint32 {
	if ttl < 2*refreshAgain {
		return ttl
	}
	return ttl - min(max(ttl/10, refreshAgain), 60)
}

// refreshDue tells whether an answer of that age is to be asked for again,
// once every few seconds. One that was never used before is not.
func (e *entry) refreshDue(age uint32) bool {
	if age < e.refreshAt || e.hits < 2 {
		return false
	}
	e.refreshAt = age + refreshAgain
	return true
}

// stale is an answer after its time, marked as such (RFC 8914 sections 4.4 and
// 4.20).
func stale(a *answer) *answer {
	old := *a
	old.source = SourceStale
	old.ede = &EDE{Code: dns.ExtendedErrorCodeStaleAnswer, Text: "no upstream answers; this is what was known before"}
	if a.rcode == dns.RcodeNameError {
		old.ede.Code = dns.ExtendedErrorCodeStaleNXDOMAINAnswer
	}
	return &old
}

// keeper keeps what next answers.
type keeper struct {
	cache *cache
	next  exchanger
}

func (k keeper) exchange(ctx context.Context, qu *question) (*answer, error) {
	if !qu.ahead { // it may have come since the client looked
		if f := k.cache.find(qu, time.Now()); f.ans != nil && !f.stale {
			return f.ans, nil
		}
	}
	epoch := k.cache.epoch.Load()
	a, err := k.next.exchange(ctx, qu)
	if err != nil {
		if a := failedAnswer(qu, err); a != nil {
			k.cache.failed(qu, a, epoch, time.Now())
		}
		return nil, err
	}
	if a.rcode != dns.RcodeSuccess && a.rcode != dns.RcodeNameError {
		if !unexplained(a.rcode, a.ede) {
			k.cache.put(qu, &answer{}, epoch) // it ends what was known before
		}
		k.cache.failed(qu, a, epoch, time.Now())
		return a, nil
	}
	a = bounded(a, k.cache.rules.Load())
	k.cache.put(qu, a, epoch)
	return a, nil
}

// bounded is a with its TTLs within the rules' bounds. A TTL of 0 stays: such
// an answer is for one use (RFC 1035 section 3.2.1).
func bounded(a *answer, r *CacheRules) *answer {
	least, most := uint32(r.MinTTL/time.Second), uint32(r.MaxTTL/time.Second)
	if most == 0 || most > maxTTL {
		most = maxTTL
	}
	within := func(ttl uint32) uint32 {
		if ttl == 0 {
			return 0
		}
		return min(max(ttl, least), most)
	}
	change := false
	for _, off := range a.ttls {
		t := binary.BigEndian.Uint32(a.msg[off:])
		change = change || t != within(t)
	}
	if !change {
		return a
	}
	b := *a
	b.msg = append([]byte(nil), a.msg...)
	b.ttl = within(a.ttl)
	for _, off := range b.ttls {
		binary.BigEndian.PutUint32(b.msg[off:], within(binary.BigEndian.Uint32(b.msg[off:])))
	}
	return &b
}
