package resolver

import (
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

const clearAddr = "10.0.0.53:53"

// bypassRig is an engine with an upstream and a resolver of the network, both
// behind pipes.
func bypassRig(t *testing.T, r NameRules, others ...string) (*Engine, *pipeServer, *clearServer) {
	t.Helper()
	e, _, up := routed(t, r, others...)
	n := new(clearPipes)
	e.clear.dial = n.dial
	clear := n.add(clearAddr)
	clear.udp = says("10.0.0.80") // as a sign-in page is
	n.add(oneAddr).udp = says("10.9.9.9")
	return e, up, clear
}

// says answers A with an address, for an hour.
func says(addr string) func(*dns.Msg) [][]byte {
	return func(q *dns.Msg) [][]byte {
		m := zone(q)
		if len(m.Answer) > 0 {
			m.Answer[0].Header().Ttl = 3600
			m.Answer[0].(*dns.A).A = netip.MustParseAddr(addr).AsSlice()
		}
		return [][]byte{packed(m)}
	}
}

func bypassFor(d time.Duration) Bypass {
	return Bypass{Servers: []netip.AddrPort{netip.MustParseAddrPort(clearAddr)}, Until: time.Now().Add(d)}
}

// firstA is the one in an answer, empty for none.
func firstA(m *dns.Msg) string {
	if len(m.Answer) == 0 {
		return ""
	}
	return m.Answer[0].(*dns.A).A.String()
}

// What would go to the upstreams goes out in clear text, each time anew; the
// cache has no part in it, before, within and after.
func TestBypass(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, up, clear := bypassRig(t, NameRules{BlockRebinding: true})
		ask := func(about, want string, encrypted bool) {
			t.Helper()
			m, ev := from(t, e, "127.0.0.1", "www.example", dns.TypeA)
			if firstA(m) != want || ev.Clear == encrypted {
				t.Errorf("%s: %v, event %+v", about, m, ev)
			}
			if ttl := m.Answer[0].Header().Ttl; ev.Clear && (ttl != bypassTTL || ev.Source != SourceRoute || ev.Upstream.String() != clearAddr) {
				t.Errorf("%s: TTL %d, event %+v", about, ttl, ev)
			}
		}
		ask("before", "192.0.2.1", true)
		e.Bypass(bypassFor(time.Minute))
		ask("cached before", "10.0.0.80", false)
		ask("again", "10.0.0.80", false)
		if got := len(clear.queries()); got != 2 || up.askedFor("www.example.") != 1 {
			t.Errorf("asked %d times in clear text, %d times encrypted", got, up.askedFor("www.example."))
		}
		from(t, e, "127.0.0.1", "new.example", dns.TypeA)
		e.Bypass(Bypass{})
		ask("after", "192.0.2.1", true)
		if m, ev := from(t, e, "127.0.0.1", "new.example", dns.TypeA); firstA(m) != "192.0.2.1" || ev.Source != SourceUpstream {
			t.Errorf("asked in clear text before: %v, %+v", m, ev)
		}
		if up.askedFor("www.example.") != 1 {
			t.Error("what was cached before is gone")
		}
	})
}

// Local names, overrides and routes stay as they are.
func TestBypassLeavesTheRules(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, up, clear := bypassRig(t, NameRules{
			Overrides: []Override{{Name: "own.example", Addrs: []netip.Addr{netip.MustParseAddr("192.168.1.7")}}},
			Routes: []Route{
				{Suffix: "lan", Plain: []netip.AddrPort{netip.MustParseAddrPort(oneAddr)}},
				{Suffix: "corp.example", Upstreams: pipeUpstreams("192.0.2.7:853")},
				{Suffix: ".", Upstreams: pipeUpstreams("192.0.2.8:853")},
			},
			Canary: true,
		}, "192.0.2.7:853", "192.0.2.8:853")
		e.Bypass(bypassFor(time.Minute))
		for name, want := range map[string]struct {
			source Source
			addr   string
			clear  bool
		}{
			"localhost":               {SourceLocal, "127.0.0.1", false},
			"printer.local":           {SourceLocal, "", false},
			"use-application-dns.net": {SourceLocal, "", false},
			"own.example":             {SourceOverride, "192.168.1.7", false},
			"nas.lan":                 {SourceRoute, "10.9.9.9", true},
			"git.corp.example":        {SourceRoute, "192.0.2.1", false},
		} {
			m, ev := from(t, e, "127.0.0.1", name, dns.TypeA)
			if ev.Source != want.source || firstA(m) != want.addr || ev.Clear != want.clear {
				t.Errorf("%s: %v, %+v", name, m, ev)
			}
		}
		// A routed name is cached as always.
		if _, ev := from(t, e, "::1", "git.corp.example", dns.TypeA); ev.Source != SourceCache {
			t.Errorf("a routed name again: %+v", ev)
		}
		if up.asked() != 0 || len(clear.queries()) != 0 {
			t.Errorf("asked %d times encrypted, %d times in clear text", up.asked(), len(clear.queries()))
		}
		// A route for all names only stands in for the upstreams.
		if m, ev := from(t, e, "::ffff:127.0.0.1", "www.example", dns.TypeA); firstA(m) != "10.0.0.80" || !ev.Clear {
			t.Errorf("another name: %v, %+v", m, ev)
		}
	})
}

