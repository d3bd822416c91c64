package resolver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// plainPatience is how long a server may be silent before the next is asked
	// as well.
	plainPatience = time.Second
	// plainTries is how often a question is sent at least where nobody answers.
	plainTries = 4
	// plainAside is for how long a server that did not answer is asked after
	// those that did.
	plainAside = 30 * time.Second
	// maxPlain bounds the questions under way in clear text.
	maxPlain = 256
)

var errOwnAddress = errors.New("the server is this program itself")

// clearNet is how questions are asked in clear text.
type clearNet struct {
	dial func(ctx context.Context, network string, addr netip.AddrPort) (net.Conn, error)
	// own are the addresses that we listen on.
	own   func() []netip.AddrPort
	slots chan struct{} // one for each question under way
	ctx   context.Context
}

func newClearNet(ctx context.Context, own func() []netip.AddrPort) *clearNet {
	return &clearNet{dial: dialClear, own: own, slots: make(chan struct{}, maxPlain), ctx: ctx}
}

func dialClear(ctx context.Context, network string, addr netip.AddrPort) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, addr.String())
}

// plainRoute asks servers in clear text, the first one first. Its errors are
// faults, and its answers are not to be kept.
type plainRoute struct {
	net     *clearNet
	servers []netip.AddrPort

	mu    sync.Mutex
	first int // the server to begin with
	until time.Time
}

func newPlainRoute(n *clearNet, servers []netip.AddrPort) *plainRoute {
	return &plainRoute{net: n, servers: slices.Clone(servers)}
}

func (p *plainRoute) exchange(ctx context.Context, qu *question) (*answer, error) {
	x := &plainAttempt{p: p, qu: qu, first: p.begin(time.Now()), tries: max(plainTries, 2*len(p.servers))}
	x.results = make(chan plainResult, x.tries)
	x.spent = make([]bool, len(p.servers))
	ctx, cancel := context.WithCancel(ctx)
	defer x.group.Wait()
	defer cancel()
	defer context.AfterFunc(p.net.ctx, cancel)()
	if p.net.ctx.Err() != nil {
		cancel() // AfterFunc may take a moment
	}
	select {
	case p.net.slots <- struct{}{}:
		defer func() { <-p.net.slots }()
	case <-ctx.Done():
		return nil, plainFault(p.servers[x.first], context.Cause(ctx))
	}
	return x.run(ctx)
}

// begin is the index of the server to ask first.
func (p *plainRoute) begin(now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.After(p.until) {
		p.first = 0
	}
	return p.first
}

// answered notes which server answered.
func (p *plainRoute) answered(index int, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if index != p.first {
		p.first, p.until = index, now.Add(plainAside)
	}
}

// plainAttempt is one question on its way.
type plainAttempt struct {
	p       *plainRoute
	qu      *question
	first   int
	tries   int // that are left
	asked   int
	live    int
	spent   []bool // servers that failed
	results chan plainResult
	group   sync.WaitGroup
	worst   *answer // an error that a server gave without a reason
	err     error
}

type plainResult struct {
	index int
	a     *answer
	err   error
}

// run asks one server after another: the next where one fails, or is silent for
// plainPatience. A late answer is still taken.
func (x *plainAttempt) run(ctx context.Context) (*answer, error) {
	for ctx.Err() == nil {
		if i, ok := x.next(); ok {
			x.ask(ctx, i)
		} else if x.live == 0 {
			return x.outcome(context.DeadlineExceeded)
		}
		select {
		case r := <-x.results:
			if a := x.take(r); a != nil {
				return a, nil
			}
		case <-time.After(plainPatience):
		case <-ctx.Done():
		}
	}
	return x.outcome(context.Cause(ctx))
}

// next chooses the server to ask now.
func (x *plainAttempt) next() (index int, ok bool) {
	for range x.spent {
		i := (x.first + x.asked) % len(x.spent)
		if x.tries == 0 {
			break
		}
		x.asked++
		if !x.spent[i] {
			x.tries--
			return i, true
		}
	}
	return 0, false
}

func (x *plainAttempt) ask(ctx context.Context, index int) {
	x.live++
	x.group.Go(func() {
		a, err := x.p.net.ask(ctx, x.p.servers[index], x.qu)
		x.results <- plainResult{index, a, err}
	})
}

// take returns the answer that ends the attempt, nil where there is none yet.
func (x *plainAttempt) take(r plainResult) *answer {
	x.live--
	if r.err == nil && !unexplained(r.a.rcode, r.a.ede) {
		x.p.answered(r.index, time.Now())
		return r.a
	}
	x.spent[r.index] = true
	switch {
	case r.err == nil:
		x.worst = r.a
	case errors.Is(r.err, context.DeadlineExceeded), errors.Is(r.err, context.Canceled):
		// The time is over: that says nothing of this server.
	case x.err == nil || !errors.Is(r.err, errOwnAddress):
		x.err = plainFault(x.p.servers[r.index], r.err)
	}
	return nil
}

// outcome is what is left where no server gave a good answer. end is why the
// attempt ends where no server is known to have failed: a dial can run out of
// time a moment before the context says so.
func (x *plainAttempt) outcome(end error) (*answer, error) {
	switch {
	case x.worst != nil:
		return x.worst, nil
	case x.err == nil:
		return nil, plainFault(x.p.servers[x.first], end)
	}
	return nil, x.err
}

// plainFault says in words why a server did not answer.
func plainFault(server netip.AddrPort, err error) *Fault {
	f := newFault(server, "", err)
	switch {
	case errors.Is(err, errOwnAddress):
		f.Kind, f.Text = FaultAnswer, "it is this program itself, so the question would go round in circles"
	case f.Kind == FaultTLS:
		f.Kind, f.Text = FaultAnswer, "it sends broken answers"
	}
	return f
}
