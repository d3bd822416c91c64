package resolver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
)

// from asks e as a client at the given address, past the listeners.
func from(t *testing.T, e *Engine, client, name string, typ uint16) (*dns.Msg, Event) {
	t.Helper()
	s := new(scratch)
	s.q.arrived, s.q.client = time.Now(), netip.AddrPortFrom(netip.MustParseAddr(client), 5353)
	raw := pack(t, func(m *dns.Msg) {
		m.SetEdns0(1232, false)
		m.Question[0].Name, m.Question[0].Qtype = dns.Fqdn(name), typ
	})
	if !e.quick(s, raw) {
		e.gate.pending.enter(s.q.client)
		e.slow(s)
	}
	return unpack(t, s.out), s.ev
}

func ede(m *dns.Msg) (code uint16, text string) {
	for _, o := range m.IsEdns0().Option {
		if e, ok := o.(*dns.EDNS0_EDE); ok {
			return e.InfoCode, e.ExtraText
		}
	}
	return 0, ""
}

// routed is an engine with one upstream and the given rules.
func routed(t *testing.T, r NameRules, others ...string) (*Engine, *pipeNet, *pipeServer) {
	t.Helper()
	n := new(pipeNet)
	up := n.add("192.0.2.1:853")
	for _, o := range others {
		n.add(o)
	}
	e := pipeEngine(t, n, func(c *Config) { c.Rules = onlyNames(r) }, "192.0.2.1:853")
	return e, n, up
}

// onlyNames are rules by which everybody may ask.
func onlyNames(r NameRules) Rules {
	everybody := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	return Rules{Cache: CacheRules{Bytes: 1 << 20}, Names: r, Admission: AdmissionRules{Access: everybody}}
}

// Where a route's servers fail nobody else is asked.
func TestRouteFails(t *testing.T) {
	closed := netip.MustParseAddrPort("127.0.0.1:1")
	e, n, up := routed(t, NameRules{Routes: []Route{
		{Suffix: "lan", Plain: []netip.AddrPort{closed}},
		{Suffix: "corp.example", Upstreams: pipeUpstreams("192.0.2.7:853")},
		{Suffix: "none.example"},
	}}, "192.0.2.7:853")
	n.servers[netip.MustParseAddrPort("192.0.2.7:853")].down = syscall.ECONNREFUSED
	for name, want := range map[string]struct {
		text  string
		clear bool
	}{
		"nas.lan":        {"127.0.0.1:1: it refuses connections", true},
		"a.corp.example": {"192.0.2.7:853: it refuses connections", false},
		"a.none.example": {"“none.example” is routed to no server; name one", false},
	} {
		m, ev := from(t, e, "127.0.0.1", name, dns.TypeA)
		if _, text := ede(m); m.Rcode != dns.RcodeServerFailure || text != want.text {
			t.Errorf("%s: %v", name, m)
		}
		if ev.Source != SourceRoute || ev.Clear != want.clear {
			t.Errorf("%s: event %+v", name, ev)
		}
	}
	if up.asked() != 0 {
		t.Error("the upstream was asked for a routed name")
	}
}

func TestRouteOfName(t *testing.T) {
	server := []netip.AddrPort{netip.MustParseAddrPort(oneAddr)}
	e, _, _ := routed(t, NameRules{Routes: []Route{
		{Suffix: "lan", Plain: server},
		{Suffix: "deep.lan.", Plain: server},
		{Suffix: "home.arpa", Plain: server},
		{Suffix: "local", Plain: server},
		{Suffix: "168.192.in-addr.arpa", Plain: server},
		{Suffix: "arpa", Plain: server},
		{Suffix: "localhost", Plain: server},   // refused
		{Suffix: "x.invalid", Plain: server},   // refused
		{Suffix: "not a name", Plain: server},  // refused
		{Suffix: "lan", Plain: nil},            // the first one stays
		{Suffix: ".", Plain: server},           // refused
		{Suffix: `a\.b.lan`, Plain: server},    // one label
		{Suffix: "bücher.lan", Plain: server}}, // international
	})
	for name, want := range map[string]string{
		"lan": "lan", "a.b.LAN": "lan", "x.deep.lan": "deep.lan.", "deeper.lan": "lan", "xlan": "",
		"nas.home.arpa": "home.arpa", "printer.local": "local", "1.1.168.192.in-addr.arpa": "168.192.in-addr.arpa",
		"1.in-addr.arpa": "arpa", "_dns.resolver.arpa": "", "localhost": "", "a.x.invalid": "", "example.com": "",
		`a\.b.lan`: `a\.b.lan`, "a.b.lan": "lan", "xn--bcher-kva.lan": "bücher.lan",
	} {
		got := ""
		if rt := e.names.Load().route(ask(name, dns.TypeA).name()); rt != nil {
			got = rt.suffix
			if rt.fault != nil {
				t.Errorf("%s: %v", name, rt.fault)
			}
		}
		if got != want {
			t.Errorf("%s is routed as %q, want %q", name, got, want)
		}
	}
}

