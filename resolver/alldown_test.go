package resolver

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// bubbleEngine is an engine without listeners, for virtual time.
func bubbleEngine(t *testing.T, n *pipeNet, providers ...[]string) *Engine {
	t.Helper()
	f := pipeForwarder(t, n, providers...)
	e := newEngine(Config{Upstreams: f.configured(), Roots: f.roots}, n.dial)
	t.Cleanup(func() { _ = e.Close(t.Context()) })
	return e
}

// answerOf is what e answers to one query that arrives now.
func answerOf(t *testing.T, e *Engine, name string) *dns.Msg {
	t.Helper()
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA)
	q.SetEdns0(1232, false)
	raw, err := q.Pack()
	if err != nil {
		t.Fatal(err)
	}
	s := new(scratch)
	s.q.arrived = time.Now()
	switch {
	case e.quick(s, raw):
	case e.gate.pending.enter(s.q.client):
		e.slow(s)
	default:
		e.fail(s, errTooMany)
	}
	m := new(dns.Msg)
	if err := m.Unpack(s.out); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return m
}

// waiting is how many queries wait for an answer.
func waiting(e *Engine) int {
	p := &e.gate.pending
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

func extended(m *dns.Msg) *dns.EDNS0_EDE {
	if opt := m.IsEdns0(); opt != nil {
		for _, o := range opt.Option {
			if ede, ok := o.(*dns.EDNS0_EDE); ok {
				return ede
			}
		}
	}
	return nil
}

// outages are ways in which a server gives no answer.
var outages = map[string]func(*pipeServer){
	"refuses":    func(s *pipeServer) { s.down = syscall.ECONNREFUSED },
	"no route":   func(s *pipeServer) { s.down = syscall.ENETUNREACH },
	"black hole": func(s *pipeServer) { s.swallow = true },
	"hangs":      func(s *pipeServer) { s.hang = true },
	"mute":       func(s *pipeServer) { s.handle = mute },
	"garbage":    func(s *pipeServer) { s.handle = garbage },
	"closes":     func(s *pipeServer) { s.hangUp = func(int, int) bool { return true } },
}

func heal(s *pipeServer) {
	s.down, s.swallow, s.hang, s.handle, s.hangUp = nil, false, false, zone, nil
}

// With nobody to ask, who asks hears SERVFAIL and why (RFC 8914), in time.
func TestAllDownSaysWhy(t *testing.T) {
	for name, fault := range outages {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				for _, a := range []string{"192.0.2.1:853", "192.0.2.2:853"} {
					n.add(a).set(fault)
				}
				e := bubbleEngine(t, n, []string{"192.0.2.1:853"}, []string{"192.0.2.2:853"})
				for i := range 5 {
					began := time.Now()
					m := answerOf(t, e, fmt.Sprintf("n%d.example", i))
					if took := time.Since(began); took > queryTimeout {
						t.Errorf("answered after %v", took)
					}
					ede := extended(m)
					if m.Rcode != dns.RcodeServerFailure || ede == nil || ede.ExtraText == "" ||
						!slices.Contains([]uint16{dns.ExtendedErrorCodeNoReachableAuthority, dns.ExtendedErrorCodeNetworkError}, ede.InfoCode) {
						t.Errorf("answer %v", m)
					}
				}
				if e.Health().Answering != -1 {
					t.Error("somebody is said to answer")
				}
			})
		})
	}
}

