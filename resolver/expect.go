package resolver

import (
	"context"
	"slices"
	"time"
)

const (
	// expectFor is how long an expected name is known.
	expectFor = 30 * time.Second
	// maxExpected bounds the names that are expected at the same time; the
	// oldest makes room.
	maxExpected = 4
)

// expectedAddr is the address of expected names: one for documentation (RFC
// 5737), where nobody is.
var expectedAddr = []byte{192, 0, 2, 53}

// Expect answers a name here for 30 seconds when a program on this computer
// asks for it, whatever the rules say: A with 192.0.2.53, no other records, and
// a TTL of 0. It is how to find out whether this computer's programs ask us:
// make up a name that nobody asked for before, look it up through the system,
// and see whether it arrives.
//
// The channel gets a value when the name is asked for the first time and is
// closed when it is forgotten: after its time, at once for what is no domain
// name, and when four newer names are expected.
func (e *Engine) Expect(name string) <-chan struct{} {
	x := &expectation{arrived: make(chan struct{}, 1)}
	var err error
	if x.name, err = parseName(name); err != nil {
		close(x.arrived)
		return x.arrived
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		close(x.arrived)
		return x.arrived
	}
	for list := e.expectations(); len(list) >= maxExpected; list = e.expectations() {
		e.forget(list[0])
	}
	list := append(slices.Clone(e.expectations()), x)
	e.expected.Store(&list)
	x.timer = time.AfterFunc(expectFor, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.forget(x)
	})
	return x.arrived
}

// expectation is a name that is expected, in wire format.
type expectation struct {
	name    string
	arrived chan struct{}
	timer   *time.Timer
	told    bool // belongs to the engine's lock
}

// expectations are the names expected now, the oldest first. The list is not
// changed but replaced.
func (e *Engine) expectations() []*expectation {
	if list := e.expected.Load(); list != nil {
		return *list
	}
	return nil
}

// forget closes an expectation that was not forgotten yet. It is called with
// the lock held.
func (e *Engine) forget(x *expectation) {
	i := slices.Index(e.expectations(), x)
	if i < 0 {
		return
	}
	list := slices.Delete(slices.Clone(e.expectations()), i, i+1)
	e.expected.Store(&list)
	x.timer.Stop()
	close(x.arrived)
}

// arrivals answers the names that are expected, before all rules.
type arrivals struct {
	e    *Engine
	next exchanger
}

func (n arrivals) exchange(ctx context.Context, qu *question) (*answer, error) {
	if qu.local {
		for _, x := range n.e.expectations() {
			if x.name == string(qu.name()) {
				n.e.arrive(x)
				return expectedAnswer(qu), nil
			}
		}
	}
	return n.next.exchange(ctx, qu)
}

// arrive tells the first time that a name arrived.
func (e *Engine) arrive(x *expectation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !x.told && slices.Contains(e.expectations(), x) {
		x.told = true
		x.arrived <- struct{}{}
	}
}

func expectedAnswer(qu *question) *answer {
	a := negative(qu, 0, 0, 0, SourceLocal)
	if qu.typ == typeA {
		a = newAnswer(qu, 0, SourceLocal)
		a.addAnswer(typeA, 0, expectedAddr)
	}
	a.expected = true
	return a
}
