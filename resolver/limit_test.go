package resolver

import (
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// outcome is what became of queries.
type outcomes struct{ served, slipped, silent int }

// flood sends n queries over UDP at once.
func flood(t testing.TB, e *Engine, client string, n int) (o outcomes) {
	t.Helper()
	raw := ednsQuery(t)
	for range n {
		switch m := send(t, e, client, false, raw); {
		case m == nil:
			o.silent++
		case m.Truncated && len(m.Answer) == 0 && m.Rcode == dns.RcodeSuccess:
			o.slipped++
		case len(m.Answer) == 1:
			o.served++
		default:
			t.Fatalf("answer %v", m)
		}
	}
	return o
}

func TestRateLimit(t *testing.T) {
	access := prefixes("192.0.2.0/24", "2001:db8::/32")
	type step struct {
		after  time.Duration
		client string
		sent   int
		want   outcomes
	}
	for _, c := range []struct {
		name  string
		limit RateLimit
		steps []step
	}{
		{"burst, then every second one over it is sent to TCP", RateLimit{PerSecond: 10, Burst: 20}, []step{
			{0, lanClient, 30, outcomes{20, 5, 5}},
			{100 * time.Millisecond, lanClient, 2, outcomes{1, 1, 0}},
			{time.Second, lanClient, 12, outcomes{10, 1, 1}},
			{time.Hour, lanClient, 22, outcomes{20, 1, 1}},
		}},
		{"each IPv4 address for itself, mapped or not", RateLimit{PerSecond: 1, Burst: 2}, []step{
			{0, lanClient, 2, outcomes{2, 0, 0}},
			{0, "[::ffff:192.0.2.7]:4001", 2, outcomes{0, 1, 1}},
			{0, "192.0.2.8:4000", 2, outcomes{2, 0, 0}},
		}},
		{"one IPv6 /56 together", RateLimit{PerSecond: 1, Burst: 2}, []step{
			{0, "[2001:db8:0:100::1]:4000", 2, outcomes{2, 0, 0}},
			{0, "[2001:db8:0:1ff::2]:4000", 2, outcomes{0, 1, 1}},
			{0, "[2001:db8:0:200::1]:4000", 2, outcomes{2, 0, 0}},
		}},
		{"a burst of none is one", RateLimit{PerSecond: 1}, []step{{0, lanClient, 2, outcomes{1, 1, 0}}}},
		{"this computer is exempt", RateLimit{PerSecond: 1, Burst: 1}, []step{
			{0, "127.0.0.1:4000", 50, outcomes{50, 0, 0}},
			{0, "[::1]:4000", 50, outcomes{50, 0, 0}},
		}},
		{"unless it is limited", RateLimit{PerSecond: 1, Burst: 2, Loopback: true}, []step{
			{0, "127.0.0.1:4000", 4, outcomes{2, 1, 1}},
			{0, "127.0.0.2:4000", 4, outcomes{2, 1, 1}},
			{0, "[::1]:4000", 4, outcomes{2, 1, 1}},
		}},
		{"no limit", RateLimit{Burst: 1, Loopback: true}, []step{{0, lanClient, 50, outcomes{50, 0, 0}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				e := gateEngine(t, AdmissionRules{Access: access, Limit: c.limit})
				e.cache.put(ask("www.example.com", dns.TypeA), kept(t, "www.example.com", 86400), 0)
				for i, s := range c.steps {
					time.Sleep(s.after)
					if got := flood(t, e, s.client, s.sent); got != s.want {
						t.Errorf("step %d: %+v, want %+v", i, got, s.want)
					}
				}
			})
		})
	}
}

// An answer over the limit is an event, silence is not; both are counted. What
// would be an error is not sent to TCP.
func TestRateLimitEventsAndCounts(t *testing.T) {
	e := gateEngine(t, AdmissionRules{Access: prefixes("192.0.2.0/24"), Limit: RateLimit{PerSecond: 1, Burst: 1}})
	raw := ednsQuery(t)
	send(t, e, lanClient, false, raw)
	m, ev := sendFor(t, e, lanClient, false, raw)
	if m == nil || !m.Truncated || ev.Source != SourceBlocked || ev.EDE != edeLimit || len(ev.Answer) > len(raw) {
		t.Errorf("answer %v, event %+v", m, ev)
	}
	if m, ev = sendFor(t, e, lanClient, false, raw); m != nil || len(ev.Name) > 0 {
		t.Errorf("answer %v, event %+v", m, ev)
	}
	for range 2 {
		if m := send(t, e, lanClient, false, raw[:20]); m != nil {
			t.Errorf("what cannot be read, over the limit, was answered: %v", m)
		}
	}
	if want := (AdmissionCounts{Limited: 4, Dropped: 3}); e.Admission() != want {
		t.Errorf("counts %+v, want %+v", e.Admission(), want)
	}
}

