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
	mu    sync.Mutex
	open  map[flightKey]*flight
}

type flightKey struct {
	epoch    uint64
	question string
}

// flight is one question under way. Its fields are set before done is closed.
type flight struct {
	done chan struct{}
	ans  *answer
	err  error
}

func newCoalescer(next exchanger, epoch *atomic.Uint64) *coalescer {
	return &coalescer{next: next, epoch: epoch, open: make(map[flightKey]*flight)}
}

// exchange joins a question under way or asks. Who joined a question that ran
// out of its asker's time, and has time left, asks again.
func (c *coalescer) exchange(ctx context.Context, qu *question) (*answer, error) {
	for {
		key := flightKey{c.epoch.Load(), string(qu.bytes())}
		c.mu.Lock()
		f := c.open[key]
		if f == nil {
			f = &flight{done: make(chan struct{})}
			c.open[key] = f
			c.mu.Unlock()
			return c.lead(ctx, qu, key, f)
		}
		c.mu.Unlock()
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
		shared := *f.ans
		if shared.source == SourceUpstream {
			shared.source = SourceCoalesced
		}
		return &shared, nil
	}
}

// lead asks for all. The flight ends however the call does.
func (c *coalescer) lead(ctx context.Context, qu *question, key flightKey, f *flight) (*answer, error) {
	f.err = context.Canceled
	defer func() {
		c.mu.Lock()
		delete(c.open, key)
		c.mu.Unlock()
		close(f.done)
	}()
	f.ans, f.err = c.next.exchange(ctx, qu)
	return f.ans, f.err
}
