package resolver

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// pipeMemory is an engine without listeners, with one server behind a pipe
// that answers names with a TTL of 60.
func pipeMemory(t *testing.T, rules CacheRules) (*Engine, *pipeServer) {
	t.Helper()
	n := new(pipeNet)
	s := n.add("192.0.2.53:853")
	if rules.Bytes == 0 {
		rules.Bytes = 1 << 20
	}
	e := pipeEngine(t, n, func(c *Config) { c.Rules.Cache = rules }, "192.0.2.53:853")
	return e, s
}

func address(ttl int) func(*dns.Msg) *dns.Msg {
	return func(q *dns.Msg) *dns.Msg {
		m := new(dns.Msg).SetReply(q)
		m.Answer = []dns.RR{&dns.A{
			Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: uint32(ttl)}, A: []byte{192, 0, 2, 1},
		}}
		return m
	}
}

// want asks for name and checks where the answer comes from.
func want(t *testing.T, e *Engine, name string, source Source, rcode int) *answer {
	t.Helper()
	a, _, err := try(e.chain, name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if a.source != source || a.rcode != rcode {
		t.Errorf("%s: source %d, rcode %d; want %d, %d", name, a.source, a.rcode, source, rcode)
	}
	return a
}

const day = 24 * time.Hour

func TestStaleBridgesAFailure(t *testing.T) {
	faults := map[string]func(*pipeServer){
		"refuses":  func(s *pipeServer) { s.down = syscall.ECONNREFUSED; s.conns = 0 },
		"mute":     func(s *pipeServer) { s.handle = mute },
		"SERVFAIL": func(s *pipeServer) { s.handle = rcode(dns.RcodeServerFailure) },
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				e, s := pipeMemory(t, CacheRules{Stale: day})
				s.set(func(s *pipeServer) { s.handle = address(60) })
				want(t, e, "a.example", SourceUpstream, 0)
				s.set(fault)
				s.cut()
				time.Sleep(61 * time.Second)
				began := time.Now()
				a := want(t, e, "a.example", SourceStale, 0)
				if took := time.Since(began); took > stalePatience {
					t.Errorf("given after %v, want %v at most", took, stalePatience)
				}
				if a.ede == nil || a.ede.Code != dns.ExtendedErrorCodeStaleAnswer {
					t.Errorf("EDE %v, want Stale Answer", a.ede)
				}
				m := unpack(t, appendAnswer(nil, client(t, "a.example", nil), a, time.Now()))
				if m.Answer[0].Header().Ttl != 30 {
					t.Errorf("TTL %d, want 30 (RFC 8767 section 4)", m.Answer[0].Header().Ttl)
				}
				time.Sleep(5 * time.Second) // the failure is known by now
				began = time.Now()
				want(t, e, "a.example", SourceStale, 0)
				if took := time.Since(began); name != "SERVFAIL" && took > 0 {
					t.Errorf("the second took %v though nothing works", took)
				}
				time.Sleep(day)
				if a, _, err := try(e.chain, "a.example"); err == nil && a.source == SourceStale {
					t.Error("still given after a day")
				}
			})
		})
	}
}

// A stale answer is given while the asking goes on, and what comes of that is
// kept.
func TestStaleIsRefreshedBehindTheClient(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{Stale: day})
		s.set(func(s *pipeServer) { s.handle = address(60) })
		want(t, e, "a.example", SourceUpstream, 0)
		time.Sleep(2 * time.Minute)
		s.set(func(s *pipeServer) { s.delay = 3 * time.Second })
		want(t, e, "a.example", SourceStale, 0)
		time.Sleep(2 * time.Second)
		want(t, e, "a.example", SourceCache, 0)
	})
}

