package resolver

import (
	"context"
	"sync"
	"time"
)

// deadline is a context that ends at a time and for no other reason. Unlike
// one of the standard library's it makes a channel and a timer only where
// somebody waits for its end: most queries are answered long before.
type deadline struct {
	at time.Time

	mu    sync.Mutex
	over  chan struct{}
	timer *time.Timer
}

func newDeadline(at time.Time) *deadline { return &deadline{at: at} }

// Deadline implements context.Context.
func (d *deadline) Deadline() (time.Time, bool) { return d.at, true }

// Value implements context.Context; there are none.
func (d *deadline) Value(any) any { return nil }

// Err implements context.Context.
func (d *deadline) Err() error {
	if time.Now().Before(d.at) {
		return nil
	}
	return context.DeadlineExceeded
}

// Done implements context.Context.
func (d *deadline) Done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over == nil {
		over := make(chan struct{})
		d.over = over
		d.timer = time.AfterFunc(time.Until(d.at), func() { close(over) })
	}
	return d.over
}

// stop ends the timer, where there is one. Nobody may wait for the end then.
func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
}

// cancelled is the channel that closes when ctx ends before its deadline, nil
// where it never does.
func cancelled(ctx context.Context) <-chan struct{} {
	if _, ok := ctx.(*deadline); ok {
		return nil
	}
	return ctx.Done()
}