func TestBypassIsForThisComputer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, up, clear := bypassRig(t, NameRules{})
		from(t, e, "192.168.1.9", "www.example", dns.TypeA)
		e.Bypass(bypassFor(time.Minute))
		for _, client := range []string{"192.168.1.9", "2001:db8::9"} {
			m, ev := from(t, e, client, "www.example", dns.TypeA)
			code, text := ede(m)
			if m.Rcode != dns.RcodeServerFailure || code != dns.ExtendedErrorCodeOther || !strings.Contains(text, "encryption is paused") || ev.Clear || ev.Source != SourceBlocked {
				t.Errorf("%s: %v, %+v", client, m, ev)
			}
			if m, _ := from(t, e, client, "localhost", dns.TypeA); firstA(m) != "127.0.0.1" {
				t.Errorf("%s, a local name: %v", client, m)
			}
		}
		if len(clear.queries()) != 0 || up.asked() != 1 {
			t.Errorf("asked %d times in clear text, %d times encrypted", len(clear.queries()), up.asked())
		}
	})
}

// Servers that fail are all there is: nobody else is asked, and the failure is
// not remembered.
func TestBypassFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, up, clear := bypassRig(t, NameRules{})
		e.Bypass(bypassFor(time.Minute))
		clear.set(func(s *clearServer) { s.refuse = syscall.ECONNREFUSED })
		m, ev := from(t, e, "127.0.0.1", "www.example", dns.TypeA)
		if _, text := ede(m); m.Rcode != dns.RcodeServerFailure || text != clearAddr+": it refuses connections" || !ev.Clear || ev.Upstream.String() != clearAddr {
			t.Errorf("%v, %+v", m, ev)
		}
		clear.set(func(s *clearServer) { s.refuse = nil })
		if m, _ := from(t, e, "127.0.0.1", "www.example", dns.TypeA); firstA(m) != "10.0.0.80" {
			t.Errorf("after that: %v", m)
		}
		own := netip.MustParseAddrPort(clearAddr)
		e.own.Store(&[]netip.AddrPort{own})
		if m, ev := from(t, e, "127.0.0.1", "www.example", dns.TypeA); m.Rcode != dns.RcodeServerFailure || ev.Clear {
			t.Errorf("our own address: %v, %+v", m, ev)
		}
		if up.asked() != 0 {
			t.Error("the upstream was asked instead")
		}
	})
}

// A bypass ends by itself, on time for what waits and for what comes.
func TestBypassEndsByItself(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, _, clear := bypassRig(t, NameRules{})
		clear.set(func(s *clearServer) { s.udp = silent })
		e.Bypass(bypassFor(time.Second))
		began := time.Now()
		m, ev := from(t, e, "127.0.0.1", "www.example", dns.TypeA)
		if took := time.Since(began); took != time.Second || firstA(m) != "192.0.2.1" || ev.Clear {
			t.Errorf("after %v: %v, %+v", took, m, ev)
		}
		if m, ev := from(t, e, "127.0.0.1", "other.example", dns.TypeA); firstA(m) != "192.0.2.1" || ev.Clear {
			t.Errorf("%v, %+v", m, ev)
		}
		if e.bypass.Load() != nil {
			t.Error("it is still looked at")
		}
	})
}

// A time that is over begins nothing, and one without servers ends what was.
func TestBypassThatIsNone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for name, b := range map[string]Bypass{
			"over": bypassFor(-time.Second), "now": bypassFor(0), "no time": {Servers: bypassFor(0).Servers}, "no servers": {Until: time.Now().Add(time.Minute)},
		} {
			e, _, _ := bypassRig(t, NameRules{})
			e.Bypass(bypassFor(time.Hour))
			e.Bypass(b)
			if _, ev := from(t, e, "127.0.0.1", "www.example", dns.TypeA); ev.Clear {
				t.Errorf("%s: %+v", name, ev)
			}
		}
	})
}

// The wall clock may run ahead while the computer sleeps, or be set back.
func TestBypassIsOverByEitherClock(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		until, end time.Duration
		over       bool
	}{
		"within":                  {time.Second, time.Second, false},
		"the computer slept":      {0, time.Minute, true},
		"the clock was set back":  {time.Hour, 0, true},
		"both are over":           {-time.Second, -time.Second, true},
		"the last moment of both": {1, 1, false},
	} {
		b := &bypass{until: now.Round(0).Add(c.until), end: now.Add(c.end)}
		if b.over(now) != c.over {
			t.Errorf("%s: over %v", name, !c.over)
		}
	}
}