func TestStaleNeverHidesWhatTheUpstreamSays(t *testing.T) {
	blocked := func(q *dns.Msg) *dns.Msg {
		m := rcode(dns.RcodeRefused)(q)
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeBlocked}}
		return m
	}
	for name, c := range map[string]struct {
		handle func(*dns.Msg) *dns.Msg
		rcode  int
	}{
		"NXDOMAIN without SOA": {rcode(dns.RcodeNameError), dns.RcodeNameError},
		"no data without SOA":  {func(q *dns.Msg) *dns.Msg { return new(dns.Msg).SetReply(q) }, 0},
		"explained REFUSED":    {blocked, dns.RcodeRefused},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				e, s := pipeMemory(t, CacheRules{Stale: day})
				s.set(func(s *pipeServer) { s.handle = address(60) })
				want(t, e, "a.example", SourceUpstream, 0)
				time.Sleep(time.Hour)
				s.set(func(s *pipeServer) { s.handle = c.handle })
				a := want(t, e, "a.example", SourceUpstream, c.rcode)
				if len(a.ttls) != 0 {
					t.Error("old records came with it")
				}
				s.set(func(s *pipeServer) { s.handle = mute })
				time.Sleep(time.Minute)
				if a, _, err := try(e.chain, "a.example"); err == nil && a.source == SourceStale {
					t.Error("the old answer came back")
				}
			})
		})
	}
}

// When nothing works, names that are asked again do not pile up behind the
// answers that were given.
func TestStaleIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{Stale: day, Bytes: 4 << 20})
		s.set(func(s *pipeServer) { s.handle = address(60) })
		const names = 2 * maxBehind
		for i := range names {
			want(t, e, fmt.Sprintf("n%d.example", i), SourceUpstream, 0)
		}
		time.Sleep(time.Hour)
		s.set(func(s *pipeServer) { s.handle = mute })
		var wg sync.WaitGroup
		for i := range names {
			wg.Go(func() { want(t, e, fmt.Sprintf("n%d.example", i), SourceStale, 0) })
		}
		synctest.Wait()
		if n := e.memory.behind.Load(); n != maxBehind {
			t.Errorf("%d asked behind their clients, want %d", n, maxBehind)
		}
		wg.Wait()
		time.Sleep(queryTimeout)
		if n := e.memory.behind.Load(); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

func TestStaleOffByRule(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{})
		s.set(func(s *pipeServer) { s.handle = address(60) })
		want(t, e, "a.example", SourceUpstream, 0)
		s.set(func(s *pipeServer) { s.handle = mute })
		time.Sleep(time.Minute)
		if a, _, err := try(e.chain, "a.example"); err == nil {
			t.Errorf("answered from %d", a.source)
		}
	})
}

// RFC 9520: a failure is not asked again at once, and ever more rarely.
func TestFailuresAreRemembered(t *testing.T) {
	for name, fault := range map[string]func(*dns.Msg) *dns.Msg{
		"SERVFAIL": rcode(dns.RcodeServerFailure), "mute": mute,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				e, s := pipeMemory(t, CacheRules{})
				s.set(func(s *pipeServer) {
					s.handle = func(q *dns.Msg) *dns.Msg {
						if strings.HasPrefix(q.Question[0].Name, "bad.") {
							return fault(q)
						}
						return zone(q)
					}
				})
				want(t, e, "good.example", SourceUpstream, 0)
				_, _, _ = try(e.chain, "bad.example")
				before := s.askedFor("bad.example.")
				a := want(t, e, "bad.example", SourceCache, dns.RcodeServerFailure)
				if name == "mute" && (a.ede == nil || a.ede.Code != dns.ExtendedErrorCodeNoReachableAuthority) {
					t.Errorf("EDE %v, want it to say why", a.ede)
				}
				if n := s.askedFor("bad.example."); n != before {
					t.Errorf("asked %d times more within a second", n-before)
				}
				rounds := 0
				for range 120 { // two minutes, a query a second
					time.Sleep(time.Second)
					was := s.askedFor("bad.example.")
					_, _, _ = try(e.chain, "bad.example")
					if s.askedFor("bad.example.") > was {
						rounds++
					}
				}
				if rounds < 4 || rounds > 12 {
					t.Errorf("asked in %d of 120 seconds, want some, ever more rarely", rounds)
				}
			})
		})
	}
}

