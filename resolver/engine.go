package resolver

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
)

// queryTimeout bounds everything done for one query from its arrival: dig and
// the C library give up at five seconds.
const queryTimeout = 4 * time.Second

var errTooMany = errors.New("too many queries are waiting for an answer")

// Engine listens for queries and answers them. All methods may be called at
// the same time.
type Engine struct {
	cfg      Config
	log      *slog.Logger
	dial     func(context.Context, netip.AddrPort) (net.Conn, error)
	cache    *cache
	memory   *memory
	chain    exchanger
	fwd      atomic.Pointer[forwarder]
	gate     *gate
	names    atomic.Pointer[names]
	own      atomic.Pointer[[]netip.AddrPort] // listened on
	clear    *clearNet
	rules    atomic.Pointer[Rules]
	bypass   atomic.Pointer[bypass]         // changes with mu held; nil for none
	expected atomic.Pointer[[]*expectation] // likewise
	setting  sync.Mutex                     // held while the rules change
	retired  sync.WaitGroup                 // what is on its way out
	ctx      context.Context
	cancel   context.CancelFunc // cuts short what is on its way out

	mu        sync.Mutex
	ports     *ports
	listeners map[netip.AddrPort]*listener
	drains    []drain
	closed    bool
}

// New makes an engine that does nothing yet.
func New(cfg Config) *Engine { return newEngine(cfg, dialTCP) }

