package resolver

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Goroutines are used again, no more than allowed wait, and none is left.
func TestWorkersAreUsedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const many = 3 * maxIdleWorkers
		release := make(chan struct{})
		w := newWorkers(func(*datagram) { <-release })
		for range many {
			w.do(new(datagram))
		}
		synctest.Wait()
		close(release)
		w.busy.Wait()
		synctest.Wait()
		if n := w.idle.Load(); n != maxIdleWorkers {
			t.Errorf("%d wait for more, want %d", n, maxIdleWorkers)
		}
		for range many {
			w.do(new(datagram))
			synctest.Wait()
		}
		if n := w.idle.Load(); n != maxIdleWorkers {
			t.Errorf("%d wait after they were used again, want %d", n, maxIdleWorkers)
		}
		w.close()
		w.busy.Wait() // and the bubble ends only without goroutines
	})
}

func TestDeadline(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := newDeadline(time.Now().Add(time.Second))
		defer d.stop()
		if at, ok := d.Deadline(); !ok || time.Until(at) != time.Second || d.Err() != nil || cancelled(d) != nil {
			t.Error("not as a context with a second to go")
		}
		child, cancel := context.WithCancel(d)
		defer cancel()
		<-child.Done()
		<-d.Done()
		if context.Cause(d) != context.DeadlineExceeded || context.Cause(child) != context.DeadlineExceeded {
			t.Errorf("ended by %v, its child by %v", context.Cause(d), context.Cause(child))
		}
	})
}