// The table of clients does not grow, and forged addresses do not push out a
// client that is over the limit.
func TestLimiterForgedAddresses(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		l := newLimiter(RateLimit{PerSecond: 10, Burst: 100})
		greedy := netip.MustParseAddrPort(lanClient)
		for l.take(greedy, time.Now()).within {
		}
		served := 0
		for i := range 1 << 18 {
			forged := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 4000)
			if !l.take(forged, time.Now()).within {
				t.Fatal("a new client is over the limit")
			}
			if i%1024 == 0 && l.take(greedy, time.Now()).within {
				served++
			}
		}
		if served > 0 {
			t.Errorf("served %d times more: it was forgotten", served)
		}
	})
}

// Over TCP a client is slowed down to its rate, and has a bucket of its own.
func TestRateLimitSlowsTCPDown(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e := gateEngine(t, AdmissionRules{Access: prefixes("192.0.2.0/24"), Limit: RateLimit{PerSecond: 10, Burst: 5}})
		flood(t, e, lanClient, 10)
		c := tcpFrom(t, e, lanClient)
		began := time.Now()
		for i := range 25 {
			if m := c.ask(t, ednsQuery(t)); m == nil || len(m.Answer) != 1 {
				t.Fatalf("query %d: %v", i, m)
			}
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("25 queries took %v, want 2s", took)
		}
	})
}

// A query that was held back has as much time for its answer as any other.
func TestHeldBackQueryHasItsTime(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		n.add("192.0.2.1:853").handle = mute
		e := pipeEngine(t, n, func(c *Config) {
			c.Rules.Admission = AdmissionRules{Access: prefixes("192.0.2.0/24"), Limit: RateLimit{PerSecond: 1, Burst: 1}}
		}, "192.0.2.1:853")
		c := tcpFrom(t, e, lanClient)
		began := time.Now()
		for range 2 {
			if err := c.send(ednsQuery(t)); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if m, err := c.receive(); err != nil || m.Rcode != dns.RcodeServerFailure {
				t.Fatalf("%v %v", m, err)
			}
		}
		if took := time.Since(began); took != time.Second+queryTimeout {
			t.Errorf("answered after %v, want a second and %v", took, queryTimeout)
		}
	})
}

// Many connections together do not wait for ever: they are told.
func TestRateLimitRefusesOverTCP(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e := gateEngine(t, AdmissionRules{Access: prefixes("192.0.2.0/24"), Limit: RateLimit{PerSecond: 1, Burst: 1}})
		var answers []<-chan *dns.Msg
		for range 6 {
			answers = append(answers, tcpFrom(t, e, lanClient).askLater(ednsQuery(t)))
		}
		served, refused := 0, 0
		for _, a := range answers {
			switch m := <-a; {
			case len(m.Answer) == 1:
				served++
			case m.Rcode == dns.RcodeRefused && edeOf(m) == 18:
				refused++
			}
		}
		if served != 3 || refused != 3 {
			t.Errorf("%d served and %d refused, want 3 at 0, 1 and 2 s and the others refused", served, refused)
		}
		if c := e.Admission(); c.Limited != 3 {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestClientKey(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.255":        "192.0.2.255/32",
		"::ffff:192.0.2.255": "192.0.2.255/32",
		"2001:db8:1:2ff::9":  "2001:db8:1:200::/56",
		"fe80::1%eth0":       "fe80::/56",
		"::1":                "::/56",
		"ffff:ffff::":        "ffff:ffff::/56",
	} {
		if got := keyOf(netip.AddrPortFrom(netip.MustParseAddr(addr), 1)).prefix().String(); got != want {
			t.Errorf("%s is of %s, want %s", addr, got, want)
		}
	}
	if keyOf(netip.AddrPort{}) != 0 {
		t.Error("no address is a client")
	}
}

func TestLimiterAllocatesNothing(t *testing.T) {
	e := gateEngine(t, AdmissionRules{Access: prefixes("192.0.2.0/24"), Limit: RateLimit{PerSecond: 1 << 30, Burst: 1000}})
	raw := ednsQuery(t)
	s := &scratch{out: make([]byte, 0, 4096)}
	s.q.client = netip.MustParseAddrPort(lanClient)
	if n := testing.AllocsPerRun(1000, func() {
		s.q.arrived = time.Now()
		if !e.quick(s, raw) || len(s.out) == 0 {
			t.Fatal("no hit")
		}
	}); n != 0 {
		t.Errorf("%v allocations a hit", n)
	}
}

func benchmarkHitFrom(b *testing.B, client string, limit RateLimit) {
	e := gateEngine(b, AdmissionRules{Access: prefixes("10.0.0.0/8", "192.0.2.0/24"), Limit: limit})
	raw := ednsQuery(b)
	s := &scratch{out: make([]byte, 0, 4096)}
	s.q.client = netip.MustParseAddrPort(client)
	b.ReportAllocs()
	for b.Loop() {
		s.q.arrived = time.Now()
		e.quick(s, raw)
	}
}

func BenchmarkHitExempt(b *testing.B) {
	benchmarkHitFrom(b, "127.0.0.1:4000", RateLimit{PerSecond: 20, Burst: 100})
}

func BenchmarkHitLimited(b *testing.B) {
	benchmarkHitFrom(b, lanClient, RateLimit{PerSecond: 1 << 30, Burst: 1 << 20})
}

func BenchmarkOverLimit(b *testing.B) {
	benchmarkHitFrom(b, lanClient, RateLimit{PerSecond: 1, Burst: 1})
}
