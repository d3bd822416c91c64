package resolver

import (
	"context"
	"crypto/x509"
	"errors"
	"hash/maphash"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"dotproxy/resolver/provider"
)

type forwarderConfig struct {
	upstreams []provider.Upstream
	lookups   []provider.Upstream // look up the upstreams' names where none of these has an address
	roots     *x509.CertPool
	dial      func(context.Context, netip.AddrPort) (net.Conn, error)
	log       *slog.Logger
	onHealth  func()
	onReturn  func() // a server works again
	isBoot    bool
	rules     Rules
	ports     *ports // nil remembers nothing beyond the forwarder's life
}

// forwarder asks the configured upstreams. It is made for one set of them and
// replaced by another when they change.
type forwarder struct {
	ups      []*upstream
	lookups  []provider.Upstream
	roots    *x509.CertPool
	dial     func(context.Context, netip.AddrPort) (net.Conn, error)
	log      *slog.Logger
	onHealth func()
	onReturn func()
	isBoot   bool
	rules    Rules
	ports    *ports
	seed     maphash.Seed
	ctx      context.Context
	cancel   context.CancelFunc
	group    sync.WaitGroup

	known     atomic.Bool
	answering atomic.Int32
	budget    atomic.Int64 // for hedges
	attempts  sync.Pool    // to use again

	mu   sync.Mutex
	boot *forwarder
	// network ends when the computer is on another one.
	network      context.Context
	leaveNetwork context.CancelCauseFunc

	users   int // exchanges under way
	retired bool
	unused  chan struct{} // closed when retired and users is 0
}

func newForwarder(cfg forwarderConfig) *forwarder {
	f := &forwarder{
		lookups: cfg.lookups, roots: cfg.roots, dial: cfg.dial, log: cfg.log, onHealth: cfg.onHealth, onReturn: cfg.onReturn, isBoot: cfg.isBoot, rules: cfg.rules, ports: cfg.ports,
		seed: maphash.MakeSeed(), unused: make(chan struct{}),
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if f.ports == nil {
		f.ports = new(ports)
	}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	f.network, f.leaveNetwork = context.WithCancelCause(f.ctx)
	f.answering.Store(-1)
	f.budget.Store(hedgeShare * hedgeSaved)
	for i, u := range cfg.upstreams {
		f.ups = append(f.ups, newUpstream(f, i, u))
	}
	return f
}

// enter notes a user; it returns false when the forwarder was retired.
func (f *forwarder) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.retired {
		return false
	}
	f.users++
	return true
}

func (f *forwarder) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.users--; f.users == 0 && f.retired {
		close(f.unused)
	}
}

// retire takes no more questions and returns a channel that closes when those
// under way are over.
func (f *forwarder) retire() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.retired {
		f.retired = true
		if f.users == 0 {
			close(f.unused)
		}
	}
	return f.unused
}

// close ends every connection and waits for all that was started.
func (f *forwarder) close() {
	f.mu.Lock()
	f.cancel()
	f.mu.Unlock()
	for _, u := range f.ups {
		for _, s := range u.list() {
			s.close(errShutdown)
		}
	}
	f.mu.Lock()
	boot := f.boot
	f.mu.Unlock()
	if boot != nil {
		boot.close()
	}
	f.group.Wait()
}

// warm connects to the primary and asks it one question, so that its condition
// is known before a client asks.
func (f *forwarder) warm() {
	if len(f.ups) == 0 {
		return
	}
	u := f.ups[0]
	if u.unresolved() {
		done := make(chan result, 1)
		u.lookup(done)
		f.group.Go(func() {
			select {
			case <-done:
			case <-f.ctx.Done():
				return
			}
			if s := u.best(nil, true); s != nil {
				s.startProbe(nil)
			} else {
				f.failedAll()
			}
		})
		return
	}
	if s := u.best(nil, true); s != nil {
		s.startProbe(nil)
	}
}

// exchange asks the upstreams by the rules of its attempt.
func (f *forwarder) exchange(ctx context.Context, qu *question) (*answer, error) {
	if f.budget.Load() < hedgeShare*hedgeSaved {
		f.budget.Add(1)
	}
	x := newAttempt(f, qu)
	defer x.end()
	a, err := x.run(ctx)
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) { // else nobody waited for the answer
			f.failedAll()
		}
		return nil, &triedError{err, x.asked}
	}
	return a, nil
}

// changed tells the engine's owner that some condition changed.
func (f *forwarder) changed() {
	if f.onHealth != nil && f.ctx.Err() == nil {
		f.onHealth()
	}
}

// returned tells the engine that a server works again.
func (f *forwarder) returned() {
	if f.onReturn != nil {
		f.onReturn()
	}
}

// answeredBy notes which provider gave the latest answer.
func (f *forwarder) answeredBy(index int) {
	if f.rules.Race && index > 0 && f.ups[0].best(nil, false) != nil {
		index = 0 // the first works too: it only lost this race
	}
	moved := f.answering.Load() != int32(index) && f.answering.Swap(int32(index)) != int32(index)
	fresh := !f.known.Load() && !f.known.Swap(true)
	if moved || fresh {
		f.changed()
	}
}

// down tells whether every server is set aside.
func (f *forwarder) down() bool {
	for _, u := range f.ups {
		if u.best(nil, false) != nil || u.unresolved() && !u.failedLately() {
			return false
		}
	}
	return true
}

// failedAll notes that nobody answered.
func (f *forwarder) failedAll() { f.answeredBy(-1) }

const (
	// hedgeShare is how many questions pay for one hedge, hedgeSaved how many
	// hedges may be saved up: when everything is late, asking twice as much
	// does not help.
	hedgeShare = 10
	hedgeSaved = 50
)

// mayHedge takes one hedge out of the budget.
func (f *forwarder) mayHedge() bool {
	if f.budget.Load() < hedgeShare {
		return false
	}
	f.budget.Add(-hedgeShare)
	return true
}

// spawn runs fn in a goroutine that close waits for.
func (f *forwarder) spawn(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ctx.Err() == nil {
		f.group.Go(fn)
	}
}

// probeEnded judges a probe that was sent before any query: when it failed,
// the other servers and backups are tried in turn.
func (f *forwarder) probeEnded(s *server) {
	if f.known.Load() || s.usable() && s.connected() {
		return
	}
	for _, u := range f.ups {
		for _, other := range u.list() {
			other.mu.Lock()
			untried := other.probe.last.IsZero()
			other.mu.Unlock()
			if untried && other != s {
				other.startProbe(nil)
				return
			}
		}
	}
	f.failedAll()
}

// health returns the condition of all upstreams.
func (f *forwarder) health() Health {
	h := Health{Known: f.known.Load(), Answering: int(f.answering.Load())}
	for _, u := range f.ups {
		h.Servers = append(h.Servers, u.health()...)
	}
	return h
}

// asFault finds the fault in an error.
func asFault(err error) (*Fault, bool) { return errors.AsType[*Fault](err) }

// probeAside probes the servers that are set aside, if it is time.
func (f *forwarder) probeAside(now time.Time) {
	for _, u := range f.ups {
		for _, s := range u.list() {
			s.probeIfDue(now)
		}
	}
}

// configured returns the upstreams the forwarder was made for.
func (f *forwarder) configured() []provider.Upstream {
	ups := make([]provider.Upstream, len(f.ups))
	for i, u := range f.ups {
		ups[i] = u.cfg
	}
	return ups
}
