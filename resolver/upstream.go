package resolver

import (
	"crypto/tls"
	"net/netip"
	"slices"
	"sync"
	"time"

	"dotproxy/resolver/provider"
)

// upstream is one configured provider: its servers, and for a bare name the
// look-up that finds them.
type upstream struct {
	f     *forwarder
	index int
	cfg   provider.Upstream
	conf  *tls.Config

	mu       sync.Mutex
	servers  []*server
	current  *server // the one in use, kept while it is about as quick as the best
	looking  bool
	lookedUp time.Time
	waiters  []chan<- result
	fault    *Fault // why the look-up failed
}

func newUpstream(f *forwarder, index int, cfg provider.Upstream) *upstream {
	u := &upstream{f: f, index: index, cfg: cfg}
	u.conf = tlsConfig(f, u)
	u.setAddrs(cfg.Addrs)
	return u
}

// setAddrs makes servers of addrs and keeps those that are there already. It
// returns those that are not named any more.
func (u *upstream) setAddrs(addrs []netip.AddrPort) (gone []*server) {
	u.mu.Lock()
	defer u.mu.Unlock()
	addrs = u.withAltPorts(addrs)
	var servers []*server
	for _, a := range addrs {
		i := slices.IndexFunc(u.servers, func(s *server) bool { return s.addr == a })
		if i >= 0 {
			servers = append(servers, u.servers[i])
			continue
		}
		s := &server{f: u.f, up: u, addr: a, conf: u.conf, alt: u.isAlt(a)}
		s.recallPort()
		servers = append(servers, s)
	}
	for _, s := range u.servers {
		if !slices.Contains(servers, s) {
			gone = append(gone, s)
		}
	}
	u.servers = servers
	return gone
}

// withAltPorts adds the other ports of the addresses, behind all of them.
func (u *upstream) withAltPorts(addrs []netip.AddrPort) []netip.AddrPort {
	all := slices.Clone(addrs)
	for _, port := range u.cfg.AltPorts {
		for _, a := range addrs {
			all = append(all, netip.AddrPortFrom(a.Addr(), port))
		}
	}
	return all
}

func (u *upstream) isAlt(a netip.AddrPort) bool { return slices.Contains(u.cfg.AltPorts, a.Port()) }

// blocked tells whether nothing gets through to the upstream's usual port. It
// is called with the lock held.
func (u *upstream) blocked() bool {
	for _, s := range u.servers {
		if !s.alt && !s.unreachable() {
			return false
		}
	}
	return true
}

// list returns the servers in order of preference.
func (u *upstream) list() []*server {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.servers
}

// best chooses the quickest server that is not in skip; the one in use stays
// until another takes less than two thirds of its time. Servers set aside
// count only where aside is true, other ports only where the usual one is
// blocked. It returns nil where there is none.
func (u *upstream) best(skip []*server, aside bool) *server {
	u.mu.Lock()
	defer u.mu.Unlock()
	var best *server
	altToo := len(u.cfg.AltPorts) > 0 && u.blocked()
	for _, s := range u.servers {
		if slices.Contains(skip, s) || !aside && !s.usable() || s.alt && !altToo {
			continue
		}
		if best == nil || u.better(s, best) {
			best = s
		}
	}
	if len(skip) == 0 && best != nil {
		u.current = best
	}
	return best
}

// better tells whether a is to be asked rather than b, which comes before it.
func (u *upstream) better(a, b *server) bool {
	if la, lb := a.late(), b.late(); la != lb {
		return lb
	}
	if a == u.current {
		return !u.quicker(b, a)
	}
	return u.quicker(a, b)
}

// quicker tells whether a is so much quicker than b that it is worth a change.
func (u *upstream) quicker(a, b *server) bool {
	ma, mb := a.stats.median(), b.stats.median()
	return ma > 0 && mb > 0 && ma*3 < mb*2
}

// unresolved tells whether the upstream's name must be looked up first.
func (u *upstream) unresolved() bool {
	return len(u.cfg.Addrs) == 0 && len(u.list()) == 0
}

// health returns the condition of each server, or of the look-up.
func (u *upstream) health() []ServerHealth {
	u.mu.Lock()
	servers, fault := u.servers, u.fault
	u.mu.Unlock()
	if len(servers) == 0 {
		if fault == nil {
			return nil
		}
		return []ServerHealth{{Upstream: u.index, Fault: fault}}
	}
	var hs []ServerHealth
	for _, s := range servers {
		if h := s.health(u.index); !s.alt || h.Connected {
			hs = append(hs, h)
		}
	}
	return hs
}
