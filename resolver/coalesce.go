package resolver

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// coalescer asks next once for all who ask the same question at the same time.
type coalescer struct {
	next exchanger
	// epoch tells questions apart that are asked of different upstreams.
	epoch *atomic.Uint64
	ctx   context.Context // of the questions that nobody waits for
	end   context.CancelFunc
	group sync.WaitGroup

	mu   sync.Mutex
	open map[flightKey]*flight
}

type flightKey struct {
	epoch    uint64
	question string
}

// flight is one question under way. ans and err are set before done is closed,
// which is made only where somebody waits besides the one who asks.
type flight struct {
	done chan struct{}
	ans  *answer
	err  error
}

func newCoalescer(next exchanger, epoch *atomic.Uint64) *coalescer {
	c := &coalescer{next: next, epoch: epoch, open: make(map[flightKey]*flight)}
	c.ctx, c.end = context.WithCancel(context.Background())
	return c
}

// exchange joins a question under way or asks. Who joined a question that ran
// out of its asker's time, and has time left, asks again.
func (c *coalescer) exchange(ctx context.Context, qu *question) (*answer, error) {
	for {
		f, key, first := c.join(qu, false)
		if first {
			c.lead(ctx, qu, key, f)
			return f.ans, f.err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if f.err != nil && errors.Is(f.err, context.DeadlineExceeded) && ctx.Err() == nil {
			continue
		}
		if f.err != nil {
			return nil, f.err
		}
		return f.share(), nil
	}
}

// start asks, in a goroutine of its own that ends with over, what is not under
// way already, and tells whether it was not. qu may be used again at once.
func (c *coalescer) start(qu *question, over func()) (f *flight, first bool) {
	f, key, first := c.join(qu, true)
	if !first {
		over()
		return f, false
	}
	own := *qu
	ask := func() {
		defer over()
		ctx, cancel := context.WithTimeout(c.ctx, queryTimeout)
		defer cancel()
		c.lead(ctx, &own, key, f)
	}
	c.mu.Lock()
	closed := c.ctx.Err() != nil
	if !closed {
		c.group.Go(ask)
	}
	c.mu.Unlock()
	if closed {
		ask() // to be refused
	}
	return f, true
}

// close ends the questions that nobody waits for.
func (c *coalescer) close() {
	c.mu.Lock()
	c.end()
	c.mu.Unlock()
	c.group.Wait()
}

// join returns the question's flight and whether it has just been made, which
// is the caller's to lead then. wait is set where the caller waits for it even
// so.
func (c *coalescer) join(qu *question, wait bool) (f *flight, key flightKey, first bool) {
	key = flightKey{c.epoch.Load(), string(qu.bytes())}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f = c.open[key]; f == nil {
		f, first = new(flight), true
		c.open[key] = f
	}
	if f.done == nil && (!first || wait) {
		f.done = make(chan struct{})
	}
	return f, key, first
}

// lead asks for all. The flight ends however the call does.
func (c *coalescer) lead(ctx context.Context, qu *question, key flightKey, f *flight) {
	f.err = context.Canceled
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.open, key)
		if f.done != nil {
			close(f.done)
		}
	}()
	f.ans, f.err = c.next.exchange(ctx, qu)
}

// share is the flight's answer as one of the others gets it.
func (f *flight) share() *answer {
	if f.ans.source != SourceUpstream {
		return f.ans
	}
	shared := *f.ans
	shared.source = SourceCoalesced
	return &shared
}
