package resolver

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

const lanClient = "192.0.2.7:4000"

// gateEngine answers www.example.com from its cache, by the given rules. Other
// names would need an upstream.
func gateEngine(t testing.TB, r AdmissionRules) *Engine {
	t.Helper()
	e := New(Config{Rules: Rules{Cache: CacheRules{Bytes: 1 << 20}, Admission: r}})
	t.Cleanup(func() { _ = e.Close(t.Context()) })
	e.cache.put(ask("www.example.com", dns.TypeA), kept(t, "www.example.com", 3600), 0)
	return e
}

// send hands a message to the engine as if it came from client, and returns
// what the client gets; nil is silence.
func send(t testing.TB, e *Engine, client string, tcp bool, raw []byte) *dns.Msg {
	t.Helper()
	m, _ := sendFor(t, e, client, tcp, raw)
	return m
}

// sendFor is send that also returns the event.
func sendFor(t testing.TB, e *Engine, client string, tcp bool, raw []byte) (*dns.Msg, Event) {
	t.Helper()
	s := &scratch{q: query{client: netip.MustParseAddrPort(client), tcp: tcp, arrived: time.Now()}}
	if !e.quick(s, raw) {
		t.Fatal("the upstream would be asked")
	}
	if len(s.out) == 0 {
		return nil, s.ev
	}
	m := new(dns.Msg)
	if err := m.Unpack(s.out); err != nil {
		t.Fatal(err)
	}
	return m, s.ev
}

func prefixes(list ...string) (all []netip.Prefix) {
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

func ednsQuery(t testing.TB) []byte {
	return pack(t, func(m *dns.Msg) { m.SetEdns0(1232, false) })
}

// edeOf is the code of the Extended DNS Error in m, -1 for none.
func edeOf(m *dns.Msg) int {
	if o := m.IsEdns0(); o != nil {
		for _, x := range o.Option {
			if e, ok := x.(*dns.EDNS0_EDE); ok {
				return int(e.InfoCode)
			}
		}
	}
	return -1
}

func TestAccess(t *testing.T) {
	access := prefixes("192.0.2.0/24", "::ffff:198.51.100.0/120", "fe80::/10", "2001:db8::/32")
	for _, c := range []struct {
		name, client string
		access       []netip.Prefix
		want         int
	}{
		{"loopback, no list", "127.0.0.1:4000", nil, dns.RcodeSuccess},
		{"another loopback address", "127.9.8.7:4000", nil, dns.RcodeSuccess},
		{"IPv6 loopback", "[::1]:4000", nil, dns.RcodeSuccess},
		{"mapped loopback", "[::ffff:127.0.0.1]:4000", nil, dns.RcodeSuccess},
		{"no list", lanClient, nil, dns.RcodeRefused},
		{"within", lanClient, access, dns.RcodeSuccess},
		{"mapped, within", "[::ffff:192.0.2.7]:4000", access, dns.RcodeSuccess},
		{"within a mapped prefix", "198.51.100.1:4000", access, dns.RcodeSuccess},
		{"link-local with a zone", "[fe80::1%eth0]:4000", access, dns.RcodeSuccess},
		{"IPv6 within", "[2001:db8:1::5]:4000", access, dns.RcodeSuccess},
		{"outside", "203.0.113.5:4000", access, dns.RcodeRefused},
		{"IPv6 outside", "[2001:db9::1]:4000", access, dns.RcodeRefused},
		{"loopback, with a list", "127.0.0.1:4000", access, dns.RcodeSuccess},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := gateEngine(t, AdmissionRules{Access: c.access})
			for _, tcp := range []bool{false, true} {
				if m := send(t, e, c.client, tcp, pack(t, nil)); m == nil || m.Rcode != c.want {
					t.Errorf("tcp %v: %v, want rcode %d", tcp, m, c.want)
				}
			}
		})
	}
}

