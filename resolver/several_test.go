package resolver

import (
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"
)

// One server of two fails, on real sockets: twenty queries in a row are all
// answered. Virtual time tells how quickly (TestForwardOneOfTwoServersFails).
func TestSeveralOneFails(t *testing.T) {
	faults := map[string]func(*resolvertest.Server){
		"mute":           func(s *resolvertest.Server) { s.SetFaults(resolvertest.Faults{Mute: true}) },
		"refuses":        (*resolvertest.Server).Down,
		"black hole":     (*resolvertest.Server).Blackhole,
		"hangs in TLS":   func(s *resolvertest.Server) { s.SetFaults(resolvertest.Faults{HangHandshake: true}) },
		"alert in TLS":   func(s *resolvertest.Server) { s.SetFaults(resolvertest.Faults{HandshakeAlert: true}) },
		"alerts":         func(s *resolvertest.Server) { s.SetFaults(resolvertest.Faults{Alert: true}) },
		"SERVFAIL":       func(s *resolvertest.Server) { s.SetFaults(resolvertest.Faults{RCode: dns.RcodeServerFailure}) },
		"REFUSED":        func(s *resolvertest.Server) { s.SetFaults(resolvertest.Faults{RCode: dns.RcodeRefused}) },
		"wrong question": func(s *resolvertest.Server) { s.SetFaults(resolvertest.Faults{WrongQuestion: true}) },
		"wrong id":       func(s *resolvertest.Server) { s.SetFaults(resolvertest.Faults{WrongID: true}) },
		"garbage":        func(s *resolvertest.Server) { s.SetFaults(resolvertest.Faults{Garbage: true}) },
		"half frames":    func(s *resolvertest.Server) { s.SetFaults(resolvertest.Faults{HalfFrameHang: true}) },
		"bad certificate": func(s *resolvertest.Server) {
			s.SetCertificate(s.CA().Issue(resolvertest.Cert{Names: []string{"other.test"}}))
		},
	}
	for name, spoil := range faults {
		for _, layout := range []string{"same provider", "backup"} {
			for _, when := range []string{"from the start", "later"} {
				t.Run(name+"/"+layout+"/"+when, func(t *testing.T) {
					bad, good := twoServers(t)
					ups := []provider.Upstream{bad.Upstream(), good.Upstream()}
					if layout == "same provider" {
						ups = ups[:1]
						ups[0].Addrs = append(ups[0].Addrs, good.Addr())
					}
					if when == "from the start" {
						spoil(bad)
					}
					_, at := dotEngine(t, bad.CA().Pool(), ups...)
					if when == "later" {
						askMany(t, at, 1, "before")
						spoil(bad)
					}
					for i := range 20 {
						if askMany(t, at, 1, fmt.Sprint("n", i, "-")) != 1 {
							t.Errorf("query %d not answered", i)
						}
					}
				})
			}
		}
	}
}

func twoServers(t *testing.T) (a, b *resolvertest.Server) {
	ca := resolvertest.NewCA(t)
	return resolvertest.New(t, resolvertest.WithCA(ca)), resolvertest.New(t, resolvertest.WithCA(ca))
}

// garbage is a message that is none, and can be sent by a DNS library.
func garbage(q *dns.Msg) *dns.Msg {
	m := zone(q)
	m.Answer = append(m.Answer, &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}})
	return m
}

// A server set aside is looked at every 2.5 s while queries come, and ever less
// often while none do.
func TestSeveralProbesAreFew(t *testing.T) {
	for name, fault := range map[string]func(*pipeServer){
		"refuses":  func(s *pipeServer) { s.down = syscall.ECONNREFUSED },
		"hangs":    func(s *pipeServer) { s.hang = true },
		"mute":     func(s *pipeServer) { s.handle = mute },
		"SERVFAIL": func(s *pipeServer) { s.handle = rcode(dns.RcodeServerFailure) },
		"garbage":  func(s *pipeServer) { s.handle = garbage },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				bad := n.add("192.0.2.1:853")
				n.add("192.0.2.2:853")
				bad.set(fault)
				f := pipeForwarder(t, n, []string{"192.0.2.1:853"}, []string{"192.0.2.2:853"})
				touched := func() int { return max(bad.dials(), bad.asked()) }
				pace(t, f, 50, 100*time.Millisecond, "first")
				before := touched()
				pace(t, f, 300, 100*time.Millisecond, "n")
				if got := touched() - before; got < 10 || got > 13 {
					t.Errorf("tried %d times in 30 s with queries, want one in 2.5 s", got)
				}
				before = touched()
				time.Sleep(5 * time.Minute)
				// 2.5 s after the last one, doubled each time: seven in five minutes.
				if got := touched() - before; got < 5 || got > 8 {
					t.Errorf("tried %d times in five minutes without queries", got)
				}
				before = touched()
				time.Sleep(5 * time.Hour)
				if got := touched() - before; got < 58 || got > 62 {
					t.Errorf("tried %d times in five hours without queries, want one in five minutes", got)
				}
				// Who comes back finds it tried again at once.
				before = touched()
				pace(t, f, 30, 100*time.Millisecond, "back")
				if got := touched() - before; got < 1 || got > 3 {
					t.Errorf("tried %d times in 3 s of queries after that", got)
				}
			})
		})
	}
}

// However many servers are asked at the same time, all can answer before the
// first answer is looked at, and none of them is held up.
func TestRaceOfMany(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		var all [][]string
		for i := range 20 {
			all = append(all, []string{fmt.Sprintf("192.0.2.%d:853", i+1)})
			n.add(all[i][0])
		}
		f := pipeForwarder(t, n, all...) // its end waits for all who deliver
		x := newAttempt(f, ask("a.example", dns.TypeA))
		for _, u := range f.ups {
			x.tryUpstream(u, false)
		}
		synctest.Wait()
		if got := len(x.results); got != len(all) {
			t.Errorf("%d answers came, want %d", got, len(all))
		}
		x.end()
	})
}