// An encrypted route for all names takes the upstreams' place, and no more.
func TestRouteForAllNames(t *testing.T) {
	e, n, up := routed(t, NameRules{BlockRebinding: true, Canary: true, Routes: []Route{{Suffix: ".", Upstreams: pipeUpstreams("192.0.2.7:853")}}}, "192.0.2.7:853")
	other := n.servers[netip.MustParseAddrPort("192.0.2.7:853")]
	other.handle = privateZone
	for name, want := range map[string]Source{
		"home.arpa": SourceLocal, "x.local": SourceLocal, "use-application-dns.net": SourceLocal,
		"public.example": SourceRoute, "private.example": SourceBlocked,
	} {
		if _, ev := from(t, e, "192.168.1.9", name, dns.TypeA); ev.Source != want {
			t.Errorf("%s: source %d, want %d", name, ev.Source, want)
		}
	}
	if up.asked() != 0 || other.asked() != 2 {
		t.Errorf("asked %d and %d times", up.asked(), other.asked())
	}
}

// privateZone gives names that begin with "private" an address of this network.
func privateZone(q *dns.Msg) *dns.Msg {
	m := zone(q)
	if strings.HasPrefix(q.Question[0].Name, "private") && len(m.Answer) == 1 {
		m.Answer[0].(*dns.A).A = net.IPv4(192, 168, 1, 1)
	}
	return m
}

func TestSecureRoute(t *testing.T) {
	corp := []Route{{Suffix: "corp.example", Upstreams: pipeUpstreams("192.0.2.7:853")}}
	e, n, up := routed(t, NameRules{BlockRebinding: true, Routes: corp}, "192.0.2.7:853", "192.0.2.8:853")
	first, second := n.servers[netip.MustParseAddrPort("192.0.2.7:853")], n.servers[netip.MustParseAddrPort("192.0.2.8:853")]
	first.handle = privateZone // its own names may have private addresses
	conns := func(s *pipeServer) int { s.mu.Lock(); defer s.mu.Unlock(); return s.conns }
	if conns(first) != 0 {
		t.Error("connected before it was asked")
	}
	steps := []struct {
		change func()
		name   string
		source Source
		conns  int
	}{
		{nil, "private.corp.example", SourceRoute, 1},
		{nil, "private.corp.example", SourceCache, 1},
		// What stays the same keeps its connection, under another domain too.
		{func() {
			e.SetRules(onlyNames(NameRules{Routes: append([]Route{{Suffix: "corp.test", Upstreams: pipeUpstreams("192.0.2.7:853")}}, corp...), Canary: true}))
		}, "private.corp.example", SourceRoute, 1},
		{nil, "a.corp.test", SourceRoute, 1},
		{func() { e.SetUpstreams(pipeUpstreams("192.0.2.1:853"), e.fwd.Load().roots) }, "b.corp.example", SourceRoute, 1},
		// Other authorities are asked for anew, and so is a route that comes back.
		{func() { _, roots := pki(); e.SetUpstreams(pipeUpstreams("192.0.2.1:853"), roots.Clone()) }, "c.corp.example", SourceRoute, 2},
		{func() { e.SetRules(onlyNames(NameRules{})); e.SetRules(onlyNames(NameRules{Routes: corp})) }, "d.corp.example", SourceRoute, 3},
		{func() { listenOn(t, e, "127.0.0.1:0"); listenOn(t, e) }, "e.corp.example", SourceRoute, 4},
	}
	for i, s := range steps {
		if s.change != nil {
			s.change()
		}
		m, ev := from(t, e, "192.168.1.9", s.name, dns.TypeA)
		if len(m.Answer) != 1 || ev.Source != s.source || ev.Clear || conns(first) != s.conns {
			t.Errorf("step %d: event %+v, %d connections", i, ev, conns(first))
		}
	}
	e.SetRules(onlyNames(NameRules{Routes: []Route{{Suffix: "corp.example", Upstreams: pipeUpstreams("192.0.2.8:853")}}}))
	if _, ev := from(t, e, "127.0.0.1", "e.corp.example", dns.TypeA); ev.Upstream.String() != "192.0.2.8:853" || second.asked() != 1 {
		t.Errorf("the other server: %+v", ev)
	}
	up.mu.Lock()
	defer up.mu.Unlock()
	for _, q := range up.queries {
		if strings.Contains(q, "corp") {
			t.Errorf("the upstream was asked for %s", q)
		}
	}
}