// A refusal says why where that makes it no larger than the query.
func TestRefusalSaysWhy(t *testing.T) {
	cookie := pack(t, func(m *dns.Msg) {
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0123456789abcdef"}}
	})
	padded := pack(t, func(m *dns.Msg) {
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_PADDING{Padding: make([]byte, 100)}}
	})
	for _, c := range []struct {
		name string
		raw  []byte
		tcp  bool
		ede  int
		text string
	}{
		{"UDP without EDNS", pack(t, nil), false, -1, ""},
		{"UDP, no room", ednsQuery(t), false, -1, ""},
		{"UDP with a cookie", cookie, false, 18, ""},
		{"UDP with padding", padded, false, 18, edeStranger.Text},
		{"TCP", ednsQuery(t), true, 18, edeStranger.Text},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, ev := sendFor(t, gateEngine(t, AdmissionRules{}), lanClient, c.tcp, c.raw)
			if m.Rcode != dns.RcodeRefused || edeOf(m) != c.ede {
				t.Fatalf("answer %v", m)
			}
			if c.ede >= 0 && m.IsEdns0().Option[0].(*dns.EDNS0_EDE).ExtraText != c.text {
				t.Errorf("answer %v", m)
			}
			if !c.tcp && len(ev.Answer) > len(c.raw) {
				t.Errorf("%d octets answer %d", len(ev.Answer), len(c.raw))
			}
			if ev.Source != SourceBlocked || ev.EDE == nil || ev.EDE.Code != 18 {
				t.Errorf("event %+v", ev)
			}
		})
	}
}

// Forged addresses of strangers get a bounded number of refusals.
func TestRefusalsAreBounded(t *testing.T) {
	e := gateEngine(t, AdmissionRules{Access: prefixes("192.0.2.0/24"), Limit: RateLimit{PerSecond: 10, Burst: 10}})
	now, answered := time.Now(), 0
	const sent = 3 * strangersPerSecond
	for i := range sent {
		client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}), 4000)
		s := &scratch{q: query{client: client, arrived: now}}
		if e.quick(s, pack(t, nil)); len(s.out) > 0 {
			answered++
		}
	}
	if answered != strangersPerSecond {
		t.Errorf("%d refusals at once, want %d", answered, strangersPerSecond)
	}
	if c := e.Admission(); c.Refused != sent || c.Dropped != sent-strangersPerSecond {
		t.Errorf("counts %+v", c)
	}
	if m := send(t, e, lanClient, false, pack(t, nil)); m == nil || m.Rcode != dns.RcodeSuccess {
		t.Errorf("a known client got %v", m)
	}
}

func TestNotAnswered(t *testing.T) {
	broken := pack(t, nil)[:20]
	for _, c := range []struct {
		name, client string
		raw          []byte
		answered     bool
	}{
		{"11 octets", lanClient, pack(t, nil)[:11], false},
		{"a response", lanClient, pack(t, func(m *dns.Msg) { m.Response = true }), false},
		{"a response from port 53", "192.0.2.7:53", pack(t, func(m *dns.Msg) { m.Response = true }), false},
		{"what cannot be read, from port 53", "192.0.2.7:53", broken, false},
		{"what cannot be read", lanClient, broken, true},
		{"a query from port 53", "192.0.2.7:53", pack(t, nil), true},
		{"port 0", "192.0.2.7:0", pack(t, nil), false},
		{"echo", "192.0.2.7:7", pack(t, nil), false},
		{"chargen on this computer", "127.0.0.1:19", pack(t, nil), false},
		{"another low port", "192.0.2.7:1000", pack(t, nil), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := gateEngine(t, AdmissionRules{Access: prefixes("192.0.2.0/24")})
			m := send(t, e, c.client, false, c.raw)
			if (m != nil) != c.answered {
				t.Errorf("answer %v", m)
			}
			if want := map[bool]uint64{false: 1}[c.answered]; e.Admission().Dropped != want {
				t.Errorf("counts %+v", e.Admission())
			}
		})
	}
}

