package e2e_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// asker asks the engine without a pause, each question once and a new one, as
// the programs of a computer do.
type asker struct {
	d        *desk
	end      chan struct{}
	done     sync.WaitGroup
	answered atomic.Int64
	lost     []string // of the goroutine, until it has ended
}

// ask begins to ask every few milliseconds.
func (d *desk) ask() *asker {
	a := &asker{d: d, end: make(chan struct{})}
	a.done.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-a.end:
				return
			case <-tick.C:
			}
			name := "asked" + strconv.Itoa(n) + ".example"
			if err := d.dig(name); err != nil {
				a.lost = append(a.lost, name+": "+err.Error())
				continue
			}
			a.answered.Add(1)
		}
	})
	return a
}

// more waits until so many more questions are answered.
func (a *asker) more(n int64) {
	a.d.t.Helper()
	want := a.answered.Load() + n
	a.d.await("answers", func() bool { return a.answered.Load() >= want })
}

// none ends the questions and wants all of them answered.
func (a *asker) none() {
	a.d.t.Helper()
	a.more(5)
	close(a.end)
	a.done.Wait()
	if len(a.lost) > 0 {
		a.d.t.Errorf("%d of %d questions got no answer: %.5q", len(a.lost), int64(len(a.lost))+a.answered.Load(), a.lost)
	}
}
