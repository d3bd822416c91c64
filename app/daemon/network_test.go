package daemon

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/netwatch"
)

// fakeEvents tells what it is given.
type fakeEvents struct {
	deaf
	ch   chan netwatch.Event
	live atomic.Bool
	ctx  context.Context
}

func (f *fakeEvents) Events() <-chan netwatch.Event { return f.ch }
func (f *fakeEvents) Live() bool                    { return f.live.Load() }
func (f *fakeEvents) Wait()                         { <-f.ctx.Done() }

// tell returns when the event was dealt with.
func (f *fakeEvents) tell(e netwatch.Event) {
	f.ch <- e
	synctest.Wait()
}

// eventRig is a daemon on a system that tells of its network. It listens, and
// the first looks are over.
func eventRig(t *testing.T) (*rig, *fakeEvents) {
	t.Helper()
	f := &fakeEvents{ch: make(chan netwatch.Event)}
	f.live.Store(true)
	r := startRig(t, func(_ *control.Settings, d *fakeDisk) {
		d.move("192.168.1.5/32")
		d.listen = func(ctx context.Context) networkEvents {
			f.ctx = ctx
			return f
		}
	})
	time.Sleep(time.Hour)
	return r, f
}

func TestAChangeOfNetworkIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f := eventRig(t)
		before := r.disk.looks
		time.Sleep(time.Hour)
		if got := r.disk.looks - before; got != 0 {
			t.Errorf("looked at the network %d times within an hour", got)
		}
		r.disk.move("10.0.0.5/32")
		f.tell(netwatch.Event{Network: true})
		if got := r.eng.cfg.Network(); r.eng.moved != 1 || !strings.HasPrefix(got, "10.0.0.5") {
			t.Errorf("told %d times, network %q", r.eng.moved, got)
		}
		// What becomes known a moment later counts too.
		r.disk.move("10.0.0.6/32")
		aTick()
		if r.eng.moved != 2 {
			t.Errorf("a moment later: told %d times", r.eng.moved)
		}
		f.tell(netwatch.Event{Network: true})
		f.tell(netwatch.Event{Connectivity: netwatch.Portal})
		if r.eng.moved != 2 {
			t.Errorf("the same network: told %d times", r.eng.moved)
		}
	})
}

// Files of a new network are looked at often, as those of a busy engine.
func TestFilesFollowTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f := eventRig(t)
		r.disk.move("10.0.0.5/32")
		f.tell(netwatch.Event{Network: true})
		r.disk.write("/etc/hosts", "192.0.2.1 one\n", nil)
		aTick()
		if hosts, _, _ := r.eng.names(); hosts != "one" {
			t.Errorf("hosts %q", hosts)
		}
	})
}

// Where nobody tells any more, the network is looked at again.
func TestTheNetworkIsLookedAtWhereNobodyTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f := eventRig(t)
		r.disk.move("10.0.0.5/32")
		time.Sleep(time.Minute)
		if r.eng.moved != 0 {
			t.Error("it was looked at although somebody would tell")
		}
		f.live.Store(false)
		time.Sleep(watchIdle + watchEvery)
		synctest.Wait()
		if r.eng.moved != 1 {
			t.Errorf("told %d times", r.eng.moved)
		}
	})
}

// After a sleep connections are made anew: once for each, and at once.
func TestAWakeUpConnectsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f := eventRig(t)
		began := time.Now()
		f.tell(netwatch.Event{Woke: true})
		f.tell(netwatch.Event{Woke: true})
		if r.eng.moved != 1 || time.Since(began) > 0 {
			t.Errorf("told %d times", r.eng.moved)
		}
		r.disk.move("") // the network is not there yet
		f.tell(netwatch.Event{Network: true})
		r.disk.move("192.168.1.5/32")
		f.tell(netwatch.Event{Network: true})
		if r.eng.moved != 3 || time.Since(began) > 0 {
			t.Errorf("with the network: told %d times", r.eng.moved)
		}
		time.Sleep(wakeOnce + time.Millisecond)
		r.disk.move("10.0.0.5/32")
		f.tell(netwatch.Event{Woke: true, Network: true})
		if r.eng.moved != 4 {
			t.Errorf("on another network: told %d times", r.eng.moved)
		}
	})
}

// A stopped engine does nothing, and looks when it is started.
func TestEventsWhileStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, f := eventRig(t)
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := r.disk.looks
		r.disk.move("10.0.0.5/32")
		f.tell(netwatch.Event{Network: true, Woke: true})
		if r.eng.moved != 0 || r.disk.looks != before {
			t.Errorf("told %d times, looked %d times", r.eng.moved, r.disk.looks-before)
		}
		time.Sleep(time.Hour)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.eng.cfg.Network(); r.eng.moved != 1 || !strings.HasPrefix(got, "10.0.0.5") {
			t.Errorf("started: told %d times, network %q", r.eng.moved, got)
		}
	})
}

// Two signs of a wake-up within a short time are of the same one.
func TestWakesOnce(t *testing.T) {
	var h heard
	now := time.Now()
	for _, step := range []struct {
		after time.Duration
		wakes bool
	}{{0, true}, {time.Second, false}, {wakeOnce, true}, {wakeOnce + time.Second, false}, {time.Hour, true}} {
		if got := h.wakes(now.Add(step.after)); got != step.wakes {
			t.Errorf("after %v: %v", step.after, got)
		}
	}
}