// Another bypass takes the first one's place: what waits there is asked anew.
func TestBypassOfOtherServers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, up, clear := bypassRig(t, NameRules{})
		clear.set(func(s *clearServer) { s.udp = silent })
		e.Bypass(bypassFor(time.Minute))
		var wg sync.WaitGroup
		for range 3 { // one asks for all
			wg.Go(func() {
				m, ev := from(t, e, "127.0.0.1", "www.example", dns.TypeA)
				if firstA(m) != "10.9.9.9" || ev.Upstream.String() != oneAddr {
					t.Errorf("%v, %+v", m, ev)
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		b := bypassFor(time.Minute)
		b.Servers = []netip.AddrPort{netip.MustParseAddrPort(oneAddr)}
		e.Bypass(b)
		wg.Wait()
		if up.asked() != 0 || len(clear.queries()) != 1 {
			t.Errorf("asked %d times encrypted, the first server %d times", up.asked(), len(clear.queries()))
		}
	})
}

// Encrypted questions under way are nobody else's, and none begins meanwhile.
func TestBypassSharesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, up, _ := bypassRig(t, NameRules{})
		up.set(func(s *pipeServer) { s.delay = 200 * time.Millisecond })
		var wg sync.WaitGroup
		wg.Go(func() {
			if m, ev := from(t, e, "127.0.0.1", "www.example", dns.TypeA); firstA(m) != "192.0.2.1" || ev.Clear {
				t.Errorf("begun before: %v, %+v", m, ev)
			}
		})
		time.Sleep(100 * time.Millisecond)
		e.Bypass(bypassFor(time.Minute))
		if m, ev := from(t, e, "127.0.0.1", "www.example", dns.TypeA); firstA(m) != "10.0.0.80" || ev.Source != SourceRoute {
			t.Errorf("begun after: %v, %+v", m, ev)
		}
		wg.Wait()
		if up.askedFor("www.example.") != 1 {
			t.Errorf("the upstream was asked %d times", up.askedFor("www.example."))
		}
	})
}

// Answers that end soon or have ended are no reason to ask the upstreams.
func TestBypassRefreshesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, up, _ := bypassRig(t, NameRules{})
		for range 3 {
			from(t, e, "127.0.0.1", "www.example", dns.TypeA)
		}
		e.Bypass(bypassFor(time.Hour))
		for _, wait := range []time.Duration{295 * time.Second, 10 * time.Second} { // of 300
			time.Sleep(wait)
			if _, ev := from(t, e, "127.0.0.1", "www.example", dns.TypeA); !ev.Clear || ev.Source != SourceRoute {
				t.Errorf("%+v", ev)
			}
		}
		time.Sleep(time.Second)
		if up.askedFor("www.example.") != 1 {
			t.Errorf("the upstream was asked %d times", up.askedFor("www.example."))
		}
	})
}

// After a sign-in the upstreams, which none could reach, are connected to at
// once, and names that failed are asked for again.
func TestBypassEndsWithConnections(t *testing.T) {
	e, up, _ := bypassRig(t, NameRules{})
	healthy := make(chan struct{}, 1)
	var good atomic.Bool
	e.cfg.OnHealth = func() {
		if e.Health().Answering >= 0 && good.Load() {
			select {
			case healthy <- struct{}{}:
			default:
			}
		}
	}
	e.SetUpstreams(pipeUpstreams("192.0.2.1:853"), e.fwd.Load().roots) // tells OnHealth
	up.set(func(s *pipeServer) { s.down = syscall.ECONNREFUSED })
	listenOn(t, e, "127.0.0.1:0")
	if m, _ := from(t, e, "127.0.0.1", "www.example", dns.TypeA); m.Rcode != dns.RcodeServerFailure {
		t.Fatalf("answered: %v", m)
	}
	e.Bypass(bypassFor(time.Minute))
	good.Store(true)
	up.set(func(s *pipeServer) { s.down = nil })
	e.Bypass(Bypass{})
	<-healthy // nobody asked
	if m, ev := from(t, e, "127.0.0.1", "www.example", dns.TypeA); firstA(m) != "192.0.2.1" || ev.Clear {
		t.Errorf("%v, %+v", m, ev)
	}
}

func TestBypassOfAClosedEngine(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, _, _ := bypassRig(t, NameRules{})
		e.Bypass(bypassFor(time.Minute))
		if err := e.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		e.Bypass(bypassFor(time.Minute))
		if e.bypass.Load() != nil {
			t.Error("it began after the end")
		}
	})
}

// What was begun behind a sign-in that let nothing through is given up.
func TestBypassEndsWithNewTries(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, up, _ := bypassRig(t, NameRules{})
		up.set(func(s *pipeServer) { s.swallow = true })
		from(t, e, "127.0.0.1", "www.example", dns.TypeA)
		e.Bypass(bypassFor(time.Minute))
		up.set(func(s *pipeServer) { s.swallow = false })
		e.Bypass(Bypass{})
		began := time.Now()
		m, ev := from(t, e, "127.0.0.1", "other.example", dns.TypeA)
		if took := time.Since(began); took > 0 || firstA(m) != "192.0.2.1" || ev.Clear {
			t.Errorf("after %v: %v, %+v", took, m, ev)
		}
	})
}