func TestRulesMayChangeAtAnyTime(t *testing.T) {
	limit := RateLimit{PerSecond: 1, Burst: 3}
	rules := Rules{Cache: CacheRules{Bytes: 1 << 20}, Admission: AdmissionRules{Access: prefixes("192.0.2.0/24"), Limit: limit}}
	e := gateEngine(t, rules.Admission)
	now := time.Now()
	served := func() (n int) {
		for range 10 {
			s := &scratch{q: query{client: netip.MustParseAddrPort(lanClient), arrived: now}}
			if e.quick(s, pack(t, nil)); len(s.out) > 0 && s.out[2]&2 == 0 && s.out[3]&15 == 0 {
				n++
			}
		}
		return n
	}
	if n := served(); n != 3 {
		t.Fatalf("%d served, want 3", n)
	}
	rules.Admission.Access = prefixes("192.0.2.0/24", "10.0.0.0/8")
	e.SetRules(rules)
	if n := served(); n != 0 {
		t.Errorf("%d served after another change: the bucket was lost", n)
	}
	rules.Admission.Limit.Burst = 5
	e.SetRules(rules)
	if n := served(); n > 5 || n < 4 { // the new limiter began after now
		t.Errorf("%d served by the new limit, want 5", n)
	}
	rules.Admission.Limit = RateLimit{}
	e.SetRules(rules)
	if n := served(); n != 10 {
		t.Errorf("%d served without a limit", n)
	}
	rules.Admission.Access = nil
	e.SetRules(rules)
	if n := served(); n != 0 {
		t.Errorf("%d served without access", n)
	}
}

// Rules, blocks and counts may be used from anywhere at any time.
func TestGateIsSafeToShare(t *testing.T) {
	e := gateEngine(t, AdmissionRules{})
	raw := pack(t, nil)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				s := &scratch{q: query{client: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 8)}), 4000), arrived: time.Now(), tcp: w == 0}}
				if _, ok := e.gate.slowDown(s.q.client, s.q.arrived); ok || w > 0 {
					e.quick(s, raw)
				}
			}
		})
	}
	for i := range 200 {
		e.SetRules(Rules{Admission: AdmissionRules{
			Access: prefixes("192.0.2.0/24"),
			Limit:  RateLimit{PerSecond: 1 + i%3, Burst: 1, BlockAfter: 5, BlockWindow: time.Minute, BlockFor: time.Minute},
		}})
		for _, b := range e.Blocked() {
			e.Release(b.Client)
		}
		e.Admission()
	}
	wg.Wait()
}

// EDNS options belong to one hop (RFC 6891 section 6.2.6, RFC 7873, RFC 7828).
func TestOptionsAreNotRelayed(t *testing.T) {
	n := new(pipeNet)
	var mu sync.Mutex
	var codes []uint16
	n.add("192.0.2.1:853").handle = func(q *dns.Msg) *dns.Msg {
		mu.Lock()
		defer mu.Unlock()
		for _, o := range q.IsEdns0().Option {
			codes = append(codes, o.Option())
		}
		return zone(q)
	}
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")[0]
	q := new(dns.Msg).SetQuestion("a.example.", dns.TypeA)
	q.SetEdns0(1232, false)
	q.IsEdns0().Option = []dns.EDNS0{
		&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0123456789abcdef"},
		&dns.EDNS0_NSID{Code: dns.EDNS0NSID},
		&dns.EDNS0_LOCAL{Code: 65001, Data: []byte("unknown")},
		&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: net.IPv4(198, 51, 100, 0)},
	}
	m, _, err := new(dns.Client).Exchange(q, at.String())
	if err != nil || len(m.Answer) != 1 || len(m.IsEdns0().Option) != 0 {
		t.Fatalf("answer %v %v", m, err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, c := range []uint16{dns.EDNS0COOKIE, dns.EDNS0NSID, 65001} {
		if slices.Contains(codes, c) {
			t.Errorf("option %d was relayed", c)
		}
	}
}
