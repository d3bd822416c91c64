package daemon

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
)

func TestBackoff(t *testing.T) {
	var b backoff
	var waits []time.Duration
	now := time.Now()
	for range 6 {
		b.failed(now)
		waits = append(waits, b.next.Sub(now))
	}
	if want := []time.Duration{2e9, 4e9, 8e9, 15e9, 15e9, 15e9}; !slices.Equal(waits, want) {
		t.Errorf("waits %v, want %v", waits, want)
	}
}

// TestRetry: a taken port is tried again until it is free, at once on Start.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var taken atomic.Bool
		taken.Store(true)
		r := newRig(t, func(_ *Options, r *rig) {
			r.eng.refuse = func(netip.AddrPort) error {
				if taken.Load() {
					return errInUse
				}
				return nil
			}
		})
		began := time.Now()
		p := problemOf(t, r.Start(t.Context()))
		if p.Code != control.CodePortInUse || p.Message != "Port 53 is taken by dnsmasq (process 812)." {
			t.Errorf("Start: %+v", p)
		}
		tries := func() int {
			synctest.Wait()
			r.eng.mu.Lock()
			defer r.eng.mu.Unlock()
			return len(r.eng.calls)
		}
		time.Sleep(time.Minute) // tries after 2, 6, 14, 29, 44 and 59 seconds
		if n := tries(); n != 7 {
			t.Errorf("%d tries in a minute", n)
		}
		s := r.Status()
		if s.State != control.Failed || s.Problem == nil || s.Sentence != p.Message || s.Hint != p.Hint || !s.Since.Equal(began) {
			t.Errorf("status %+v, began %v", s, began)
		}
		if err := r.Start(t.Context()); err == nil || tries() != 8 {
			t.Errorf("Start did not try at once: %v", err)
		}
		taken.Store(false)
		time.Sleep(retryFirst)
		if n := tries(); n != 9 || r.Status().State != control.Starting {
			t.Errorf("%d tries, state %s", n, r.Status().State)
		}
		time.Sleep(time.Hour)
		if n := tries(); n != 9 {
			t.Errorf("%d tries after success", n)
		}
	})
}

// TestNoRetryAfterStop: what the user stopped is not tried again.
func TestNoRetryAfterStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(_ *Options, r *rig) { r.eng.refuse = func(netip.AddrPort) error { return errInUse } })
		if err := r.Start(t.Context()); err == nil {
			t.Fatal("the port was not taken")
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := len(r.eng.calls)
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := r.Status(); len(r.eng.calls) != n || s.State != control.Stopped || s.Problem != nil {
			t.Errorf("%d calls after %d, status %+v", len(r.eng.calls), n, s)
		}
	})
}

// TestBrokenSettings: nothing is asked until the file is mended.
func TestBrokenSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := &control.Problem{Code: control.CodeSettings, Message: "settings.toml, line 12: unknown key “prot”."}
		var good loaded
		r := newRig(t, func(_ *Options, r *rig) {
			good = r.store.loaded
			r.store.loaded = loaded{problem: broken}
		})
		if len(r.eng.specs()) != 0 {
			t.Errorf("the engine asks %v", r.eng.specs())
		}
		if err := r.Start(t.Context()); problemOf(t, err) != broken {
			t.Errorf("Start: %v", err)
		}
		if err := r.Use(t.Context(), "quad9"); problemOf(t, err) != broken {
			t.Errorf("Use: %v", err)
		}
		s := r.Status()
		if s.State != control.Failed || s.Sentence != broken.Message || len(r.eng.open) != 0 || s.Provider != "" || s.Listen == nil || s.Upstreams == nil {
			t.Errorf("status %+v", s)
		}
		r.store.set(good)
		time.Sleep(retryMost)
		synctest.Wait()
		if s := r.Status(); s.State != control.Starting || !slices.Equal(r.eng.specs(), good.settings.Upstreams) || len(r.eng.open) != 2 {
			t.Errorf("mended: %+v, engine %v on %v", s, r.eng.specs(), r.eng.open)
		}
	})
}

// TestApplyMendsSettings: complete settings replace broken ones.
func TestApplyMendsSettings(t *testing.T) {
	r := newRig(t, func(_ *Options, r *rig) {
		r.store.loaded = loaded{problem: &control.Problem{Code: control.CodeSettings, Message: "Broken."}}
	})
	_ = r.Start(t.Context())
	s := r.Settings()
	if p := problemOf(t, r.Apply(t.Context(), s)); p.Field != "upstreams" {
		t.Errorf("without a provider chosen: %+v", p)
	}
	s.Upstreams = []string{"quad9"}
	if err := r.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if got := r.Status(); got.State != control.Starting || got.Problem != nil || len(r.eng.open) != 2 || !slices.Equal(r.eng.specs(), s.Upstreams) {
		t.Errorf("status %+v, engine %v on %v", got, r.eng.specs(), r.eng.open)
	}
}

// TestLastGoodSettings: they are used, and the status says what is wrong.
func TestLastGoodSettings(t *testing.T) {
	broken := &control.Problem{Code: control.CodeSettings, Message: "settings.toml, line 12: unknown key “prot”."}
	r := newRig(t, func(_ *Options, r *rig) { r.store.problem = broken })
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.eng.set(answeredBy(0))
	if s := r.Status(); s.State != control.Protected || s.Problem != broken {
		t.Errorf("status %+v", s)
	}
	if err := r.Use(t.Context(), "quad9"); err != nil || r.Status().Problem != nil {
		t.Errorf("saved anew: %v, %+v", err, r.Status().Problem)
	}
}

// TestSince: it is when the state began, whatever else changes.
func TestSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		time.Sleep(time.Minute)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		r.eng.set(answeredBy(0))
		began := time.Now()
		synctest.Wait()
		time.Sleep(time.Hour)
		r.eng.set(answeredBy(0, fault(resolver.FaultTimeout, "slow")))
		if s := r.Status(); !s.Since.Equal(began) {
			t.Errorf("protected since %v, began %v", s.Since, began)
		}
		r.eng.set(answeredBy(1, fault(resolver.FaultTimeout, "it does not answer")))
		if s := r.Status(); s.State != control.Degraded || !s.Since.Equal(time.Now()) {
			t.Errorf("%s since %v", s.State, s.Since)
		}
	})
}

// TestFlagValues: a flag that cannot be used is refused at once.
func TestFlagValues(t *testing.T) {
	port, bundle := 99999, "/does/not/exist"
	for field, flags := range map[string]Flags{
		"port": {Port: &port}, "upstreams": {Upstreams: []string{"nobody!"}}, "listen": {Listen: []string{"x"}}, "ca_bundle": {CABundle: &bundle},
	} {
		_, err := newDaemon(Options{Flags: flags}, seams{store: &fakeStore{loaded: loaded{settings: control.Default(), usable: true}}})
		if p := problemOf(t, err); p.Code != control.CodeBadValue || p.Field != field {
			t.Errorf("%s: %+v", field, p)
		}
	}
}