func newEngine(cfg Config, dial func(context.Context, netip.AddrPort) (net.Conn, error)) *Engine {
	e := &Engine{
		cfg: cfg, ports: &ports{network: cfg.Network}, log: cfg.Logger, dial: dial, cache: newCache(cfg.Rules.Cache),
		listeners: make(map[netip.AddrPort]*listener),
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.rules.Store(&cfg.Rules)
	e.gate = newGate(cfg.Rules.Admission, e.log)
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.clear = newClearNet(e.ctx, e.addresses)
	e.memory = newMemory(e.cache, destination{e}, e.down)
	e.chain = arrivals{e, namesBefore(e.memory, detour{e, e.memory})}
	e.names.Store(e.compile(cfg.Rules.Names, noNames))
	e.fwd.Store(e.newForwarder(cfg.Upstreams, cfg.Roots))
	return e
}

func (e *Engine) newForwarder(ups []provider.Upstream, roots *x509.CertPool, lookups ...provider.Upstream) *forwarder {
	return newForwarder(forwarderConfig{
		upstreams: ups, lookups: lookups, roots: roots, dial: e.dial, log: e.log, rules: *e.rules.Load(), ports: e.ports,
		onHealth: e.cfg.OnHealth, onReturn: e.cache.forgetFailures,
	})
}

// SetUpstreams asks other upstreams from now on. Queries under way finish with
// the old ones; cached answers are dropped, since another provider may answer
// otherwise. nil roots are the system's.
func (e *Engine) SetUpstreams(ups []provider.Upstream, roots *x509.CertPool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	old := e.fwd.Load().roots
	e.replace(ups, roots)
	e.cache.flush()
	for rt := range e.names.Load().secure() {
		if old != roots || rt.bare {
			e.endRoute(rt, nil) // it trusts the same authorities, and may ask for its servers' names
		}
	}
}

// retire closes a forwarder when the queries that it took are answered.
func (e *Engine) retire(old *forwarder) {
	e.retired.Go(func() {
		select {
		case <-old.retire():
		case <-e.ctx.Done():
		}
		old.close()
	})
}

// SetRules answers by other rules from now on. Queries under way finish by the
// old ones. The caller must not change what r refers to afterwards. Rules that
// Check refuses are left out.
func (e *Engine) SetRules(r Rules) {
	e.setting.Lock()
	defer e.setting.Unlock()
	old := e.rules.Swap(&r)
	e.cache.setRules(r.Cache)
	e.gate.setRules(r.Admission)
	e.setNames(r.Names)
	if old.Race == r.Race && old.HideSubnet == r.HideSubnet {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		f := e.fwd.Load()
		e.replace(f.configured(), f.roots)
		e.endRoutes(nil)
	}
}

// replace asks other upstreams, or the same by other rules. It is called with
// the lock held.
func (e *Engine) replace(ups []provider.Upstream, roots *x509.CertPool) {
	f := e.newForwarder(ups, roots)
	old := e.fwd.Swap(f)
	if len(e.listeners) > 0 {
		f.warm()
	}
	e.retire(old)
}

// FlushCache forgets all cached answers.
func (e *Engine) FlushCache() { e.cache.flush() }

// Health returns the condition of the upstreams.
func (e *Engine) Health() Health { return e.fwd.Load().health() }

// Close ends listeners and connections. Queries under way are answered first,
// until ctx ends.
func (e *Engine) Close(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	listeners := e.listeners
	e.listeners = nil
	for _, x := range e.expectations() {
		e.forget(x)
	}
	e.mu.Unlock()
	defer e.cancel()
	defer context.AfterFunc(ctx, e.cancel)()
	closeAll(ctx, listeners)
	e.memory.close()
	e.gate.blocks.close()
	f := e.fwd.Load()
	select {
	case <-f.retire():
	case <-ctx.Done():
	}
	f.close()
	e.endRoutes(errShutdown)
	e.retired.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if b := e.bypass.Swap(nil); b != nil {
		b.cancel()
	}
	return context.Cause(ctx)
}

// exchange asks the present upstreams.
func (e *Engine) exchange(ctx context.Context, qu *question) (*answer, error) {
	for {
		f := e.fwd.Load()
		if f.enter() {
			defer f.leave()
			return f.exchange(ctx, qu)
		}
		if e.fwd.Load() == f {
			return nil, errShutdown
		}
	}
}

// down tells whether no upstream is known to work.
func (e *Engine) down() bool { return e.fwd.Load().down() }

// scratch is what one goroutine needs to answer one query after another.
type scratch struct {
	q   query
	out []byte
	ev  Event
}

// keep copies a query for the time that it waits: of the message only header
// and question, which the answer repeats.
func (s *scratch) keep() *scratch {
	own := &scratch{q: s.q}
	own.q.raw = bytes.Clone(s.q.raw[:s.q.qEnd])
	return own
}

// quick answers what needs no upstream and no waiting: cached answers, and
// messages that are not admitted. It returns false where more is to be done.
// The reply, in s.out, is empty for messages that get none.
func (e *Engine) quick(s *scratch, raw []byte) bool {
	s.out = s.out[:0]
	if v := e.gate.judge(&s.q, raw); v != admit {
		e.turnAway(s, v)
		return true
	}
	if e.bypass.Load() != nil {
		return false // nothing comes from the cache
	}
	a := e.memory.known(&s.q.question, e.cache.find(&s.q.question, s.q.arrived))
	if a == nil {
		return false
	}
	s.out = appendAnswer(s.out, &s.q, a, s.q.arrived)
	s.answered(a)
	return true
}

// slow answers what quick could not. It gives back the place among those that
// wait, which its caller took (pending).
func (e *Engine) slow(s *scratch) {
	ctx := newDeadline(s.q.arrived.Add(queryTimeout))
	e.finish(ctx, s)
	ctx.stop()
}

// slowFor is slow for a client whose leaving can be seen: gone ends then.
func (e *Engine) slowFor(gone context.Context, s *scratch) {
	ctx, cancel := context.WithDeadline(gone, s.q.arrived.Add(queryTimeout))
	e.finish(ctx, s)
	cancel()
}

// finish answers a query within ctx.
func (e *Engine) finish(ctx context.Context, s *scratch) {
	defer e.gate.pending.leave(s.q.client)
	a, err := e.resolve(ctx, &s.q)
	if err != nil {
		e.fail(s, err)
		return
	}
	s.out = appendAnswer(s.out[:0], &s.q, a, time.Now())
	s.answered(a)
}

// answered notes the answer as the query's event.
func (s *scratch) answered(a *answer) {
	if a.source == SourceCache || a.source == SourceStale { // nobody was asked now
		s.event(a.rcode, a.source, netip.AddrPort{}, a.ede)
	} else {
		s.event(a.rcode, a.source, a.upstream, a.ede)
		s.ev.Over, s.ev.Tries, s.ev.Expected = a.over, a.tries, a.expected
	}
	s.ev.AD = a.msg[3]&bitAD != 0
	s.ev.Clear = a.clear
}

// fail answers a query that could not be answered.
func (e *Engine) fail(s *scratch, err error) {
	ede := edeFor(err)
	s.out = appendError(s.out[:0], &s.q, dns.RcodeServerFailure, ede)
	s.event(dns.RcodeServerFailure, SourceUpstream, netip.AddrPort{}, ede)
	s.ev.Tries = triesOf(err)
}

func (s *scratch) event(rcode int, src Source, server netip.AddrPort, ede *EDE) {
	s.ev = Event{
		Time: s.q.arrived, Client: s.q.client, TCP: s.q.tcp, Type: s.q.typ,
		RCode: rcode, Source: src, Upstream: server, Answer: s.out, EDE: ede,
	}
	if s.q.nameEnd > 0 {
		s.ev.Name = s.q.raw[headerLen:s.q.nameEnd]
	}
}

// report tells of a query that was answered.
func (e *Engine) report(s *scratch) {
	if e.cfg.OnQuery != nil && len(s.ev.Name) > 0 {
		s.ev.Elapsed = time.Since(s.ev.Time)
		e.cfg.OnQuery(&s.ev)
	}
}

// edeFor says why a query could not be answered (RFC 8914 section 4).
func edeFor(err error) *EDE {
	code := dns.ExtendedErrorCodeOther
	if errors.Is(err, context.DeadlineExceeded) {
		code = dns.ExtendedErrorCodeNoReachableAuthority
	}
	fault, ok := asFault(err)
	switch {
	case errors.Is(err, errTooMany):
		return &EDE{Code: code, Text: errTooMany.Error()}
	case !ok:
		return &EDE{Code: code, Text: "no upstream answered in time"}
	}
	switch fault.Kind {
	case FaultTimeout, FaultLookup:
		code = dns.ExtendedErrorCodeNoReachableAuthority
	default:
		code = dns.ExtendedErrorCodeNetworkError
	}
	return &EDE{Code: code, Text: fault.Error()}
}
