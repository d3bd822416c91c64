package daemon

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
)

// TestLeakIsFound: where names looked up on this computer do not arrive although
// its DNS points here, the status says so, until they do.
func TestLeakIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var around atomic.Bool // programs ask somebody else
		var looks atomic.Int32
		var told atomic.Pointer[chan struct{}]
		r := newRig(t, func(_ *Options, r *rig) {
			r.dns = newFakeDNS(r)
			r.nonce = func() string {
				next := make(chan struct{}, 1)
				told.Store(&next)
				r.eng.setExpect(next)
				return "x.verify.dot-proxy.internal."
			}
			r.lookup = func(context.Context, string) {
				looks.Add(1)
				if !around.Load() {
					*told.Load() <- struct{}{}
				}
				close(*told.Load())
			}
		})
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.eng.set(answeredBy(0))
		says := func(leak bool) {
			t.Helper()
			synctest.Wait()
			s := r.Status()
			if got := s.Problem != nil && s.Problem.Code == control.CodeLeak; got != leak || leak != (s.Sentence == leakProblem().Message) {
				t.Errorf("leak %v, not %v: %s", got, leak, s.Sentence)
			}
		}
		around.Store(true)
		time.Sleep(leakEvery)
		if says(false); looks.Load() != 0 {
			t.Errorf("%d names were looked up while nothing points here", looks.Load())
		}
		if err := r.SystemDNS(t.Context(), control.SystemDNSOn); err != nil {
			t.Fatal(err)
		}
		time.Sleep(leakSettle + time.Second)
		says(false) // one may be lost
		time.Sleep(leakSettle + tellPatience)
		says(true)
		around.Store(false)
		time.Sleep(leakAgain + time.Second)
		says(false)
		before := looks.Load()
		time.Sleep(leakEvery - 2*time.Second)
		if got := looks.Load(); got != before {
			t.Errorf("%d names were looked up without need", got-before)
		}
		around.Store(true)
		time.Sleep(leakEvery)
		says(true)
		if err := r.SystemDNS(t.Context(), control.SystemDNSOff); err != nil {
			t.Fatal(err)
		}
		says(false)
	})
}
