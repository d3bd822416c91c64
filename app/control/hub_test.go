package control

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func query(n int) Event {
	return Event{Name: EventQuery, Query: &Query{Name: strconv.Itoa(n)}}
}

func state(s State) Event { return Event{Name: EventStatus, Status: &Status{State: s}} }

// label says an event in one word.
func label(e Event) string {
	switch e.Name {
	case EventQuery:
		return e.Query.Name
	case EventStatus:
		return string(e.Status.State)
	case EventDropped:
		return "dropped " + strconv.FormatUint(e.Count, 10)
	}
	return e.Name
}

// drain returns what can be read without waiting for anything new.
func drain(ch <-chan Event) (labels []string) {
	for {
		synctest.Wait()
		select {
		case e, ok := <-ch:
			if !ok {
				return append(labels, "closed")
			}
			labels = append(labels, label(e))
		default:
			return labels
		}
	}
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestHubDeliversToEachReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hub Hub
		ctx, cancel := context.WithCancel(t.Context())
		first := hub.Subscribe(ctx, func() Event { return state(Starting) })
		hub.Publish(query(1))
		second := hub.Subscribe(ctx, func() Event { return state(Protected) })
		hub.Publish(query(2))
		same(t, drain(first), "starting", "1", "2")
		same(t, drain(second), "protected", "2")
		cancel()
		same(t, drain(first), "closed")
		same(t, drain(second), "closed")
		if hub.Publish(query(3)); len(hub.subs) != 0 {
			t.Errorf("%d readers remain", len(hub.subs))
		}
	})
}

// slow returns a reader that has room for 4 events and whose channel is full:
// 16 in it and one in the hand of its goroutine.
func slow(t *testing.T) (*Hub, <-chan Event) {
	hub := &Hub{Buffer: 4}
	ch := hub.Subscribe(t.Context(), func() Event { return state(Starting) })
	synctest.Wait()
	for range cap(ch) {
		hub.Publish(state(Starting))
		synctest.Wait()
	}
	return hub, ch
}

func skip(t *testing.T, got []string) []string {
	t.Helper()
	for i, s := range got {
		if s != "starting" {
			return got[i:]
		}
	}
	return nil
}

func TestHubTellsASlowReaderItsLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, ch := slow(t)
		for i := range 10 {
			hub.Publish(query(i))
		}
		// The gap is told where it is, and what is new follows it.
		got := drain(ch)
		same(t, skip(t, got), "0", "1", "2", "3", "dropped 6")
		hub.Publish(query(10))
		same(t, drain(ch), "10")
	})
}

func TestHubNeverLosesTheLatestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, ch := slow(t)
		for i := range 10 {
			hub.Publish(query(i))
		}
		hub.Publish(state(Degraded))
		hub.Publish(Event{Name: EventSettings, Settings: &Settings{}})
		hub.Publish(state(Failed))
		hub.Publish(query(10))
		same(t, skip(t, drain(ch)), "0", "1", "2", "3", "settings", "failed", "dropped 7")
	})
}

func TestHubBoundsAReaderThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, ch := slow(t)
		for i := range 10000 {
			hub.Publish(query(i))
			hub.Publish(state(Failed))
			hub.Publish(Event{Name: EventSettings, Settings: &Settings{}})
		}
		for s := range hub.subs {
			if len(s.queue) > s.limit+2 {
				t.Errorf("%d events are kept, the limit is %d", len(s.queue), s.limit)
			}
		}
		got := skip(t, drain(ch))
		if last := got[len(got)-1]; last != "dropped 9997" && last != "dropped 9996" && last != "dropped 9998" {
			t.Errorf("got %q", got)
		}
	})
}

func TestHubPassesOnLossesBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hub Hub
		ch := hub.Subscribe(t.Context(), func() Event { return state(Protected) })
		hub.Publish(query(1))
		hub.Publish(Event{Name: EventDropped, Count: 5})
		hub.Publish(query(2))
		hub.Publish(Event{Name: EventDropped, Count: 2})
		same(t, drain(ch), "protected", "1", "dropped 5", "2", "dropped 2")
	})
}

func TestHubRunsItsSourceWhileSomebodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, started atomic.Int32
		hub := Hub{Source: func(ctx context.Context) {
			started.Add(1)
			running.Add(1)
			<-ctx.Done()
			running.Add(-1)
		}}
		expect := func(when string, nowRunning, everStarted int32) {
			t.Helper()
			synctest.Wait()
			if running.Load() != nowRunning || started.Load() != everStarted {
				t.Fatalf("%s: %d running, %d started", when, running.Load(), started.Load())
			}
		}
		snapshot := func() Event { return state(Protected) }
		expect("before a reader", 0, 0)
		one, endOne := context.WithCancel(t.Context())
		hub.Subscribe(one, snapshot)
		two, endTwo := context.WithCancel(t.Context())
		hub.Subscribe(two, snapshot)
		expect("two readers", 1, 1)
		endOne()
		expect("one reader", 1, 1)
		endTwo()
		expect("none", 0, 1)
		three, endThree := context.WithCancel(t.Context())
		hub.Subscribe(three, snapshot)
		expect("one again", 1, 2)
		endThree()
		expect("none again", 0, 2)
	})
}