// The name of a route's server is looked up by the configured provider: no
// other hears of it.
func TestSecureRouteToABareName(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		lookUp := func(q *dns.Msg) *dns.Msg {
			m := zone(q)
			for _, rr := range m.Answer {
				rr.(*dns.A).A = net.IPv4(192, 0, 2, 7)
			}
			return m
		}
		one, two := n.add("192.0.2.1:853"), n.add("192.0.2.2:853")
		one.handle, two.handle = lookUp, lookUp
		n.add("192.0.2.7:853")
		e := pipeEngine(t, n, func(c *Config) {
			c.Rules.Names.Routes = []Route{{Suffix: "corp.example", Upstreams: []provider.Upstream{{Name: "dot.test", Port: 853}}}}
		}, "192.0.2.1:853")
		want(t, e, "a.corp.example", SourceRoute, 0)
		if one.askedFor("dot.test.") == 0 {
			t.Error("the configured provider was not asked for the server's name")
		}
		before := one.askedFor("dot.test.")
		_, roots := pki()
		e.SetUpstreams(pipeUpstreams("192.0.2.2:853"), roots)
		want(t, e, "b.corp.example", SourceRoute, 0)
		if two.askedFor("dot.test.") == 0 || one.askedFor("dot.test.") != before {
			t.Error("the provider that was left was asked for the server's name")
		}
	})
}

// Rules hold at once, for names in the cache as well.
func TestSetRulesHoldsAtOnce(t *testing.T) {
	s := newPlainServer(t, zone)
	e, _, up := routed(t, NameRules{})
	up.handle = privateZone
	for _, c := range []struct {
		rules  NameRules
		name   string
		source Source
	}{
		{NameRules{}, "private.example", SourceUpstream},
		{NameRules{}, "private.example", SourceCache},
		{NameRules{BlockRebinding: true}, "private.example", SourceBlocked},
		{NameRules{BlockRebinding: true}, "private.example", SourceCache},
		{NameRules{Hosts: []Override{{Name: "private.example", Addrs: addrsOf("10.0.0.1")}}}, "private.example", SourceOverride},
		{NameRules{Hosts: []Override{{Name: "private.example", Addrs: addrsOf("10.0.0.2")}}}, "private.example", SourceOverride},
		{NameRules{Routes: []Route{s.route("example")}}, "private.example", SourceRoute},
		{NameRules{}, "private.example", SourceUpstream},
	} {
		e.SetRules(onlyNames(c.rules))
		m, ev := from(t, e, "127.0.0.1", c.name, dns.TypeA)
		if ev.Source != c.source {
			t.Errorf("%+v: source %d, want %d", c.rules, ev.Source, c.source)
		}
		if c.rules.BlockRebinding {
			if code, _ := ede(m); len(m.Answer) != 0 || m.Rcode != 0 || code != dns.ExtendedErrorCodeBlocked {
				t.Errorf("private address: %v", m)
			}
		}
		if h := c.rules.Hosts; len(h) > 0 && m.Answer[0].(*dns.A).A.String() != h[0].Addrs[0].String() {
			t.Errorf("%+v: %v", c.rules, m)
		}
	}
	e.SetRules(onlyNames(NameRules{})) // no change: the cache stays
	if _, ev := from(t, e, "127.0.0.1", "private.example", dns.TypeA); ev.Source != SourceCache {
		t.Errorf("the same rules again: source %d", ev.Source)
	}
}

// Whatever changes while queries are under way, each of them is answered.
func TestSetRulesLosesNoQuery(t *testing.T) {
	s := newPlainServer(t, zone)
	e, _, _ := routed(t, NameRules{}, "192.0.2.7:853", "192.0.2.8:853")
	variants := []NameRules{
		{},
		{Routes: []Route{s.route("example")}},
		{Routes: []Route{{Suffix: "example", Upstreams: pipeUpstreams("192.0.2.7:853")}}},
		{Routes: []Route{{Suffix: "example", Upstreams: pipeUpstreams("192.0.2.8:853")}}, BlockRebinding: true},
		{Overrides: []Override{{Name: "*.example", Addrs: addrsOf("10.0.0.1")}}},
	}
	ctx, cancel := context.WithCancel(t.Context())
	var askers, changer sync.WaitGroup
	answered := make(chan struct{})
	for g := range 4 {
		askers.Go(func() {
			for i := range 150 {
				m, _ := from(t, e, "127.0.0.1", fmt.Sprintf("n%d-%d.example", g, i/2), dns.TypeA)
				if m.Rcode != 0 || len(m.Answer) != 1 {
					t.Errorf("lost: %v", m)
				}
				select {
				case answered <- struct{}{}:
				default:
				}
			}
		})
	}
	changer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			e.SetRules(onlyNames(variants[i%len(variants)]))
			select {
			case <-answered:
			case <-ctx.Done():
			}
		}
	})
	askers.Wait()
	cancel()
	changer.Wait()
}