// Many queries that nobody answers end in time, cost the servers little and
// leave nothing behind; more than may wait are turned away at once.
func TestAllDownDoesNotPileUp(t *testing.T) {
	for name, fault := range outages {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				s := n.add("192.0.2.1:853")
				s.set(fault)
				e := bubbleEngine(t, n, []string{"192.0.2.1:853"})
				const many = crowd
				var wg sync.WaitGroup
				for i := range many {
					wg.Go(func() {
						began := time.Now()
						if m := answerOf(t, e, fmt.Sprintf("n%d.example", i)); m.Rcode != dns.RcodeServerFailure {
							t.Errorf("answer %v", m)
						}
						if took := time.Since(began); took > queryTimeout {
							t.Errorf("answered after %v", took)
						}
					})
				}
				time.Sleep(time.Second)
				if got := waiting(e); got > maxPending {
					t.Errorf("%d pending", got)
				}
				wg.Wait()
				if got := waiting(e); got != 0 {
					t.Errorf("%d pending when all are answered", got)
				}
				t.Logf("asked %d times over %d connections", s.asked(), s.dials())
				if got := s.asked(); got > 5*many {
					t.Errorf("the server was asked %d times for %d queries", got, many)
				}
				// One in 50 ms, after those that are free, and the probes.
				if got := s.dials(); got > 120 {
					t.Errorf("%d connections", got)
				}
			})
		})
	}
}

func TestAllDownTurnsAway(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		n.add("192.0.2.1:853").set(outages["black hole"])
		e := bubbleEngine(t, n, []string{"192.0.2.1:853"})
		var wg sync.WaitGroup
		var atOnce atomic.Int64
		e.gate.pending.all = maxPending - 500 // others
		for i := range 1000 {
			wg.Go(func() {
				began := time.Now()
				answerOf(t, e, fmt.Sprintf("n%d.example", i))
				if time.Since(began) == 0 {
					atOnce.Add(1)
				}
			})
		}
		wg.Wait()
		if got := atOnce.Load(); got != 500 {
			t.Errorf("%d queries were turned away, want 500", got)
		}
	})
}

// While queries come, a server that returns is used within three seconds, also
// by an engine that never reached it, and over a long way.
func TestAllDownOneReturns(t *testing.T) {
	for name, fault := range outages {
		for _, c := range []struct {
			name    string
			latency time.Duration // a quarter of what TCP and TLS take
			cold    bool
		}{
			{"cold, quick link", 10 * time.Millisecond, true},
			{"cold, handshake of 1.2 s", 300 * time.Millisecond, true},
			{"was in use, quick link", 10 * time.Millisecond, false},
			{"was in use, handshake of 1.2 s", 300 * time.Millisecond, false},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					n := new(pipeNet)
					s, other := n.add("192.0.2.1:853"), n.add("192.0.2.2:853")
					s.latency, other.latency = c.latency, c.latency
					e := bubbleEngine(t, n, []string{"192.0.2.1:853"}, []string{"192.0.2.2:853"})
					if !c.cold {
						if m := answerOf(t, e, "before.example"); m.Rcode != dns.RcodeSuccess {
							t.Errorf("answer %v", m)
						}
					}
					s.set(fault)
					other.set(fault)
					if !c.cold {
						for _, p := range append(s.paths, other.paths...) {
							p.lose()
						}
					}
					if back := timeToReturn(t, e, s); back > 3*time.Second {
						t.Errorf("the first answer came %v after its return", back)
					}
				})
			})
		}
	}
}

// timeToReturn asks ten times a second, lets s return at some moment and tells
// how long after it the first answer came.
func timeToReturn(t *testing.T, e *Engine, s *pipeServer) time.Duration {
	t.Helper()
	var wg sync.WaitGroup
	var returned, first atomic.Int64
	const gap, outage = 100 * time.Millisecond, 7300 * time.Millisecond
	for i := range 150 {
		if time.Duration(i)*gap > outage && returned.Load() == 0 {
			s.set(heal)
			returned.Store(time.Now().UnixNano())
		}
		wg.Go(func() {
			began := time.Now()
			m := answerOf(t, e, fmt.Sprintf("n%d.example", i))
			if time.Since(began) > queryTimeout {
				t.Errorf("answered after %v", time.Since(began))
			}
			if m.Rcode == dns.RcodeSuccess {
				first.CompareAndSwap(0, time.Now().UnixNano())
			}
		})
		time.Sleep(gap)
	}
	wg.Wait()
	if first.Load() == 0 {
		return time.Hour
	}
	return time.Duration(first.Load() - returned.Load())
}
