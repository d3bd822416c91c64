package daemon

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/portal"
	"dotproxy/resolver"
)

// hotel is a network that wants a sign-in at first.
type hotel struct {
	mu      sync.Mutex
	result  portal.Result
	err     error
	checks  int
	servers []netip.AddrPort
}

func (h *hotel) check(_ context.Context, servers []netip.AddrPort) (portal.Result, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks++
	h.servers = servers
	return h.result, h.err
}

func (h *hotel) set(r portal.Result, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.result, h.err = r, err
}

func (h *hotel) count() int {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.checks
	h.checks = 0
	return n
}

func (f *fakeEngine) setHealth(h resolver.Health) {
	f.mu.Lock()
	f.health = h
	f.mu.Unlock()
	f.cfg.OnHealth()
	synctest.Wait()
}

func (f *fakeEngine) bypassed() resolver.Bypass {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bypass
}

var heldUp = answeredBy(-1, fault(resolver.FaultTimeout, "it does not answer"))

func hotelRig(t *testing.T) (*rig, *hotel) {
	h := &hotel{result: portal.Result{Portal: true, URL: "http://hotel.example/"}}
	r := dnsRig(t, true, func(_ *Options, r *rig) {
		r.portal = h.check
		r.eng.health = heldUp
	})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return r, h
}

func TestSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := hotelRig(t)
		time.Sleep(portalEvery)
		synctest.Wait()
		s := r.Status()
		if s.State != control.SignIn || s.Portal == nil || s.Portal.URL != "http://hotel.example/" || s.Portal.Until != nil || !s.SystemDNS {
			t.Fatalf("found: %+v", s)
		}
		if !slices.Equal(h.servers, addrs("192.168.1.1:53")) {
			t.Errorf("checked through %v", h.servers)
		}
		if b := r.eng.bypassed(); len(b.Servers) > 0 {
			t.Errorf("in clear text before anybody asked for it: %v", b)
		}
		r.dns.did()
		if err := r.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		s = r.Status()
		if s.State != control.SignIn || s.Portal.Until == nil || time.Until(*s.Portal.Until) != signInTime || s.SystemDNS {
			t.Errorf("under way: %+v", s)
		}
		if b := r.eng.bypassed(); !slices.Equal(b.Servers, addrs("192.168.1.1:53")) || time.Until(b.Until) != signInTime {
			t.Errorf("the bypass: %+v", b)
		}
		time.Sleep(time.Minute)
		h.set(portal.Result{}, nil)
		time.Sleep(2 * portalEvery)
		if got := r.dns.did(); got != "restore, "+setHere {
			t.Errorf("once through: %q", got)
		}
		if b := r.eng.bypassed(); len(b.Servers) > 0 {
			t.Errorf("still in clear text: %v", b)
		}
		r.eng.setHealth(answeredBy(0))
		if s := r.Status(); s.State != control.Protected || s.Portal != nil {
			t.Errorf("after it: %+v", s)
		}
		if p := problemOf(t, r.SignIn(t.Context())); p.Code != control.CodeNotNow {
			t.Errorf("a sign-in that nobody wants: %v", p)
		}
	})
}

// A sign-in takes five minutes at most, and the state then says that one is
// still wanted.
func TestSignInEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := hotelRig(t)
		time.Sleep(portalEvery)
		synctest.Wait()
		r.dns.did()
		if err := r.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(signInTime + statusEvery)
		if got := r.dns.did(); got != "restore, "+setHere {
			t.Errorf("after its time: %q", got)
		}
		if s := r.Status(); s.State != control.SignIn || s.Portal.Until != nil || !s.SystemDNS {
			t.Errorf("after its time: %+v", s)
		}
		r.disk.move("192.0.2.99/32")
		time.Sleep(watchIdle + time.Second)
		synctest.Wait()
		if b := r.eng.bypassed(); len(b.Servers) > 0 {
			t.Errorf("in clear text on another network: %v", b)
		}
	})
}

// The check leaves this computer only where nobody answers.
func TestPortalIsLookedForWithReason(t *testing.T) {
	unreachable := answeredBy(-1, fault(resolver.FaultUnreachable, "there is no route to it"))
	for about, c := range map[string]struct {
		health resolver.Health
		do     func(*rig) error
		least  int
		most   int
	}{
		"nobody answers":       {heldUp, nil, 10, 13},
		"a provider answers":   {answeredBy(0), nil, 0, 0},
		"a backup answers":     {answeredBy(1, fault(resolver.FaultTimeout, "")), nil, 0, 0},
		"there is no network":  {unreachable, nil, 0, 0},
		"nothing is known yet": {resolver.Health{Answering: -1}, nil, 0, 0},
		"stopped":              {heldUp, func(r *rig) error { return r.Stop(context.Background()) }, 0, 0},
		"paused":               {heldUp, func(r *rig) error { return r.Pause(context.Background(), control.Pause{Seconds: 600}) }, 0, 0},
		"one did answer here":  {heldUp, func(r *rig) error { r.eng.setHealth(answeredBy(0)); r.eng.setHealth(heldUp); return nil }, 1, 2},
	} {
		t.Run(about, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, h := hotelRig(t)
				h.set(portal.Result{}, errors.New("no answer"))
				r.eng.setHealth(c.health)
				if c.do != nil {
					if err := c.do(r); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(portalEvery) // what was found at the start is over
				r.mu.Lock()
				r.portals.wanted = nil
				r.mu.Unlock()
				h.count()
				time.Sleep(time.Minute)
				if n := h.count(); n < c.least || n > c.most {
					t.Errorf("%d checks in a minute, want %d to %d", n, c.least, c.most)
				}
			})
		})
	}
}

// Whoever still asks here during a pause is answered in clear text.
func TestPauseBypasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := dnsRig(t, true, nil)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := r.Pause(t.Context(), control.Pause{Seconds: 60}); err != nil {
			t.Fatal(err)
		}
		if b := r.eng.bypassed(); !slices.Equal(b.Servers, addrs("192.168.1.1:53")) || time.Until(b.Until) != time.Minute {
			t.Errorf("paused: %+v", b)
		}
		if err := r.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b := r.eng.bypassed(); len(b.Servers) > 0 {
			t.Errorf("resumed: %+v", b)
		}
	})
}

// That a name was waited for in vain is no sign of it.
func TestArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		came, closed := make(chan struct{}, 1), make(chan struct{})
		came <- struct{}{}
		close(closed)
		yes, no := arrival(came), arrival(closed)
		synctest.Wait()
		select {
		case <-no:
			t.Error("what never came counts as arrived")
		default:
		}
		select {
		case <-yes:
		default:
			t.Error("what came does not count")
		}
	})
}
