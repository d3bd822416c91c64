package daemon

import (
	"time"

	"dotproxy/app/netwatch"
)

const (
	// lookAfter is for how long after an event each look is at the network too:
	// the router's link-layer address becomes known when it is asked something.
	lookAfter = 30 * time.Second
	// wakeOnce is within what time two signs of a wake-up are of the same.
	wakeOnce = 10 * time.Second
)

// networkEvents is what the daemon needs of *netwatch.Watcher.
type networkEvents interface {
	// Events delivers what happened, soon after; it is never closed.
	Events() <-chan netwatch.Event
	// Live is false while changes of the network have to be looked for.
	Live() bool
	// Connectivity is the present one.
	Connectivity() netwatch.Connectivity
	// Wait returns when its context has ended and so has everything.
	Wait()
}

// deaf hears nothing.
type deaf struct{}

func (deaf) Events() <-chan netwatch.Event       { return nil }
func (deaf) Live() bool                          { return false }
func (deaf) Connectivity() netwatch.Connectivity { return netwatch.Unknown }
func (deaf) Wait()                               {}

// listenToNetwork begins to listen until the daemon ends. A demonstration has
// nothing to do with the network.
func (d *Daemon) listenToNetwork() networkEvents {
	listen := d.seams.around.listen
	if listen == nil || d.opts.Demo != nil {
		return deaf{}
	}
	return listen(d.ctx)
}

// heard is what follows from events.
type heard struct {
	// look is until when the network is looked at although events come.
	look  time.Time
	clock netwatch.Clock
	woke  time.Time // the last wake-up
}

// something notes that the network may be another.
func (h *heard) something(now time.Time) { h.look = now.Add(lookAfter) }

// wakes tells whether a sign of a wake-up is the first one of it.
func (h *heard) wakes(now time.Time) bool {
	if !h.woke.IsZero() && now.Sub(h.woke) < wakeOnce {
		return false
	}
	h.woke = now
	return true
}

// looksAtNetwork tells whether a look is at the network too.
func (d *Daemon) looksAtNetwork() bool {
	return d.events == nil || !d.events.Live() || time.Now().Before(d.heard.look)
}

// hear does what an event asks for, and tells whether anything changed and
// whether the computer is on another network. It is called with op held.
func (d *Daemon) hear(e netwatch.Event) (changed, moved bool) {
	now := time.Now()
	if e.Network || e.Woke {
		d.heard.something(now)
		d.leakSoon()
	}
	switch {
	case !d.watches():
		return false, false
	case !e.Network && !e.Woke:
		return true, false // the state may tell
	}
	changed = d.refresh()
	moved = d.out.moved
	if e.Woke {
		d.heard.clock.Woke(now) // it need not say so too
		changed = d.wokeUp(now, moved) || changed
	}
	return changed, moved
}

// tick looks at what lies outside when it is time to. It is called with op held.
func (d *Daemon) tick() (changed bool) {
	now := time.Now()
	woke := d.heard.clock.Woke(now)
	if woke {
		d.heard.something(now)
		d.leakSoon()
	}
	changed = d.refresh()
	if woke {
		changed = d.wokeUp(now, d.out.moved) || changed
	}
	return changed
}

// wokeUp connects anew after a sleep, which connections rarely survive; where the
// network is another one that was done. It is called with op held.
func (d *Daemon) wokeUp(now time.Time, moved bool) (changed bool) {
	if !d.heard.wakes(now) || moved {
		return false
	}
	d.log.Info("the computer woke up")
	d.eng.NetworkChanged()
	return true
}
