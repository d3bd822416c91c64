package daemon

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"dotproxy/app/control"
)

// restorePatience is how long an engine that ends waits for the old DNS to be
// back. Where it is not by then, whoever watches over the change puts it back.
const restorePatience = 4 * time.Second

// computerDNS points this computer's DNS here and puts the old one back. Set,
// Restore and Repair may take seconds, and a minute where somebody is asked for
// a password; they are called one at a time. An error leaves everything as it
// was.
type computerDNS interface {
	Set(ctx context.Context, listen []netip.AddrPort) error
	Restore(ctx context.Context) error
	// Repair puts right what an earlier end or another program left behind.
	Repair(ctx context.Context) error
	State() dnsState
	// Changed tells that State may be another.
	Changed() <-chan struct{}
	// Close ends it without a wait; the old DNS comes back by itself.
	Close()
}

// dnsState is what became of this computer's DNS.
type dnsState struct {
	// on: it points here. networks are those that are covered, for people.
	on       bool
	networks []string
	// servers are what the network offered before, asked in clear text.
	servers []netip.Addr
	// problem says what keeps it from pointing here, nil for nothing.
	problem *control.Problem
}

// steering is what the daemon knows of this computer's DNS.
type steering struct {
	dns computerDNS // nil: it cannot be changed
	// turn holds one token: the DNS is changed by one at a time, with op free,
	// since it may take long.
	turn chan struct{}
	wake chan struct{}
	// set is where it was pointed to, tried where that failed; nil for nowhere.
	// What was tried is not tried again by itself. Both are used with the turn.
	set, tried []netip.AddrPort
	// moved: another network is reason enough to try again what failed.
	moved atomic.Bool
	// settled: what an earlier process may have left was looked after.
	settled bool
}

