package guard

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"dotproxy/app/systemdns"
)

// Options are what a Client needs.
type Options struct {
	// Expect returns a channel that is closed when the engine was asked for
	// name, which is fully qualified. It is called once for each Set.
	Expect func(name string) <-chan struct{}
	// Log is told what happens; nil for nobody.
	Log *slog.Logger
}

// Client has this computer's DNS changed, through a guard that it starts when
// it needs one. Its methods may be called at any time; one change is made after
// the other. Errors are *control.Problem with control.CodeSystemDNS.
type Client struct {
	options Options
	seams   seams
	life    context.Context // ends with Close
	end     context.CancelFunc
	op      sync.Mutex // one operation at a time
	changed chan struct{}

	mu     sync.Mutex // guards what follows
	link   *link
	wanted []netip.AddrPort // nil: nothing
	state  State
	wg     sync.WaitGroup
}

// seams are what a Client has of the system.
type seams struct {
	places func() []place
	// own is the place of a guard with this process's rights, and detect finds
	// the mechanism, to tell whether these suffice.
	own    func() place
	detect func(context.Context) (systemdns.Mechanism, error)
	launch func(ctx context.Context, p place, prompt bool) error
}

// NewClient returns a client that has changed nothing yet.
func NewClient(o Options) *Client {
	return newClient(o, seams{thisProcess().all, thisProcess().own, systemdns.Detect, launch})
}

func newClient(o Options, s seams) *Client {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	life, end := context.WithCancel(context.Background())
	return &Client{options: o, seams: s, life: life, end: end, changed: make(chan struct{}, 1), state: State{Phase: Off}}
}

// Changed tells that State may be another one. There is one receiver.
func (c *Client) Changed() <-chan struct{} { return c.changed }

// State is what is known of this computer's DNS.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

func (c *Client) become(s State) {
	c.mu.Lock()
	same := c.state.equal(s)
	c.state = s
	c.mu.Unlock()
	if same {
		return
	}
	select {
	case c.changed <- struct{}{}:
	default: // it was told already
	}
}

// Set points this computer's DNS at addrs, loopback addresses, and keeps it so
// until Restore. It may ask the user for a password. It returns when a query of
// a program of this computer has come in; where none does everything is as it
// was.
func (c *Client) Set(ctx context.Context, addrs []netip.AddrPort) error {
	c.op.Lock()
	defer c.op.Unlock()
	return c.setLocked(ctx, addrs)
}

// Repair does again what is wanted: Set's wish, or that everything is as it
// was.
func (c *Client) Repair(ctx context.Context) error {
	c.op.Lock()
	defer c.op.Unlock()
	c.mu.Lock()
	wanted := c.wanted
	c.mu.Unlock()
	if wanted != nil {
		return c.setLocked(ctx, wanted)
	}
	return c.restoreLocked(ctx)
}

func (c *Client) setLocked(ctx context.Context, addrs []netip.AddrPort) error {
	c.want(nil)
	var state State
	err := insist(ctx, func() (err error) {
		state, err = c.try(ctx, addrs)
		return err
	})
	if err == nil && state.Phase == Set {
		c.want(addrs)
		return nil
	}
	if err != nil {
		state = State{Phase: Failed, Problem: problemOf(err)}
	} else if state.Problem == nil {
		state.Problem = problemOf(errGone)
	}
	c.become(state)
	return state.Problem
}

// How often one insists where a guard ended: one that is killed may be reached
// for a moment, as long as the system is busy with its end.
const (
	maxAttempts  = 10
	attemptPause = 50 * time.Millisecond
)

// insist does again what failed since a guard had ended.
func insist(ctx context.Context, do func() error) error {
	var err error
	for range maxAttempts {
		if err = do(); !errors.Is(err, errGone) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(attemptPause):
		}
	}
	return err
}

func (c *Client) want(addrs []netip.AddrPort) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = slices.Clone(addrs)
}

// try asks one guard once.
func (c *Client) try(ctx context.Context, addrs []netip.AddrPort) (State, error) {
	p, err := c.choose(ctx)
	if err != nil {
		return State{}, err
	}
	if err := c.settleOthers(ctx, p); err != nil {
		return State{}, err
	}
	l, err := c.connect(ctx, p)
	if err != nil {
		return State{}, err
	}
	name := NewNonce()
	arrived, answered := c.options.Expect(name), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		select {
		case <-arrived:
			_ = l.send(request{Do: doArrived})
		case <-answered:
		}
	})
	state, err := l.ask(ctx, request{Do: doSet, Addrs: addrs, Nonce: name})
	close(answered)
	wait.Wait()
	return state, err
}

// choose returns the place of a guard that has the rights to make the change.
func (c *Client) choose(ctx context.Context) (place, error) {
	m, err := c.seams.detect(ctx)
	if err != nil {
		return place{}, err
	}
	own := c.seams.own()
	switch err := m.Allowed(ctx); {
	case err == nil:
		return own, nil
	case !errors.Is(err, systemdns.ErrNeedsRoot):
		return place{}, err
	}
	for _, p := range c.seams.places() {
		if p.root && p.socket != own.socket {
			return p, nil
		}
	}
	return place{}, systemdns.ErrNeedsRoot
}

// settleOthers puts back what guards at other places did or left.
func (c *Client) settleOthers(ctx context.Context, but place) error {
	for _, p := range c.seams.places() {
		if p.socket == but.socket || p.other {
			continue
		}
		if err := c.settle(ctx, p, true); err != nil {
			return err
		}
	}
	return nil
}

// linked returns the link to the guard at p, nil where there is none.
func (c *Client) linked(p place) *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == nil || c.link.place.socket != p.socket {
		return nil
	}
	select {
	case <-c.link.done:
		return nil
	default:
		return c.link
	}
}

// connect returns the link to the guard at p, which it starts where none
// answers.
func (c *Client) connect(ctx context.Context, p place) (*link, error) {
	if l := c.linked(p); l != nil {
		return l, nil
	}
	l, err := openLink(ctx, p, c.hear)
	if err != nil {
		if err := c.seams.launch(ctx, p, true); err != nil {
			return nil, err
		}
		if l, err = openLink(ctx, p, c.hear); err != nil {
			return nil, errGone
		}
	}
	c.mu.Lock()
	c.link = l
	c.mu.Unlock()
	c.wg.Go(func() { c.follow(l) })
	return l, nil
}

// hear takes what the guard in use reports. One that put everything back on
// another's word, or because the computer ends, is not contradicted.
func (c *Client) hear(s State) {
	if s.Phase == Off {
		c.want(nil)
	}
	c.become(s)
}

// Close ends the connection to the guard, which puts things back unless another
// engine comes within 1.5 s. Restore before it is surer.
func (c *Client) Close() {
	c.end()
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	if l != nil {
		l.close()
	}
	c.wg.Wait()
}