func TestReturnOfAServerForgetsFailures(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{})
		s.set(func(s *pipeServer) { s.down = syscall.ECONNREFUSED })
		for range 60 {
			if a, _, err := try(e.chain, "a.example"); err == nil && a.rcode == 0 {
				t.Fatal("answered by nobody")
			}
			time.Sleep(time.Second)
		}
		s.set(func(s *pipeServer) { s.down = nil })
		began := time.Now()
		for {
			a, _, err := try(e.chain, "a.example")
			if err == nil && a.rcode == 0 {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("answered %v after the server's return, want 3s at most", took)
		}
	})
}

// A name in use never waits for its upstream again.
func TestRefreshAhead(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{})
		s.set(func(s *pipeServer) { s.handle = address(300) })
		want(t, e, "used.example", SourceUpstream, 0)
		want(t, e, "left.example", SourceUpstream, 0)
		for range 720 { // an hour
			time.Sleep(5 * time.Second)
			want(t, e, "used.example", SourceCache, 0)
		}
		if n := s.askedFor("used.example."); n < 12 || n > 15 {
			t.Errorf("asked %d times in an hour at a TTL of five minutes", n)
		}
		if n := s.askedFor("left.example."); n != 1 {
			t.Errorf("a name that nobody uses was asked %d times", n)
		}
	})
}

// While the upstream fails, refreshing does not become a storm, and the answer
// stays until its end.
func TestRefreshAheadOfAFailingUpstream(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{})
		s.set(func(s *pipeServer) { s.handle = address(100) })
		want(t, e, "a.example", SourceUpstream, 0)
		want(t, e, "a.example", SourceCache, 0)
		s.set(func(s *pipeServer) { s.handle = rcode(dns.RcodeServerFailure) })
		for range 99 {
			want(t, e, "a.example", SourceCache, 0)
			time.Sleep(time.Second)
		}
		if n := s.askedFor("a.example."); n < 2 || n > 16 {
			t.Errorf("asked %d times, want a few tries each five seconds of the last ten", n)
		}
	})
}

func TestRefreshBudget(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{})
		s.set(func(s *pipeServer) { s.handle = address(100) })
		const names = 500
		for i := range names {
			want(t, e, fmt.Sprintf("n%d.example", i), SourceUpstream, 0)
			want(t, e, fmt.Sprintf("n%d.example", i), SourceCache, 0)
		}
		time.Sleep(95 * time.Second)
		before := s.asked()
		s.set(func(s *pipeServer) { s.delay = time.Second })
		for i := range names {
			want(t, e, fmt.Sprintf("n%d.example", i), SourceCache, 0)
		}
		synctest.Wait()
		if n := s.asked() - before; n != maxRefreshing {
			t.Errorf("%d asked ahead at the same time, want %d", n, maxRefreshing)
		}
	})
}

func TestCoalescedFailureIsNotStormed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{})
		s.set(func(s *pipeServer) { s.handle, s.delay = rcode(dns.RcodeServerFailure), 100*time.Millisecond })
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { _, _, _ = try(e.chain, "a.example") })
		}
		wg.Wait()
		if n := s.askedFor("a.example."); n > leastTries {
			t.Errorf("asked %d times for a hundred clients", n)
		}
	})
}

