package resolver

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errMoved ends what was begun on the network that the computer left.
var errMoved = errors.New("the network changed")

// maxNetworks bounds how many networks are remembered.
const maxNetworks = 64

// ports remembers on which networks an upstream is reached by another port
// only, so that nobody waits for the usual one there again. Zero value: no
// network is known.
type ports struct {
	// network identifies the present network; nil means that there is one only.
	network func() string

	mu      sync.Mutex
	blocked map[string]map[string]bool // network, then upstream's name
}

func (p *ports) here() string {
	if p.network == nil {
		return ""
	}
	return p.network()
}

// isBlocked tells whether the present network let nothing through to the usual
// port of the upstream with that name.
func (p *ports) isBlocked(name string) bool {
	here := p.here()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blocked[here][name]
}

// set notes whether the present network blocks the upstream's usual port.
func (p *ports) set(name string, blocked bool) {
	here := p.here()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !blocked {
		delete(p.blocked[here], name)
		return
	}
	if p.blocked == nil || p.blocked[here] == nil && len(p.blocked) >= maxNetworks {
		p.blocked = make(map[string]map[string]bool)
	}
	if p.blocked[here] == nil {
		p.blocked[here] = make(map[string]bool)
	}
	p.blocked[here][name] = true
}

// NetworkChanged tells that the computer is on another network, or the same
// one anew: connections are given up, their queries asked again over new ones,
// and servers that were set aside get another chance.
func (e *Engine) NetworkChanged() {
	e.cache.forgetFailures()
	e.mu.Lock()
	f, routes := e.fwd.Load(), e.names.Load().secure()
	closed, listens := e.closed, len(e.listeners) > 0
	e.mu.Unlock() // OnHealth hears of connections that end
	if closed {
		return
	}
	f.networkChanged()
	for rt := range routes {
		rt.networkChanged()
	}
	if listens {
		f.warm()
	}
}

func (f *forwarder) networkChanged() {
	f.mu.Lock()
	f.leaveNetwork(errMoved)
	f.network, f.leaveNetwork = context.WithCancelCause(f.ctx)
	boot := f.boot
	f.mu.Unlock()
	for _, u := range f.ups {
		for _, s := range u.list() {
			s.networkChanged()
		}
	}
	if boot != nil {
		boot.networkChanged()
	}
}

// networkChanged forgets what was learnt about the server on another network.
func (s *server) networkChanged() {
	s.stopProbe()
	s.stats.forget()
	s.mu.Lock()
	was := s.fault
	s.fault, s.aside = nil, false
	clear(s.failed)
	s.alternative.Store(false)
	conns := s.conns
	s.conns = nil
	s.mu.Unlock()
	for _, c := range conns {
		c.fail(errMoved)
	}
	s.recallPort()
	if was != nil {
		s.f.changed()
	}
}

// recallPort sets a server aside whose port this network is known to block, so
// that another port is asked at once. Probes go on and find out if that ends.
func (s *server) recallPort() {
	if s.alt || len(s.up.cfg.AltPorts) == 0 || !s.f.ports.isBlocked(s.up.cfg.Name) {
		return
	}
	s.mu.Lock()
	s.fault = &Fault{Kind: FaultTimeout, Addr: s.addr, Text: "this network let nothing through to its port before"}
	s.aside = true
	s.probe.last = time.Now()
	s.mu.Unlock()
	s.scheduleProbe()
}

// learnPort notes that an answer came by another port because the usual one is
// blocked, or that the usual one works again. was is what was wrong before.
func (s *server) learnPort(was *Fault) {
	switch {
	case s.alt && !s.alternative.Swap(true):
		s.up.mu.Lock()
		blocked := s.up.blocked()
		s.up.mu.Unlock()
		if blocked {
			s.f.ports.set(s.up.cfg.Name, true)
		}
	case !s.alt && was != nil && len(s.up.cfg.AltPorts) > 0:
		s.f.ports.set(s.up.cfg.Name, false)
	}
}
