package daemon

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/netwatch"
	"dotproxy/resolver"
)

// leakRig is a daemon to which this computer's DNS points once turnOn was
// called. Its programs ask somebody else while around is set.
type leakRig struct {
	*rig
	t      *testing.T
	around atomic.Bool
	looks  atomic.Int32
	// during happens while a name is looked up; nil for nothing.
	during atomic.Pointer[func()]
	events *fakeEvents
	log    bytes.Buffer
}

func newLeakRig(t *testing.T) *leakRig {
	t.Helper()
	l := &leakRig{t: t, events: &fakeEvents{ch: make(chan netwatch.Event)}}
	l.events.live.Store(true)
	var told atomic.Pointer[chan struct{}]
	l.rig = newRig(t, func(o *Options, r *rig) {
		o.Logger = slog.New(slog.NewTextHandler(&l.log, nil))
		r.dns = newFakeDNS(r)
		r.disk.move("192.168.1.5/32")
		r.disk.listen = func(ctx context.Context) networkEvents {
			l.events.ctx = ctx
			return l.events
		}
		r.nonce = func() string {
			next := make(chan struct{}, 1)
			told.Store(&next)
			r.eng.setExpect(next)
			return "x.verify.dot-proxy.example."
		}
		r.lookup = func(context.Context, string) {
			l.looks.Add(1)
			if during := l.during.Load(); during != nil {
				(*during)()
			}
			if !l.around.Load() {
				*told.Load() <- struct{}{}
			}
			close(*told.Load())
		}
	})
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *leakRig) turn(action string) {
	l.t.Helper()
	if err := l.SystemDNS(l.t.Context(), action); err != nil {
		l.t.Fatal(err)
	}
}

// says checks whether the status tells of a leak.
func (l *leakRig) says(leak bool) {
	l.t.Helper()
	synctest.Wait()
	s := l.Status()
	if got := s.Problem != nil && s.Problem.Code == control.CodeLeak; got != leak || leak != (s.Sentence == leakProblem().Message) {
		l.t.Errorf("leak %v, not %v: %s", got, leak, s.Sentence)
	}
}

// looked checks whether names were looked up since it was called last.
func (l *leakRig) looked(want bool) {
	l.t.Helper()
	if n := l.looks.Swap(0); n > 0 != want {
		l.t.Errorf("%d names were looked up", n)
	}
}

// TestLeakIsFound: where names looked up on this computer do not arrive although
// its DNS points here, the status says so, until they do.
func TestLeakIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLeakRig(t)
		r.eng.set(answeredBy(0))
		r.around.Store(true)
		time.Sleep(leakEvery)
		r.says(false)
		r.looked(false)
		r.turn(control.SystemDNSOn)
		time.Sleep(leakSettle + time.Second)
		r.says(false) // one may be lost
		time.Sleep(leakSettle + tellPatience)
		r.says(true)
		r.around.Store(false)
		time.Sleep(leakAgain + time.Second)
		r.says(false)
		r.looked(true)
		time.Sleep(leakEvery - 2*time.Second)
		r.looked(false)
		r.around.Store(true)
		time.Sleep(leakEvery)
		r.says(true)
		r.turn(control.SystemDNSRepair)
		r.says(false) // the guard saw to it
		time.Sleep(leakSettle + time.Second)
		r.says(false)
		time.Sleep(leakSettle + tellPatience)
		r.says(true) // in vain
		r.turn(control.SystemDNSOff)
		r.says(false)
		r.turn(control.SystemDNSOn)
		r.says(false)
		r.turn(control.SystemDNSOff)
		time.Sleep(leakEvery)
		synctest.Wait()
		if n := strings.Count(r.log.String(), "level=WARN msg=\""+leakProblem().Message); n != 3 {
			t.Errorf("the log tells of %d leaks:\n%s", n, &r.log)
		}
	})
}

// TestLeakIsSaidBeforeANotice: what keeps nothing from working does not hide it.
func TestLeakIsSaidBeforeANotice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLeakRig(t)
		r.eng.set(answeredBy(0))
		r.disk.write("/etc/hosts", "", errors.New("it cannot be read"))
		r.turn(control.SystemDNSOn)
		time.Sleep(time.Minute)
		if p := r.Status().Problem; p == nil || p.Code != control.CodeSettings {
			t.Fatalf("the notice is %+v", p)
		}
		r.around.Store(true)
		time.Sleep(leakEvery + time.Minute)
		r.says(true)
	})
}

// TestNoLeakIsClaimed: that a name does not arrive says nothing where it could
// not.
func TestNoLeakIsClaimed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *leakRig)
		looks  bool
	}{
		"nothing":    {func(*leakRig) {}, true},
		"no network": {func(r *leakRig) { r.disk.move("") }, false},
		"this computer is blocked": {func(r *leakRig) {
			r.eng.block(resolver.Blocked{Client: netip.MustParsePrefix("127.0.0.1/32")})
		}, false},
		"this computer is blocked over IPv6": {func(r *leakRig) {
			r.eng.block(resolver.Blocked{Client: netip.MustParsePrefix("::/56")})
		}, false},
		"another is blocked": {func(r *leakRig) {
			r.eng.block(resolver.Blocked{Client: netip.MustParsePrefix("192.0.2.7/32")})
		}, true},
		"nobody answers": {func(r *leakRig) { r.eng.set(resolver.Health{Known: true, Answering: -1}) }, false},
		"the network goes meanwhile": {func(r *leakRig) {
			r.during.Store(new(func() {
				if r.looks.Load() == leakMisses {
					r.disk.move("")
				}
			}))
		}, true},
		"it changes meanwhile": {func(r *leakRig) {
			r.during.Store(new(func() { r.events.ch <- netwatch.Event{Network: true} }))
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newLeakRig(t)
				r.eng.set(answeredBy(0))
				r.turn(control.SystemDNSOn)
				c.change(r)
				r.around.Store(true)
				time.Sleep(2*leakSettle + time.Second)
				r.says(c.looks && r.during.Load() == nil)
				r.looked(c.looks)
			})
		})
	}
}

// TestLeakIsLookedForInTime: a change is looked at soon, whatever follows it.
func TestLeakIsLookedForInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLeakRig(t)
		r.turn(control.SystemDNSOn)
		time.Sleep(leakEvery / 2)
		r.looked(false) // no provider answered yet
		r.eng.set(answeredBy(0))
		time.Sleep(leakSettle + time.Second)
		r.looked(true)
		for began := time.Now(); time.Since(began) < leakLatest; time.Sleep(leakSettle / 2) {
			r.looked(false)
			r.events.tell(netwatch.Event{Network: true})
		}
		time.Sleep(time.Second)
		r.looked(true)
	})
}
