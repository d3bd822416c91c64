package resolver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/miekg/dns"
)

// routes sends the names of routed domains to their own servers: those in clear
// text at once, the others to the cache before them; and all other names to
// others. An encrypted route for all names (“.”) only stands in for the
// upstreams.
type routes struct{ to, others exchanger }

// route is where one domain is sent: to plain or to secure.
type route struct {
	suffix string // as it was written
	root   bool
	plain  exchanger
	secure *secureRoute
	// fault says why the route cannot be used, where it cannot.
	fault error
}

func (r routes) exchange(ctx context.Context, qu *question) (*answer, error) {
	rt := qu.nameRules().route(qu.name())
	switch {
	case rt == nil || rt.root:
		return r.others.exchange(ctx, qu)
	case rt.fault != nil:
		return errorAnswer(qu, dns.RcodeServerFailure, SourceRoute, &EDE{Code: dns.ExtendedErrorCodeOther, Text: rt.fault.Error()}), nil
	case rt.plain != nil && !qu.local:
		return errorAnswer(qu, dns.RcodeRefused, SourceBlocked, &EDE{Code: dns.ExtendedErrorCodeProhibited, Text: "names below " +
			rt.suffix + " are asked in clear text, for programs on this computer only"}), nil
	}
	to := r.to
	if rt.plain != nil {
		to = rt.plain
	}
	a, err := to.exchange(ctx, qu)
	if err != nil && !errors.Is(err, errRulesChanged) {
		return rt.failed(qu, err), nil
	}
	return a, err
}

// route returns the route of a name, nil for none.
func (n *names) route(name []byte) *route {
	rt, _, ok := n.routes.longest(name)
	if !ok {
		return nil
	}
	if _, _, ok := stays.longest(name); ok {
		return nil
	}
	return rt
}

// failed answers for servers that did not: nobody else is asked instead.
func (rt *route) failed(qu *question, err error) *answer {
	a := errorAnswer(qu, dns.RcodeServerFailure, SourceRoute, edeFor(err))
	if fault, ok := asFault(err); ok {
		a.upstream = fault.Addr
	}
	a.clear, a.tries = rt.plain != nil && !errors.Is(err, errOwnAddress), triesOf(err)
	return a
}

// destination asks those who answer for a name by the rules: the servers of its
// route, or the upstreams.
type destination struct{ e *Engine }

func (d destination) exchange(ctx context.Context, qu *question) (*answer, error) {
	n := d.e.names.Load()
	if qu.rules != nil && qu.rules != n {
		return nil, errRulesChanged
	}
	rt := n.route(qu.name())
	if _, _, ok := specials.longest(qu.name()); ok && qu.rules == nil && (rt == nil || rt.root) {
		return nil, errRulesChanged // asked ahead for a route that is gone: nobody else's business
	}
	switch {
	case rt == nil:
		a, err := d.e.exchange(ctx, qu)
		if err == nil && n.guard {
			a = stopRebinding(qu, a)
		}
		return a, err
	case rt.secure == nil:
		return nil, errRulesChanged // what is asked in clear text never comes from the cache
	}
	a, err := rt.secure.exchange(ctx, qu)
	if err != nil {
		return nil, err
	}
	if rt.root && n.guard {
		a = stopRebinding(qu, a)
	}
	if a.source == SourceUpstream {
		own := *a
		own.source = SourceRoute
		a = &own
	}
	return a, nil
}

// secureRoute is the forwarder of the routes to one list of upstreams. It is
// made when it is first asked.
type secureRoute struct {
	key  string // tells lists of upstreams apart
	addr netip.AddrPort
	name string
	bare bool // no upstream has an address: the configured ones look it up
	make func() *forwarder

	mu  sync.Mutex
	fwd *forwarder
	end error // why there is none any more
}

func (s *secureRoute) exchange(ctx context.Context, qu *question) (*answer, error) {
	f, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer f.leave()
	a, err := f.exchange(ctx, qu)
	if _, ok := asFault(err); err != nil && !ok {
		err = &Fault{Kind: FaultTimeout, Addr: s.addr, Text: s.name + " does not answer", Err: err}
	}
	return a, err
}

// enter returns the forwarder, with a user noted.
func (s *secureRoute) enter() (*forwarder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		return nil, s.end
	}
	if s.fwd == nil {
		s.fwd = s.make()
	}
	s.fwd.enter()
	return s.fwd, nil
}

// networkChanged gives up connections that the computer made elsewhere.
func (s *secureRoute) networkChanged() {
	s.mu.Lock()
	f := s.fwd
	s.mu.Unlock()
	if f != nil {
		f.networkChanged()
	}
}

// take returns the forwarder, nil for none, which is the caller's from now on.
// Where end is nil another is made when it is asked again.
func (s *secureRoute) take(end error) *forwarder {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.fwd
	s.fwd, s.end = nil, end
	return f
}

// newRoutes makes routes ready for use. Those to the same upstreams share their
// connections, with those of the old rules as well.
func (e *Engine) newRoutes(rs []Route, old *names) suffixes[*route] {
	all := make(suffixes[*route], len(rs))
	secure := make(map[string]*secureRoute)
	for s := range old.secure() {
		secure[s.key] = s
	}
	for _, r := range rs {
		name, err := r.domain()
		if err != nil {
			e.log.Warn("route left out", "reason", err)
			continue
		}
		rt := &route{suffix: r.Suffix, root: name == "\x00", fault: r.checkServers(name)}
		switch {
		case rt.fault != nil && rt.root:
			e.log.Warn("route left out", "reason", rt.fault)
			continue // its names go to the upstreams, encrypted
		case rt.fault != nil:
			e.log.Warn("route cannot be used", "reason", rt.fault)
		case len(r.Plain) > 0:
			rt.plain = newCoalescer(newPlainRoute(e.clear, r.Plain), &e.cache.epoch)
		default:
			rt.secure = e.secureRoute(secure, r)
		}
		if all[name] == nil {
			all[name] = rt
		}
	}
	return all
}

// secureRoute returns the one in have for r's upstreams, or adds one.
func (e *Engine) secureRoute(have map[string]*secureRoute, r Route) *secureRoute {
	key := fmt.Sprintf("%+v", r.Upstreams)
	if s := have[key]; s != nil {
		return s
	}
	ups := r.Upstreams
	s := &secureRoute{key: key, name: ups[0].Name, bare: len(withAddrs(ups)) == 0}
	s.make = func() *forwarder {
		f := e.fwd.Load()
		return e.newForwarder(ups, f.roots, f.configured()...)
	}
	if len(ups[0].Addrs) > 0 {
		s.addr = ups[0].Addrs[0]
	}
	have[key] = s
	return s
}

// secure are the encrypted routes.
func (n *names) secure() map[*secureRoute]bool {
	all := make(map[*secureRoute]bool)
	for _, rt := range n.routes {
		if rt.secure != nil {
			all[rt.secure] = true
		}
	}
	return all
}

// endRoute closes a route's connections when the queries that they took are
// answered. Where end is nil new ones are made when the route is asked again.
func (e *Engine) endRoute(s *secureRoute, end error) {
	if f := s.take(end); f != nil {
		e.retire(f)
	}
}

// endRoutes does the same for all.
func (e *Engine) endRoutes(end error) {
	for s := range e.names.Load().secure() {
		e.endRoute(s, end)
	}
}
