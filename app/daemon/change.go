package daemon

import (
	"crypto/x509"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
)

// change goes over to other settings: listen on what is new, save, then switch.
// Whatever fails, everything stays as it was. It is called with op held.
func (d *Daemon) change(l layers) error {
	l.rule = d.ruleFor(l.saved)
	p, problem := l.plan()
	if problem != nil {
		return problem
	}
	undo, problem := d.relisten(p.listen)
	if problem != nil {
		return problem
	}
	if d.opts.Demo == nil {
		if err := d.seams.store.Save(l.saved); err != nil {
			undo()
			return asProblem(err)
		}
	}
	d.adopt(l, p, d.look(p))
	d.dropCache()
	d.cacheFile.ours = d.keepsCache()
	d.keepToday()
	if !d.stopped {
		// Closes what is not named any more, and tries again what was blocked.
		d.settle(d.listen(p.listen))
	}
	d.pauseByRule()
	s := l.saved.Clone()
	d.hub.Publish(control.Event{Name: control.EventSettings, Settings: &s})
	return nil
}

// adopt makes the plan the present one.
func (d *Daemon) adopt(l layers, p plan, out outside) {
	d.mu.Lock()
	defer d.mu.Unlock()
	old := d.plan
	if d.out.looked {
		out.network = d.out.network // a change is for the watch to find
	}
	p.takeRoots(&out)
	d.out = out
	d.layers, d.plan, d.notice = l, p, nil
	if d.blocked != nil && len(old.upstreams) == 0 {
		d.blocked = nil // these settings replace the broken ones
	}
	if !reflect.DeepEqual(old.upstreams, p.upstreams) || !sameRoots(old.roots, p.roots) {
		d.eng.SetUpstreams(p.upstreams, p.roots)
	}
	d.setRules()
	d.queries.SetPrivacy(p.settings.LogPrivacy)
}

func sameRoots(a, b *x509.CertPool) bool {
	return a == b || a != nil && b != nil && a.Equal(b)
}

// relisten opens what want has beyond the present addresses and leaves those
// open, so that undo can take it back. Where an address stands in the way of a
// new one, such as 127.0.0.1 of 0.0.0.0, it is closed first.
func (d *Daemon) relisten(want []resolver.ListenAddr) (undo func(), problem *control.Problem) {
	have := d.plan.listen
	undo = func() {}
	if d.stopped || slices.Equal(have, want) {
		return undo, nil
	}
	if problem := d.passedProblem(want); problem != nil {
		return undo, problem
	}
	if d.blocked != nil {
		have = nil
	}
	undo = func() { d.settle(d.listen(d.plan.listen)) }
	var kept []resolver.ListenAddr
	for _, h := range have {
		if !slices.ContainsFunc(want, func(w resolver.ListenAddr) bool { return inTheWay(h.Addr, w.Addr) }) {
			kept = append(kept, h)
		}
	}
	if len(kept) < len(have) {
		if problem := d.listen(kept); problem != nil {
			return undo, problem
		}
	}
	if problem := d.listen(union(want, kept)); problem != nil {
		undo()
		return undo, problem
	}
	return undo, nil
}

// inTheWay tells whether have must be closed before want can be opened. Our own
// wildcard of IPv6 takes IPv6 alone.
func inTheWay(have, want netip.AddrPort) bool {
	a, b := have.Addr(), want.Addr()
	return have != want && have.Port() == want.Port() && a.Is4() == b.Is4() && (a.IsUnspecified() || b.IsUnspecified())
}

// union is want and what have has beyond it.
func union(want, have []resolver.ListenAddr) []resolver.ListenAddr {
	all := slices.Clone(want)
	for _, h := range have {
		if !slices.ContainsFunc(want, func(w resolver.ListenAddr) bool { return w.Addr == h.Addr }) {
			h.Optional = true // it is open already, or never was
			all = append(all, h)
		}
	}
	return all
}

// listen opens addrs; that none of them exists here is a problem too.
func (d *Daemon) listen(addrs []resolver.ListenAddr) *control.Problem {
	if err := d.eng.Listen(addrs); err != nil {
		return listenProblem(err, d.seams)
	}
	d.notePort()
	if len(addrs) > 0 && len(d.eng.Addrs()) == 0 {
		return &control.Problem{Code: control.CodeAddress, Field: "listen", Message: "This computer has none of the addresses to listen on.",
			Hint: "Listen on an address of this computer."}
	}
	return nil
}

// settle notes whether the listeners are open; where they are not, the state is
// failed and they are tried again.
func (d *Daemon) settle(problem *control.Problem) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.blocked, d.retry = problem, backoff{}
	if problem != nil {
		d.retry.failed(time.Now())
	}
}
