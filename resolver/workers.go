package resolver

import (
	"sync"
	"sync/atomic"
)

// maxIdleWorkers bounds the goroutines that wait for more to do.
const maxIdleWorkers = 128

// workers answer queries that may wait, each in a goroutine, and use those
// again: the stack of a new one grows several times on a query's way, which
// cost a sixth of all time.
type workers struct {
	run  func(*datagram)
	jobs chan *datagram
	idle atomic.Int32
	busy sync.WaitGroup // those that answer
}

func newWorkers(run func(*datagram)) *workers {
	return &workers{run: run, jobs: make(chan *datagram)}
}

// do answers d in a goroutine. It must not be called after close.
func (w *workers) do(d *datagram) {
	w.busy.Add(1)
	select {
	case w.jobs <- d:
	default:
		go w.work(d)
	}
}

func (w *workers) work(d *datagram) {
	for d != nil {
		w.run(d)
		w.busy.Done()
		d = w.next()
	}
}

// next waits for the next query; nil is the end.
func (w *workers) next() *datagram {
	defer w.idle.Add(-1)
	if w.idle.Add(1) > maxIdleWorkers {
		return nil
	}
	return <-w.jobs
}

// close ends the goroutines that have nothing to do.
func (w *workers) close() { close(w.jobs) }