func newSteering(dns computerDNS) *steering {
	return &steering{dns: dns, turn: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
}

// takeTurn waits until nobody else changes this computer's DNS.
func (d *Daemon) takeTurn(ctx context.Context) error {
	select {
	case d.steering.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return asProblem(context.Cause(ctx))
	case <-d.ctx.Done():
		return &control.Problem{Code: control.CodeNoEngine, Message: "The engine is ending."}
	}
}

func (d *Daemon) endTurn() { <-d.steering.turn; d.leakSoon(); d.kick() }

// steerSoon has the computer's DNS follow what the daemon wants. It never waits.
func (d *Daemon) steerSoon() {
	select {
	case d.steering.wake <- struct{}{}:
	default:
	}
}

// steer keeps this computer's DNS where it is wanted until the daemon ends, and
// puts the old one back then, before the listeners close.
func (d *Daemon) steer() {
	defer d.leaveDNS()
	for {
		select {
		case <-d.ctx.Done():
			return
		case <-d.steering.dns.Changed():
			d.leakSoon()
			d.kick()
		case <-d.steering.wake:
			if d.takeTurn(d.ctx) == nil {
				_ = d.reconcile(d.ctx, d.steering.moved.Swap(false))
				d.endTurn()
			}
		}
	}
}

// leaveDNS puts the old DNS back at the end.
func (d *Daemon) leaveDNS() {
	ctx, cancel := context.WithTimeout(context.Background(), restorePatience)
	defer cancel()
	select {
	case d.steering.turn <- struct{}{}:
		defer func() { <-d.steering.turn }()
		if d.steering.set != nil {
			if err := d.steering.dns.Restore(ctx); err != nil {
				d.log.Error("the old DNS could not be put back yet", "error", err)
			}
		}
	case <-ctx.Done():
	}
	d.steering.dns.Close()
}

// wantedDNS is where this computer's DNS should point, nil for where it did
// before.
func (d *Daemon) wantedDNS() []netip.AddrPort {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped || d.stopping || d.blocked != nil || d.pause != nil || d.portals.wanted.under(time.Now()) || !d.layers.saved.SystemDNS {
		return nil
	}
	return loopbacks(d.eng.Addrs())
}

// loopbacks are the addresses at which this computer reaches listeners.
func loopbacks(listen []netip.AddrPort) []netip.AddrPort {
	var list []netip.AddrPort
	for _, l := range listen {
		a := l.Addr().Unmap()
		switch {
		case a.IsUnspecified() && a.Is4():
			a = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		case a.IsUnspecified():
			a = netip.IPv6Loopback()
		}
		if at := netip.AddrPortFrom(a, l.Port()); a.IsLoopback() && !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

// reconcile points this computer's DNS to where it is wanted. What failed is
// tried again only where somebody asked for it: a refusal would otherwise be
// asked for again and again. It is called with the turn taken.
func (d *Daemon) reconcile(ctx context.Context, again bool) error {
	s, want := d.steering, d.wantedDNS()
	if s.dns == nil {
		return nil
	}
	if want == nil && s.set == nil && !s.settled {
		s.settled = true // what cannot be put right now is for the user to ask for
		err := s.dns.Repair(ctx)
		d.noteDNS(err)
		return err
	}
	if slices.Equal(want, s.set) || !again && want != nil && slices.Equal(want, s.tried) {
		return nil
	}
	var err error
	if want == nil {
		err = s.dns.Restore(ctx)
	} else {
		err = s.dns.Set(ctx, want)
	}
	if err == nil {
		s.set, s.tried, s.settled = want, nil, true
		d.noteLeak(false) // it was seen to lead here
	} else {
		s.tried = want
	}
	d.noteDNS(err)
	return err
}

// noteDNS keeps what went wrong with this computer's DNS for the status.
func (d *Daemon) noteDNS(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dnsProblem = nil
	if err != nil && !errors.Is(err, context.Canceled) {
		d.dnsProblem = dnsProblem(err)
		d.log.Warn(d.dnsProblem.Error())
	}
}

// dnsProblem is what a person reads of an error of computerDNS.
func dnsProblem(err error) *control.Problem {
	if p, ok := errors.AsType[*control.Problem](err); ok {
		return p
	}
	return &control.Problem{Code: control.CodeSystemDNS,
		Message: "This computer’s DNS could not be changed; it was left as it was: " + control.Quote(err.Error()) + ".",
		Hint:    "Set it to 127.0.0.1 yourself, or allow the change and try again."}
}

// dnsNow is the state of this computer's DNS.
func (d *Daemon) dnsNow() dnsState {
	if d.steering.dns == nil {
		return dnsState{}
	}
	return d.steering.dns.State()
}

// SystemDNS implements control.Controller.
func (d *Daemon) SystemDNS(ctx context.Context, action string) error {
	if err := d.canSteer(); err != nil {
		return err
	}
	if err := d.takeTurn(ctx); err != nil {
		return err
	}
	defer d.endTurn()
	switch action {
	case control.SystemDNSOn:
		return d.dnsOn(ctx)
	case control.SystemDNSOff:
		return d.dnsOff(ctx)
	}
	if err := d.steering.dns.Repair(ctx); err != nil {
		d.noteDNS(err)
		return dnsProblem(err)
	}
	d.steering.set, d.steering.tried = nil, nil
	return d.reconcile(ctx, true)
}

// canSteer tells whether this computer's DNS can be changed at all.
func (d *Daemon) canSteer() error {
	switch {
	case d.opts.Demo != nil:
		return &control.Problem{Code: control.CodeNotNow, Message: "The demo never becomes this computer’s DNS.", Hint: "End the demo and start DoT Proxy without --demo."}
	case d.steering.dns == nil:
		return &control.Problem{Code: control.CodeSystemDNS, Message: "This computer’s DNS cannot be changed from here.", Hint: "Set it to 127.0.0.1 yourself; the README tells how."}
	}
	return nil
}

// dnsOn saves only what worked.
func (d *Daemon) dnsOn(ctx context.Context) error {
	listen := loopbacks(d.eng.Addrs())
	if len(listen) == 0 {
		return &control.Problem{Code: control.CodeNotNow, Message: "DoT Proxy does not answer on an address of this computer’s own, so its DNS cannot point there.",
			Hint: "Start DoT Proxy, and let it listen on 127.0.0.1."}
	}
	d.endPause()
	if err := d.steering.dns.Set(ctx, listen); err != nil {
		d.noteDNS(err)
		return dnsProblem(err)
	}
	d.steering.set, d.steering.tried, d.steering.settled = listen, nil, true
	d.noteLeak(false) // it was seen to lead here
	d.noteDNS(nil)
	if err := d.saveDNS(ctx, true); err != nil {
		return errors.Join(err, d.reconcile(ctx, true))
	}
	return nil
}

// dnsOff saves first: whatever happens then, it is not set again.
func (d *Daemon) dnsOff(ctx context.Context) error {
	d.endPause()
	saved := d.saveDNS(ctx, false)
	d.steering.set, d.steering.tried = nil, nil
	if err := d.steering.dns.Restore(ctx); err != nil {
		d.noteDNS(err)
		return dnsProblem(err)
	}
	d.noteDNS(nil)
	return saved
}

// saveDNS saves whether this computer's DNS shall point here.
func (d *Daemon) saveDNS(ctx context.Context, on bool) error {
	return d.run(ctx, func() error {
		if d.layers.saved.SystemDNS == on || len(d.plan.upstreams) == 0 {
			return nil
		}
		s := d.layers.saved.Clone()
		s.SystemDNS = on
		return d.change(d.layers.withSaved(s))
	})
}

// Stop implements control.Controller. The old DNS is back before the listeners
// close; where it cannot be put back they stay open.
func (d *Daemon) Stop(ctx context.Context) error {
	if d.steering.dns == nil {
		return d.run(ctx, d.stop)
	}
	if err := d.takeTurn(ctx); err != nil {
		return err
	}
	defer d.endTurn()
	d.setStopping(true)
	defer d.setStopping(false)
	if err := d.reconcile(ctx, true); err != nil {
		p := *dnsProblem(err)
		p.Message = "DoT Proxy goes on, since this computer would be left without DNS. " + p.Message
		return &p
	}
	d.endPause()
	return d.run(ctx, d.stop)
}

func (d *Daemon) setStopping(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopping = on
}
