// Package netwatch tells when the network may be another one and when the
// computer woke up, as the system says so, so that nobody has to look again and
// again. It only listens: it changes nothing and sends nothing over the network.
package netwatch

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A change of network comes as a burst of messages: it is told of when there
// was none for quiet, and after most at the latest.
const (
	quiet = 250 * time.Millisecond
	most  = time.Second
)

// A source that fails is tried again, later each time.
const (
	retryFirst = 30 * time.Second
	retryMost  = 10 * time.Minute
)

// Connectivity is what NetworkManager knows of the way to the internet
// (NMConnectivityState). Where its check is turned off, which is usual, it says
// Full of every network.
type Connectivity uint32

// The states of connectivity.
const (
	// Unknown: nobody tells.
	Unknown Connectivity = 0
	// None: there is no network.
	None Connectivity = 1
	// Portal: the network wants a sign-in.
	Portal Connectivity = 2
	// Limited: there is a network, but it leads nowhere.
	Limited Connectivity = 3
	// Full: the internet is there.
	Full Connectivity = 4
)

// Event is what happened since the event before. One without Network and Woke
// tells of another Connectivity.
type Event struct {
	// Network is set where links, addresses or default routes changed, or may
	// have while nobody listened.
	Network bool
	// Woke is set where the computer woke up. Its network may follow later, as
	// another event.
	Woke bool
	// Connectivity is the present one.
	Connectivity Connectivity
}

// Watcher listens to the system. Its methods may be called at the same time.
type Watcher struct {
	sinks        []*sink
	in, out      chan Event
	connectivity atomic.Uint32
	done         sync.WaitGroup
}

// source listens to one part of the system and tells it, until ctx ends or it
// cannot go on.
type source func(ctx context.Context, s *sink) error

// sink is where a source tells what it hears.
type sink struct {
	w   *Watcher
	ctx context.Context
	// hears is set while the source would hear of another network.
	hears atomic.Bool
}

// Start listens to what this system has until ctx ends: on Linux to the kernel
// (rtnetlink), and over the system's D-Bus to NetworkManager and logind;
// elsewhere to nothing. What is not there is looked for again now and then.
func Start(ctx context.Context) *Watcher { return start(ctx, sources()...) }

func start(ctx context.Context, sources ...source) *Watcher {
	w := &Watcher{in: make(chan Event), out: make(chan Event)}
	for _, run := range sources {
		s := &sink{w: w, ctx: ctx}
		w.sinks = append(w.sinks, s)
		w.done.Go(func() { s.keep(run) })
	}
	w.done.Go(func() { w.gather(ctx) })
	return w
}

// Events delivers what happened, within a second and a wake-up at once. Who is
// slow to receive gets several as one. It is never closed.
func (w *Watcher) Events() <-chan Event { return w.out }

// Live tells whether events come where the network changes. While it does not,
// who wants to know has to look.
func (w *Watcher) Live() bool {
	for _, s := range w.sinks {
		if s.hears.Load() {
			return true
		}
	}
	return false
}

// Connectivity is what NetworkManager says now.
func (w *Watcher) Connectivity() Connectivity { return Connectivity(w.connectivity.Load()) }

// Wait returns when everything has ended, after the context of Start.
func (w *Watcher) Wait() { w.done.Wait() }

// gather makes one event of a burst.
func (w *Watcher) gather(ctx context.Context) {
	timer := time.NewTimer(most)
	timer.Stop()
	defer timer.Stop()
	var now Event
	var first time.Time // of the burst; zero while there is none
	var send chan Event // nil while the burst may go on
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-w.in:
			if first.IsZero() {
				first = time.Now()
			}
			now.Network, now.Woke = now.Network || e.Network, now.Woke || e.Woke
			if e.Woke {
				send = w.out
			}
			timer.Reset(min(quiet, time.Until(first.Add(most))))
		case <-timer.C:
			send = w.out
		case send <- w.with(now):
			now, first, send = Event{}, time.Time{}, nil
			timer.Stop()
		}
	}
}

// with is e with the present connectivity.
func (w *Watcher) with(e Event) Event {
	e.Connectivity = w.Connectivity()
	return e
}

// keep runs a source again and again.
func (s *sink) keep(run source) {
	for wait := retryFirst; ; wait = min(2*wait, retryMost) {
		began := time.Now()
		_ = run(s.ctx, s) // there is nobody to tell: Live does
		s.hears.Store(false)
		if time.Since(began) > retryMost {
			wait = retryFirst // it was there for long
		}
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// listens notes whether the source hears of the network from now on. What came
// before it did is not known.
func (s *sink) listens(hears bool) {
	if !s.hears.Swap(hears) && hears {
		s.tell(Event{Network: true})
	}
}

// connected notes what NetworkManager says.
func (s *sink) connected(c Connectivity) {
	if c > Full {
		c = Unknown
	}
	if Connectivity(s.w.connectivity.Swap(uint32(c))) != c {
		s.tell(Event{})
	}
}

// tell tells what happened.
func (s *sink) tell(e Event) {
	select {
	case s.w.in <- e:
	case <-s.ctx.Done():
	}
}
