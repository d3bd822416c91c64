package resolver

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// bypassTTL bounds the TTLs of what is answered in clear text, in seconds: a
// network that wants a sign-in gives its own address for every name, which
// programs are not to keep for long after.
const bypassTTL = 5

// Bypass is a time in which programs on this computer are answered in clear
// text, as the user asked for: a pause, or a sign-in that the network wants.
type Bypass struct {
	// Servers are asked instead of the upstreams, the first one first.
	Servers []netip.AddrPort
	// Until is when it ends by itself at the latest, by the wall clock; setting
	// that clock back makes it no longer.
	Until time.Time
}

// Bypass asks b's servers in clear text for what would go to the upstreams, for
// clients on this computer only: not for local names, overrides and routes,
// which stay as they are, and not for other clients, which get SERVFAIL with
// the reason. Nothing is taken from the cache or kept in it, and no answer is
// stopped for its address, since a network's own page has a private one. The
// events have SourceRoute and Clear.
//
// It takes the place of the bypass before it. One without servers, such as the
// zero value, or whose time is over ends that: queries under way in clear text
// are asked of the upstreams then, which are connected to at once. The same
// happens when its time is over. It knows nothing of networks: who leaves one
// ends its bypass.
func (e *Engine) Bypass(b Bypass) {
	next := e.newBypass(b, time.Now())
	e.mu.Lock()
	if e.closed {
		next = nil
	}
	old := e.bypass.Swap(next)
	if next != nil {
		next.timer = time.AfterFunc(time.Until(next.end), func() { e.endBypass(next) })
	}
	e.mu.Unlock()
	if old == nil {
		return
	}
	old.cancel()
	if next == nil {
		e.comeBack()
	}
}

// bypass is a Bypass in force.
type bypass struct {
	to    exchanger
	until time.Time // by the wall clock alone
	end   time.Time // by the monotonic clock
	timer *time.Timer
	ctx   context.Context
	stop  context.CancelFunc
}

// newBypass returns nil for what ends a bypass.
func (e *Engine) newBypass(b Bypass, now time.Time) *bypass {
	until := b.Until.Round(0)
	left := until.Sub(now.Round(0))
	if len(b.Servers) == 0 || left <= 0 {
		return nil
	}
	n := &bypass{until: until, end: now.Add(left)}
	n.ctx, n.stop = context.WithCancel(e.ctx)
	clear := newClearNet(n.ctx, e.addresses)
	clear.dial = e.clear.dial
	n.to = newCoalescer(newPlainRoute(clear, slices.Clone(b.Servers)), &e.cache.epoch)
	return n
}

// over tells whether its time is over: the monotonic clock stands still while
// the computer sleeps, the wall clock may be set back.
func (b *bypass) over(now time.Time) bool {
	return !now.Before(b.end) || !now.Round(0).Before(b.until)
}

// cancel ends the timer, and what is under way in clear text.
func (b *bypass) cancel() {
	b.timer.Stop()
	b.stop()
}

// bypassed returns the bypass in force, nil for none.
func (e *Engine) bypassed(now time.Time) *bypass {
	b := e.bypass.Load()
	if b != nil && b.over(now) {
		e.endBypass(b)
		return e.bypass.Load()
	}
	return b
}

// endBypass ends b, if that is still in force.
func (e *Engine) endBypass(b *bypass) {
	e.mu.Lock()
	ended := e.bypass.CompareAndSwap(b, nil)
	e.mu.Unlock()
	if ended {
		b.cancel()
		e.comeBack()
	}
}

// comeBack connects to the upstreams again. Where none worked, which is usual
// behind a sign-in, they get another chance at once.
func (e *Engine) comeBack() {
	e.mu.Lock()
	f := e.fwd.Load()
	closed, listens := e.closed, len(e.listeners) > 0
	e.mu.Unlock() // OnHealth hears of connections that end
	if closed {
		return
	}
	e.cache.forgetFailures()
	if f.down() {
		f.networkChanged()
	}
	if listens {
		f.warm()
	}
}

// detour asks in clear text while there is a bypass, and next else.
type detour struct {
	e    *Engine
	next exchanger
}

func (d detour) exchange(ctx context.Context, qu *question) (*answer, error) {
	for {
		b := d.e.bypassed(time.Now())
		switch {
		case b == nil:
			return d.next.exchange(ctx, qu)
		case !qu.local:
			return errorAnswer(qu, dns.RcodeServerFailure, SourceBlocked, &EDE{Code: dns.ExtendedErrorCodeOther, Text: "encryption is paused " +
				"on the computer that was asked, and meanwhile it asks for its own programs only"}), nil
		}
		a, err := b.to.exchange(ctx, qu)
		switch {
		case err == nil:
			return bounded(a, &CacheRules{MaxTTL: bypassTTL * time.Second}), nil
		case ctx.Err() != nil || d.e.bypass.Load() == b:
			return bypassFailed(qu, err), nil
		}
	}
}

// bypassFailed answers for servers that did not: nobody else is asked instead.
func bypassFailed(qu *question, err error) *answer {
	a := errorAnswer(qu, dns.RcodeServerFailure, SourceRoute, edeFor(err))
	if fault, ok := asFault(err); ok {
		a.upstream = fault.Addr
	}
	a.clear = !errors.Is(err, errOwnAddress)
	return a
}
