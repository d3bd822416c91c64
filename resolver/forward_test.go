package resolver

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

func TestForwardOneConnectionCarriesMany(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.53:853")
		s.delay = 100 * time.Millisecond
		f := pipeForwarder(t, n, []string{"192.0.2.53:853"})
		var wg sync.WaitGroup
		for i := range 400 {
			wg.Go(func() {
				a, took, err := try(f, fmt.Sprintf("n%d.example", i))
				if err != nil {
					t.Errorf("query %d: %v", i, err)
					return
				}
				if took > 150*time.Millisecond {
					t.Errorf("query %d waited %v behind others", i, took)
				}
				if a.rcode != 0 {
					t.Errorf("query %d: rcode %d", i, a.rcode)
				}
			})
		}
		wg.Wait()
		if s.conns != 1 {
			t.Errorf("%d connections, want 1", s.conns)
		}
	})
}

func TestForwardSurvivesLostConnections(t *testing.T) {
	for _, c := range []struct {
		name   string
		hangUp func(conn, query int) bool
	}{
		{"first connection dies at once", func(conn, _ int) bool { return conn == 1 }},
		{"three connections die at once", func(conn, _ int) bool { return conn <= 3 }},
		{"one answer a connection", func(_, query int) bool { return query > 1 }},
		{"every second query", func(_, query int) bool { return query%2 == 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				s := n.add("192.0.2.53:853")
				s.hangUp = c.hangUp
				f := pipeForwarder(t, n, []string{"192.0.2.53:853"})
				var wg sync.WaitGroup
				for i := range 20 {
					wg.Go(func() {
						if _, _, err := try(f, fmt.Sprintf("n%d.example", i)); err != nil {
							t.Errorf("query %d: %v", i, err)
						}
					})
				}
				wg.Wait()
			})
		})
	}
}

func TestForwardResumesSessions(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.53:853")
		f := pipeForwarder(t, n, []string{"192.0.2.53:853"})
		for i := range 10 {
			if _, _, err := try(f, fmt.Sprintf("n%d.example", i)); err != nil {
				t.Fatal(err)
			}
			s.cut()
			synctest.Wait()
		}
		if s.conns != 10 || s.resumed != 9 {
			t.Errorf("%d connections, %d resumed, want 10 and 9", s.conns, s.resumed)
		}
	})
}

// One server of two fails in one of several ways: twenty queries in a row must
// all be answered, few of them late.
func TestForwardOneOfTwoServersFails(t *testing.T) {
	faults := map[string]func(*pipeServer){
		"mute":     func(s *pipeServer) { s.handle = mute },
		"refuses":  func(s *pipeServer) { s.down = syscall.ECONNREFUSED },
		"no route": func(s *pipeServer) { s.down = syscall.ENETUNREACH },
		"SERVFAIL": func(s *pipeServer) { s.handle = rcode(dns.RcodeServerFailure) },
		"REFUSED":  func(s *pipeServer) { s.handle = rcode(dns.RcodeRefused) },
		"hangs":    func(s *pipeServer) { s.hang = true },
		"garbage":  func(s *pipeServer) { s.handle = garbage },
		"cut":      func(s *pipeServer) { s.hangUp = func(int, int) bool { return true } },
		"wrong question": func(s *pipeServer) {
			s.handle = func(q *dns.Msg) *dns.Msg {
				m := zone(q)
				m.Question[0].Name = "other.example."
				return m
			}
		},
	}
	layouts := map[string]struct {
		providers [][]string
		warm      bool // as an engine does that begins to listen
	}{
		"same provider":       {[][]string{{"192.0.2.1:853", "192.0.2.2:853"}}, false},
		"backup":              {[][]string{{"192.0.2.1:853"}, {"192.0.2.2:853"}}, false},
		"same provider, warm": {[][]string{{"192.0.2.1:853", "192.0.2.2:853"}}, true},
		"backup, warm":        {[][]string{{"192.0.2.1:853"}, {"192.0.2.2:853"}}, true},
	}
	for name, fault := range faults {
		for layout, c := range layouts {
			t.Run(name+"/"+layout, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					n := new(pipeNet)
					bad := n.add("192.0.2.1:853")
					n.add("192.0.2.2:853")
					bad.set(fault)
					f := pipeForwarder(t, n, c.providers...)
					if c.warm {
						f.warm()
					}
					quick := 0
					for i := range 20 {
						a, took, err := try(f, fmt.Sprintf("n%d.example", i))
						if err != nil || a.rcode != dns.RcodeSuccess {
							t.Fatalf("query %d: %v %v", i, a, err)
						}
						if took > 1500*time.Millisecond {
							t.Errorf("query %d took %v", i, took)
						}
						if took < 100*time.Millisecond {
							quick++
						}
						time.Sleep(10 * time.Millisecond)
					}
					if quick < 15 {
						t.Errorf("%d of 20 answered within 0.1 s, want 15", quick)
					}
				})
			})
		}
	}
}