func TestTTLBounds(t *testing.T) {
	for _, c := range []struct {
		name             string
		ttl              int
		min, max         time.Duration
		shown, keptUntil int
	}{
		{"within", 100, 10 * time.Second, time.Hour, 100, 100},
		{"raised", 5, time.Minute, time.Hour, 60, 60},
		{"lowered", 7200, 0, time.Hour, 3600, 3600},
		{"a day at most", 1 << 20, 0, 0, 86400, 86400},
		{"0 is not raised", 0, time.Minute, time.Hour, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				e, s := pipeMemory(t, CacheRules{MinTTL: c.min, MaxTTL: c.max})
				s.set(func(s *pipeServer) { s.handle = address(c.ttl) })
				a := want(t, e, "a.example", SourceUpstream, 0)
				m := unpack(t, appendAnswer(nil, client(t, "a.example", nil), a, time.Now()))
				if got := int(m.Answer[0].Header().Ttl); got != c.shown {
					t.Errorf("TTL %d, want %d", got, c.shown)
				}
				if c.keptUntil > 0 {
					time.Sleep(time.Duration(c.keptUntil)*time.Second - time.Second)
					want(t, e, "a.example", SourceCache, 0)
					time.Sleep(time.Second)
				}
				want(t, e, "a.example", SourceUpstream, 0)
			})
		})
	}
}

// Other bounds hold at once, also for what is kept already.
func TestTTLBoundsChange(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{})
		s.set(func(s *pipeServer) { s.handle = address(7200) })
		want(t, e, "a.example", SourceUpstream, 0)
		e.SetRules(Rules{Cache: CacheRules{Bytes: 1 << 20, MaxTTL: time.Minute}})
		if a := want(t, e, "a.example", SourceUpstream, 0); a.ttl != 60 {
			t.Errorf("kept for %d seconds", a.ttl)
		}
		e.SetRules(Rules{Cache: CacheRules{Bytes: 2 << 20, MaxTTL: time.Minute}})
		want(t, e, "a.example", SourceCache, 0)
	})
}

func TestCloseEndsQuestionsOfNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{Stale: day})
		s.set(func(s *pipeServer) { s.handle = address(60) })
		want(t, e, "a.example", SourceUpstream, 0)
		time.Sleep(time.Hour)
		s.set(func(s *pipeServer) { s.handle = mute })
		want(t, e, "a.example", SourceStale, 0)
		began := time.Now()
		if err := e.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("closing waited %v", took)
		}
		f, _ := e.memory.flights.start(ask("b.example", dns.TypeA), func() {})
		if <-f.done; f.err == nil {
			t.Error("asked after the end")
		}
	})
}

// Racing asks every provider and takes the quickest.
func TestRace(t *testing.T) {
	for _, race := range []bool{false, true} {
		t.Run(fmt.Sprint(race), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				slow, quick := n.add("192.0.2.1:853"), n.add("192.0.2.2:853")
				slow.delay = 200 * time.Millisecond
				e := pipeEngine(t, n, nil, "192.0.2.1:853", "192.0.2.2:853")
				e.SetRules(Rules{Race: race})
				for i := range 5 {
					name := fmt.Sprintf("n%d.example", i)
					a, took, err := try(e.chain, name)
					if err != nil {
						t.Fatal(err)
					}
					if race != (a.upstream.String() == "192.0.2.2:853") || race && took > 100*time.Millisecond {
						t.Errorf("answered by %s after %v", a.upstream, took)
					}
					if quick.askedFor(name+".") > 0 != race {
						t.Errorf("%s: the second provider was asked: %v, want %v", name, !race, race)
					}
				}
				if h := e.Health(); h.Answering != 0 {
					t.Errorf("provider %d is said to answer, want the first: it works", h.Answering)
				}
			})
		})
	}
}

// Who asks the same a little later, and so fails a little later, does not
// prolong the time for which a failure is remembered.
func TestFailureOfManyIsOne(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{})
		want(t, e, "other.example", SourceUpstream, 0)
		s.set(func(s *pipeServer) { s.handle = mute })
		var clients sync.WaitGroup
		for i := range 8 {
			clients.Go(func() {
				time.Sleep(time.Duration(i) * 50 * time.Millisecond)
				_, _, _ = try(e.chain, "a.example")
			})
		}
		clients.Wait()
		s.set(func(s *pipeServer) { s.handle = address(60) })
		time.Sleep(failFirst + 10*time.Millisecond)
		want(t, e, "a.example", SourceUpstream, 0)
	})
}
