package daemon

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/systemdns"
	"dotproxy/resolver"
)

// The times of looking for a leak.
const (
	// leakSettle is how long a change has before it is looked at, and how long
	// after a first miss the second look follows.
	leakSettle = 5 * time.Second
	// leakLatest is when a change is looked at although others go on.
	leakLatest = 30 * time.Second
	// leakEvery is how often this computer is looked at where nothing changed.
	leakEvery = 5 * time.Minute
	// leakAgain is how often it is while there is a leak.
	leakAgain = 30 * time.Second
	// leakMisses in a row are a leak: one name may be lost on the way.
	leakMisses = 2
)

// leaks is whether programs of this computer ask somebody else although its DNS
// points here.
type leaks struct {
	found atomic.Bool
	wake  chan struct{}
}

// leakSoon has this computer looked at after what may have changed it. It never
// waits.
func (d *Daemon) leakSoon() {
	select {
	case d.leaks.wake <- struct{}{}:
	default:
	}
}

// watchLeak looks for a leak until the daemon ends: a name made up is looked up
// through the system's own resolver, and has to arrive here.
func (d *Daemon) watchLeak() {
	next := time.NewTimer(leakSettle)
	defer next.Stop()
	misses := 0
	var changed time.Time // the first change not looked at yet, zero for none
	for {
		select {
		case <-d.ctx.Done():
			return
		case <-d.leaks.wake:
			if changed.IsZero() {
				changed = time.Now()
			}
			next.Reset(min(leakSettle, time.Until(changed.Add(leakLatest))))
			continue
		case <-next.C:
		}
		changed = time.Time{}
		switch arrived := d.arrives(); {
		case d.ctx.Err() != nil:
			return
		case arrived == nil || *arrived:
			misses = 0
			d.noteLeak(false)
			next.Reset(leakEvery)
		default:
			if misses++; misses < leakMisses && !d.leaks.found.Load() {
				next.Reset(leakSettle)
				continue
			}
			misses = 0
			d.noteLeak(true)
			next.Reset(leakAgain)
		}
	}
}

// arrives tells whether a name made up comes here as it should; nil where it
// need not, or where that it does not would say nothing.
func (d *Daemon) arrives() *bool {
	if !d.shouldArrive() {
		return nil
	}
	asked := d.isAsked(d.ctx, d.Status())
	if asked == nil || *asked || d.shouldArrive() && len(d.leaks.wake) == 0 {
		return asked
	}
	return nil // something changed meanwhile, and is looked at later
}

// shouldArrive tells whether what programs of this computer look up has to come
// here: its DNS points here, there is a network, and nothing keeps it from an
// answer.
func (d *Daemon) shouldArrive() bool {
	s := d.Status()
	if !s.SystemDNS || s.State != control.Protected && s.State != control.Degraded {
		return false
	}
	if d.seams.around.network() == (systemdns.NetworkID{}) {
		return false // a system without a network asks nobody
	}
	return !slices.ContainsFunc(d.eng.Blocked(), func(b resolver.Blocked) bool {
		return b.Client.Addr().IsLoopback() || b.Client.Contains(netip.IPv6Loopback())
	})
}

// noteLeak keeps for the status whether there is a leak, and has it told.
func (d *Daemon) noteLeak(found bool) {
	if d.leaks.found.Swap(found) != found {
		d.kick()
	}
}

// leakProblem is what a status says of a leak.
func leakProblem() *control.Problem {
	return &control.Problem{Code: control.CodeLeak, Message: "This computer still asks another DNS server, not encrypted.",
		Hint: "Use “Repair” to point it here again; Check says more."}
}