// Whatever kept a server away, it is used again within three seconds of its
// return while queries arrive.
func TestForwardUsesReturnedServer(t *testing.T) {
	for name, fault := range map[string]func(*pipeServer){
		"refuses": func(s *pipeServer) { s.down = syscall.ECONNREFUSED },
		"mute":    func(s *pipeServer) { s.handle = mute },
		"hangs":   func(s *pipeServer) { s.hang = true },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				first := n.add("192.0.2.1:853")
				n.add("192.0.2.2:853")
				first.set(fault)
				f := pipeForwarder(t, n, []string{"192.0.2.1:853"}, []string{"192.0.2.2:853"})
				for i := range 30 {
					if a, _, err := try(f, fmt.Sprintf("before%d.example", i)); err != nil || a.upstream.String() != "192.0.2.2:853" {
						t.Fatalf("backup did not answer: %v %v", a, err)
					}
					time.Sleep(100 * time.Millisecond)
				}
				first.set(func(s *pipeServer) { s.down, s.hang, s.handle = nil, false, zone })
				back := time.Duration(-1)
				for began := time.Now(); time.Since(began) < 10*time.Second && back < 0; time.Sleep(100 * time.Millisecond) {
					a, _, err := try(f, fmt.Sprintf("n%d.example", time.Since(began)/time.Millisecond))
					if err != nil {
						t.Fatal(err)
					}
					if a.upstream.String() == "192.0.2.1:853" {
						back = time.Since(began)
					}
				}
				if back < 0 || back > 3*time.Second {
					t.Errorf("primary was used again after %v, want 3s at most", back)
				}
				if got := f.health(); got.Answering != 0 {
					t.Errorf("answering %d, want the primary", got.Answering)
				}
			})
		})
	}
}

func TestForwardAllDown(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(*pipeServer)
		kind  FaultKind
		ede   uint16
		most  time.Duration
	}{
		"refused": {func(s *pipeServer) { s.down = syscall.ECONNREFUSED }, FaultRefused, dns.ExtendedErrorCodeNetworkError, time.Second},
		"mute":    {func(s *pipeServer) { s.handle = mute }, FaultTimeout, dns.ExtendedErrorCodeNoReachableAuthority, queryTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				s := n.add("192.0.2.1:853")
				s.set(c.fault)
				f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
				_, took, err := try(f, "a.example")
				fault, ok := errors.AsType[*Fault](err)
				if !ok || fault.Kind != c.kind {
					t.Fatalf("error %v, want fault of kind %d", err, c.kind)
				}
				if took > c.most {
					t.Errorf("gave up after %v", took)
				}
				if ede := edeFor(err); ede.Code != c.ede {
					t.Errorf("EDE %d, want %d", ede.Code, c.ede)
				}
				s.set(func(s *pipeServer) { s.down, s.handle = nil, zone })
				if _, _, err := try(f, "b.example"); err != nil {
					t.Errorf("not answered after the server came back: %v", err)
				}
			})
		})
	}
}

// What a server explains (RFC 8914) is final and is not asked elsewhere.
func TestForwardExplainedErrorIsAnAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		first, second := n.add("192.0.2.1:853"), n.add("192.0.2.2:853")
		first.handle = func(q *dns.Msg) *dns.Msg {
			m := new(dns.Msg).SetRcode(q, dns.RcodeServerFailure)
			m.SetEdns0(1232, false)
			m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeDNSBogus, ExtraText: "bad signature"})
			return m
		}
		f := pipeForwarder(t, n, []string{"192.0.2.1:853"}, []string{"192.0.2.2:853"})
		a, _, err := try(f, "bogus.example")
		if err != nil || a.rcode != dns.RcodeServerFailure || a.ede == nil || a.ede.Code != dns.ExtendedErrorCodeDNSBogus {
			t.Fatalf("got %+v, %v", a, err)
		}
		if second.asked() != 0 {
			t.Error("another provider was asked all the same")
		}
	})
}

func TestForwardSlowNameIsAnswered(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.1:853")
		s.delay = 2500 * time.Millisecond
		f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
		if _, took, err := try(f, "slow.example"); err != nil {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

func TestForwardNoBackupWithoutNeed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		first, second := n.add("192.0.2.1:853"), n.add("192.0.2.2:853")
		first.delay = 900 * time.Millisecond
		f := pipeForwarder(t, n, []string{"192.0.2.1:853"}, []string{"192.0.2.2:853"})
		for i := range 5 {
			if _, _, err := try(f, fmt.Sprintf("n%d.example", i)); err != nil {
				t.Fatal(err)
			}
		}
		if second.asked() != 0 {
			t.Errorf("the backup saw %d queries that the primary answered in time", second.asked())
		}
	})
}