// A query that began by old rules is asked again by new ones.
func TestDestinationByTheRulesOfTheQuery(t *testing.T) {
	e, _, up := routed(t, NameRules{})
	qu := ask("nas.lan", dns.TypeA)
	qu.rules = e.names.Load()
	e.SetRules(onlyNames(NameRules{Routes: []Route{{Suffix: "lan", Plain: []netip.AddrPort{netip.MustParseAddrPort(oneAddr)}}}}))
	for _, rules := range []*names{qu.rules, nil} {
		qu.rules = rules // nil: a question that nobody asks just now
		if _, err := (destination{e}).exchange(t.Context(), qu); !errors.Is(err, errRulesChanged) {
			t.Errorf("error %v", err)
		}
	}
	if up.asked() != 0 {
		t.Error("the upstream was asked for a routed name")
	}
	qu.rules = e.names.Load()
	e.SetRules(onlyNames(NameRules{}))
	if _, err := (destination{e}).exchange(t.Context(), qu); !errors.Is(err, errRulesChanged) {
		t.Errorf("a name that was routed: error %v", err)
	}
}

// What is asked ahead, for a name that was routed when it was kept, does not go
// to the upstreams when it is a special name without its route.
func TestDestinationWithoutRules(t *testing.T) {
	e, _, up := routed(t, NameRules{Routes: []Route{{Suffix: "home.arpa", Upstreams: pipeUpstreams("192.0.2.7:853")}}}, "192.0.2.7:853")
	ahead := func(name string) error {
		_, err := (destination{e}).exchange(t.Context(), ask(name, dns.TypeA))
		return err
	}
	if err := ahead("nas.home.arpa"); err != nil {
		t.Error(err)
	}
	e.SetRules(onlyNames(NameRules{}))
	if err := ahead("nas.home.arpa"); !errors.Is(err, errRulesChanged) {
		t.Errorf("error %v", err)
	}
	if err := ahead("public.example"); err != nil || up.asked() != 1 {
		t.Errorf("a public name: error %v, asked %d times", err, up.asked())
	}
}

// It is asked until the rules stand still.
func TestResolveAgainByNewRules(t *testing.T) {
	e, _, _ := routed(t, NameRules{})
	chain, changes := e.chain, 0
	e.chain = exchangerFunc(func(ctx context.Context, qu *question) (*answer, error) {
		if changes++; changes < 3 {
			e.SetRules(onlyNames(NameRules{Overrides: []Override{{Name: "a.example", Addrs: addrsOf(fmt.Sprintf("10.0.0.%d", changes))}}}))
			return nil, errRulesChanged
		}
		return chain.exchange(ctx, qu)
	})
	if m, _ := from(t, e, "127.0.0.1", "a.example", dns.TypeA); len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "10.0.0.2" {
		t.Errorf("answer %v", m)
	}
}

// After Close nothing is connected to any more.
func TestRouteAfterClose(t *testing.T) {
	e, n, _ := routed(t, NameRules{Routes: []Route{{Suffix: "corp.example", Upstreams: pipeUpstreams("192.0.2.7:853")}}}, "192.0.2.7:853")
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m, _ := from(t, e, "127.0.0.1", "a.corp.example", dns.TypeA); m.Rcode != dns.RcodeServerFailure {
		t.Errorf("answered %v", m)
	}
	if s := n.servers[netip.MustParseAddrPort("192.0.2.7:853")]; s.conns != 0 {
		t.Error("connected after Close")
	}
	e.SetRules(onlyNames(NameRules{Canary: true}))
	if e.names.Load().canary {
		t.Error("rules changed after Close")
	}
}

func TestRulesTellApart(t *testing.T) {
	up := provider.Upstream{Name: "dot.test"}
	seen := make(map[[32]byte]int)
	for i, r := range []NameRules{
		{}, {Canary: true}, {BlockRebinding: true},
		{Overrides: []Override{{Name: "a"}}}, {Hosts: []Override{{Name: "a"}}},
		{Overrides: []Override{{Name: "a"}, {Name: "b"}}}, {Overrides: []Override{{Name: "ab"}}},
		{Overrides: []Override{{Name: "a", Addrs: addrsOf("1.2.3.4")}}}, {Overrides: []Override{{Name: "a", Addrs: addrsOf("::ffff:1.2.3.4")}}},
		{Routes: []Route{{Suffix: "a"}}}, {Routes: []Route{{Suffix: "a", Upstreams: []provider.Upstream{up}}}},
		{Routes: []Route{{Suffix: "a", Plain: []netip.AddrPort{netip.MustParseAddrPort(oneAddr)}}}},
	} {
		if j, ok := seen[r.sum()]; ok {
			t.Errorf("rules %d and %d are the same", i, j)
		}
		seen[r.sum()] = i
	}
}
