package daemon

import (
	"sync/atomic"
	"time"

	"dotproxy/app/control"
)

// The times of looking for a leak.
const (
	// leakSettle is how long a change has before it is looked at, and how long
	// after a first miss the second look follows.
	leakSettle = 5 * time.Second
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
	for {
		select {
		case <-d.ctx.Done():
			return
		case <-d.leaks.wake:
			next.Reset(leakSettle)
			continue
		case <-next.C:
		}
		switch d.goesAround() {
		case false:
			misses = 0
			d.noteLeak(false)
			next.Reset(leakEvery)
		case true:
			if misses++; misses < leakMisses {
				next.Reset(leakSettle)
				continue
			}
			d.noteLeak(true)
			next.Reset(leakAgain)
		}
	}
}

// goesAround tells whether a name made up did not come here although it should
// have.
func (d *Daemon) goesAround() bool {
	s := d.Status()
	if !s.SystemDNS || s.State != control.Protected && s.State != control.Degraded {
		return false
	}
	asked := d.isAsked(d.ctx, s)
	return asked != nil && !*asked && d.ctx.Err() == nil && d.dnsNow().on
}

func (d *Daemon) noteLeak(found bool) {
	if d.leaks.found.Swap(found) == found {
		return
	}
	if found {
		d.log.Warn("programs of this computer ask another DNS server, not encrypted")
	} else {
		d.log.Info("programs of this computer ask here again")
	}
	d.kick()
}

// leakProblem is what a status says of a leak.
func leakProblem() *control.Problem {
	return &control.Problem{Code: control.CodeLeak, Message: "This computer still asks another DNS server, not encrypted.",
		Hint: "Use “Repair” to point it here again; Check says more."}
}