// Where port 853 is blocked, a provider's other documented port is used, and
// 853 again when it works.
func TestForwardAlternatePort(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		usual := n.add("192.0.2.1:853")
		n.add("192.0.2.1:8853")
		f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
		f.ups[0].cfg.AltPorts = []uint16{8853}
		f.ups[0].setAddrs(f.ups[0].cfg.Addrs)
		used := func(name, want string) {
			t.Helper()
			if a, _, err := try(f, name); err != nil || a.upstream.String() != want {
				t.Errorf("%s: %v from %v, want %s", name, err, a, want)
			}
		}
		used("a.example", "192.0.2.1:853")
		if got := f.health().Servers; len(got) != 1 {
			t.Errorf("a port that is not used is shown: %v", got)
		}
		usual.set(func(s *pipeServer) { s.down = syscall.ECONNREFUSED })
		usual.cut()
		synctest.Wait()
		used("b.example", "192.0.2.1:8853")
		used("c.example", "192.0.2.1:8853")
		usual.set(func(s *pipeServer) { s.down = nil })
		time.Sleep(6 * time.Second)
		used("d.example", "192.0.2.1:853")
	})
}

// A connection that died without a sign (after sleep, or a change of network)
// costs the first query a second at most, and the next ones nothing.
func TestForwardDeadConnection(t *testing.T) {
	for name, c := range map[string]struct {
		slept bool
		most  time.Duration
	}{
		"silent":                         {false, 1100 * time.Millisecond},
		"known to have slept through it": {true, 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				s := n.add("192.0.2.1:853")
				release := make(chan struct{})
				s.set(func(s *pipeServer) {
					s.hangUp = func(conn, query int) bool {
						if conn == 1 && query > 1 {
							<-release
						}
						return false
					}
				})
				f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
				if _, _, err := try(f, "a.example"); err != nil {
					t.Fatal(err)
				}
				if c.slept {
					conn := f.ups[0].servers[0].conns[0]
					conn.mu.Lock()
					conn.usedWall -= int64(time.Hour)
					conn.mu.Unlock()
				}
				if _, took, err := try(f, "b.example"); err != nil || took > c.most {
					t.Errorf("first query after it: %v, %v", took, err)
				}
				if _, took, err := try(f, "c.example"); err != nil || took > 50*time.Millisecond {
					t.Errorf("second query after it: %v, %v", took, err)
				}
				close(release)
			})
		})
	}
}

// One question is a few queries, whatever nonsense a server answers.
func TestForwardDoesNotStorm(t *testing.T) {
	for name, c := range map[string]struct {
		handle      func(*dns.Msg) *dns.Msg
		least, most int
	}{
		"REFUSED without a question": {func(q *dns.Msg) *dns.Msg {
			return &dns.Msg{MsgHdr: dns.MsgHdr{Id: q.Id, Response: true, Rcode: dns.RcodeRefused}}
		}, 1, leastTries},
		"OPT among the answers": {garbage, leastTries, mostBroken},
		"another question": {func(q *dns.Msg) *dns.Msg {
			m := zone(q)
			m.Question[0].Name = "other.example."
			return m
		}, leastTries, mostBroken},
		"another id": {func(q *dns.Msg) *dns.Msg {
			m := zone(q)
			m.Id++
			return m
		}, leastTries, mostBroken},
		"SERVFAIL": {rcode(dns.RcodeServerFailure), 1, leastTries},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				s := n.add("192.0.2.1:853")
				s.handle = c.handle
				f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
				if a, _, err := try(f, "a.example"); err == nil && a.rcode == dns.RcodeSuccess {
					t.Errorf("answer %+v", a)
				}
				got := 0
				for _, name := range s.queries {
					if name == "a.example." {
						got++
					}
				}
				// The broken answer to a probe takes a query with it.
				probes := len(s.queries) - got
				if got > c.most+probes || got < c.least {
					t.Errorf("%d queries for one question, want %d to %d", got, c.least, c.most)
				}
				if probes > 2 {
					t.Errorf("%d probes for one question", probes)
				}
			})
		})
	}
}

// A server that lost two connections and is whole again costs no connection a
// query.
func TestForwardForgivesResets(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.1:853")
		s.hangUp = func(conn, _ int) bool { return conn <= 2 }
		f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
		for i := range 50 {
			if _, _, err := try(f, fmt.Sprintf("n%d.example", i)); err != nil {
				t.Fatal(err)
			}
		}
		if s.conns > 4 {
			t.Errorf("%d connections for 50 queries", s.conns)
		}
	})
}

// A server that ended two connections after an answer, owing others, and is
// whole again is soon asked over one connection once more: the first queries to
// outlive the others show it.
func TestForwardForgivesShortLives(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.1:853")
		s.set(func(s *pipeServer) {
			s.latency = 10 * time.Millisecond
			s.hangUp = func(conn, query int) bool { return conn <= 2 && query > 1 }
		})
		f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
		burst := func(what string, most time.Duration) {
			var wg sync.WaitGroup
			for i := range 200 {
				wg.Go(func() {
					if _, took, err := try(f, fmt.Sprintf("%s%d.example", what, i)); err != nil || took > most {
						t.Errorf("%s %d: %v, %v", what, i, took, err)
					}
				})
			}
			wg.Wait()
		}
		burst("first", time.Second)
		time.Sleep(scoutEvery)
		burst("second", time.Second)
		if f.ups[0].servers[0].short.on.Load() {
			t.Error("it still counts as one that ends connections by habit")
		}
		before := s.conns
		burst("then", 100*time.Millisecond)
		if s.conns > before+1 {
			t.Errorf("%d more connections for 200 queries", s.conns-before)
		}
	})
}
