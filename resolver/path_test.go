package resolver

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// burst asks n names at once and returns the longest time an answer took.
func burst(t *testing.T, f exchanger, n int, prefix string) time.Duration {
	t.Helper()
	var mu sync.Mutex
	var longest time.Duration
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			a, took, err := try(f, fmt.Sprintf("%s%d.example", prefix, i))
			if err != nil || a.rcode != dns.RcodeSuccess {
				t.Errorf("%s%d after %v: %v %v", prefix, i, took, a, err)
			}
			mu.Lock()
			defer mu.Unlock()
			longest = max(longest, took)
		})
	}
	wg.Wait()
	return longest
}

// Queries that are asked together leave together: in few TLS records, each of
// one write. One processor makes it certain that they are asked together.
func TestPathBurstLeavesInFewRecords(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, cold := range []bool{true, false} {
		t.Run(fmt.Sprintf("cold %v", cold), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				s := n.add("192.0.2.1:853")
				s.latency = 10 * time.Millisecond
				f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
				writes, records := 0, 0
				if !cold {
					burst(t, f, 1, "first")
					writes, records = s.paths[0].sent()
				}
				burst(t, f, 200, "n")
				w, r := s.paths[0].sent()
				if w, r = w-writes, r-records; w > 10 || r > 10 {
					t.Errorf("200 queries left in %d writes and %d records, want 10 at most", w, r)
				}
				if got := len(s.paths); got != 1 {
					t.Errorf("%d connections, want 1", got)
				}
			})
		})
	}
}

// A long path is slow once and not once a query: with 0.3 s for the way there
// and back, 200 queries are answered after one round trip, and after those of
// the handshakes where there is no connection yet.
func TestPathLongRoundTrip(t *testing.T) {
	for _, c := range []struct {
		name       string
		latency    time.Duration
		cold, warm time.Duration
	}{
		{"0.3 s there and back", 150 * time.Millisecond, 950 * time.Millisecond, 350 * time.Millisecond},
		{"0.3 s each way", 300 * time.Millisecond, 1850 * time.Millisecond, 650 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				s := n.add("192.0.2.1:853")
				s.latency = c.latency
				f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
				if took := burst(t, f, 200, "cold"); took > c.cold {
					t.Errorf("200 queries and the handshakes took %v, want %v", took, c.cold)
				}
				if took := burst(t, f, 200, "warm"); took > c.warm {
					t.Errorf("200 queries took %v, want %v", took, c.warm)
				}
				if got := len(s.paths); got > 2 {
					t.Errorf("%d connections for 400 queries", got)
				}
				// Nothing is late here: no query is asked twice.
				if got := s.asked(); got > 400+2 {
					t.Errorf("the server was asked %d times for 400 queries", got)
				}
			})
		})
	}
}

// Answers come in any order, each to who asked for it.
func TestPathAnswersOutOfOrder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.1:853")
		s.latency = 5 * time.Millisecond
		var mu sync.Mutex
		ids := make(map[uint16]bool)
		s.handle = func(q *dns.Msg) *dns.Msg {
			mu.Lock()
			ids[q.Id] = true
			mu.Unlock()
			time.Sleep(rand.N(100 * time.Millisecond))
			m := zone(q)
			m.Answer[0].(*dns.A).A[15] = byte(len(q.Question[0].Name))
			return m
		}
		f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				name := fmt.Sprintf("%0*d.example.", 1+i, 1)
				if 1+i > 63 {
					name = fmt.Sprintf("%0*d.%063d.example.", i-62, 1, 1)
				}
				a, _, err := try(f, name)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				if got := a.msg[len(a.msg)-1]; got != byte(len(name)) {
					t.Errorf("%s got the answer to a name of %d octets", name, got)
				}
			})
		}
		wg.Wait()
		if got := len(s.paths); got != 1 {
			t.Errorf("%d connections, want 1", got)
		}
		near := 0
		for id := range ids {
			if ids[id+1] {
				near++
			}
		}
		if near > 10 {
			t.Errorf("%d of %d ids are followed by the next: they are not random", near, len(ids))
		}
	})
}

// A network that went away without a word costs whoever asks first about a
// second, and nobody more.
func TestPathLostWithoutAWord(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.1:853")
		s.latency = 10 * time.Millisecond
		f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
		burst(t, f, 20, "before")
		for _, p := range s.paths {
			p.lose()
		}
		if took := burst(t, f, 50, "after"); took > 1200*time.Millisecond {
			t.Errorf("the first queries after it took %v", took)
		}
		if took := burst(t, f, 50, "then"); took > 50*time.Millisecond {
			t.Errorf("the next ones took %v", took)
		}
	})
}
