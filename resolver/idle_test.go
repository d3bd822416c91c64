package resolver

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/resolvertest"
)

const idlePathDelay = 20 * time.Millisecond

// pace asks n names, one every gap, and returns how long each took.
func pace(t *testing.T, f exchanger, n int, gap time.Duration, prefix string) []time.Duration {
	t.Helper()
	var took []time.Duration
	for i := range n {
		_, d, err := try(f, fmt.Sprintf("%s%d.example", prefix, i))
		if err != nil {
			t.Fatalf("%s%d: %v", prefix, i, err)
		}
		took = append(took, d)
		time.Sleep(gap)
	}
	return took
}

func (s *pipeServer) dials() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.dialed)
}

// keepalive names d as the idle time in each answer (RFC 7828).
func keepalive(d time.Duration) func(*dns.Msg) *dns.Msg {
	return func(q *dns.Msg) *dns.Msg {
		m := zone(q)
		m.IsEdns0().Option = append(m.IsEdns0().Option, resolvertest.KeepaliveOption(d))
		return m
	}
}

// A server that closes idle connections, whether it says when or not, costs no
// query a handshake as long as queries come.
func TestIdleServerCostsNoHandshake(t *testing.T) {
	for _, c := range []struct {
		name    string
		handle  func(*dns.Msg) *dns.Msg
		learns  int // queries that may pay until the time is known
		closes  time.Duration
		gap     time.Duration
		mostFor int // dials for 20 queries from then on
	}{
		{"closes after 10 s, a query every 15 s", zone, 4, 10 * time.Second, 15 * time.Second, 40},
		{"closes after 10 s, a query every 25 s", zone, 4, 10 * time.Second, 25 * time.Second, 60},
		{"closes after 30 s, a query every 31 s", zone, 4, 30 * time.Second, 31 * time.Second, 40},
		{"names 10 s, a query every 15 s", keepalive(10 * time.Second), 2, 10 * time.Second, 15 * time.Second, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				s := n.add("192.0.2.1:853")
				s.handle, s.latency, s.idleClose = c.handle, idlePathDelay, c.closes
				f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
				pace(t, f, c.learns, c.gap, "learn")
				before := s.dials()
				for i, took := range pace(t, f, 20, c.gap, "n") {
					if took > 2*idlePathDelay {
						t.Errorf("query %d paid for a handshake: %v", i, took)
					}
				}
				if got := s.dials() - before; got > c.mostFor {
					t.Errorf("%d connections for 20 queries, want %d at most", got, c.mostFor)
				}
			})
		})
	}
}

// Nobody asks, so no connection is kept up for anybody.
func TestIdleWithoutTrafficIsLeftAlone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.1:853")
		s.latency, s.idleClose = idlePathDelay, 10*time.Second
		f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
		pace(t, f, 10, 15*time.Second, "n")
		_, _, _ = try(f, "last.example")
		before := s.dials()
		time.Sleep(time.Hour)
		if got := s.dials() - before; got > maxRenewed {
			t.Errorf("%d connections in an hour without a query", got)
		}
		if f.ups[0].servers[0].connected() {
			t.Error("a connection is still open")
		}
		// A query now and then is no reason either.
		before = s.dials()
		for i := range 10 {
			pace(t, f, 1, 5*time.Minute, fmt.Sprint(i, "-"))
		}
		if got := s.dials() - before; got != 10 {
			t.Errorf("%d connections for ten queries five minutes apart", got)
		}
	})
}

// We close first: what the server closes may cost a query.
func TestIdleConnectionIsClosedByUs(t *testing.T) {
	for _, c := range []struct {
		name   string
		handle func(*dns.Msg) *dns.Msg
		want   time.Duration
	}{
		{"named 20 s", keepalive(20 * time.Second), 18 * time.Second},
		{"named 0", keepalive(0), time.Millisecond},
		{"named an hour", keepalive(time.Hour), idleDefault},
		{"nothing named", zone, idleDefault},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				s := n.add("192.0.2.1:853")
				s.handle = c.handle
				f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
				pace(t, f, 1, 0, "a")
				srv := f.ups[0].servers[0]
				time.Sleep(c.want - time.Microsecond)
				synctest.Wait()
				if !srv.connected() {
					t.Errorf("closed before %v", c.want)
				}
				time.Sleep(2 * time.Microsecond)
				synctest.Wait()
				if srv.connected() {
					t.Errorf("still open after %v", c.want)
				}
				if got := s.dials(); got != 1 {
					t.Errorf("%d connections", got)
				}
			})
		})
	}
}

// What is no habit is not taken for one.
func TestIdleHabit(t *testing.T) {
	const s = time.Second
	start := time.Unix(1e9, 0)
	for _, c := range []struct {
		name   string
		closes []time.Duration
		want   time.Duration
	}{
		{"two closes", []time.Duration{10 * s, 10 * s}, idleDefault},
		{"three alike", []time.Duration{10 * s, 11 * s, 10 * s}, 9 * s},
		{"all different", []time.Duration{10 * s, 20 * s, 40 * s, 80 * s}, idleDefault},
		{"at once", []time.Duration{0, 10 * time.Millisecond, 0, 0}, idleDefault},
		{"later than ours", []time.Duration{200 * s, 200 * s, 200 * s}, idleDefault},
		{"another habit", []time.Duration{30 * s, 30 * s, 30 * s, 10 * s, 10 * s, 10 * s}, 9 * s},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h idleHabit
			for _, d := range c.closes {
				h.closed(d, start)
			}
			if got := h.limit(start); got != c.want {
				t.Errorf("limit %v, want %v", got, c.want)
			}
			if got := h.limit(start.Add(habitFor + s)); got != idleDefault {
				t.Errorf("an old habit is not forgotten: limit %v", got)
			}
		})
	}
}
