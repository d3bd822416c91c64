package resolver_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"dotproxy/resolver"
	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"
)

// A domain with a DoT server of its own, over real connections.
func TestRouteToDoTServer(t *testing.T) {
	ca := resolvertest.NewCA(t)
	public, corp := resolvertest.New(t, resolvertest.WithCA(ca)), resolvertest.New(t, resolvertest.WithCA(ca))
	e, at := startEngine(t, ca.Pool(), public.Upstream())
	rules := resolver.Rules{
		Cache: resolver.CacheRules{Bytes: 1 << 20},
		Names: resolver.NameRules{Routes: []resolver.Route{{Suffix: "corp.test", Upstreams: []provider.Upstream{corp.Upstream()}}}},
	}
	if err := rules.Names.Check(e.Addrs()); err != nil {
		t.Fatal(err)
	}
	await(t, "the upstream answered the probe", func() bool { return public.Stats().Queries == 1 })
	e.SetRules(rules)
	ask := func(name string) *dns.Msg {
		m, err := dns.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeA), at.String())
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for range 3 {
		if m := ask("a.corp.test."); m.Rcode != dns.RcodeSuccess || len(m.Answer) == 0 {
			t.Errorf("answer %v", m)
		}
	}
	if n := corp.Stats().Queries; n != 1 {
		t.Errorf("the route’s server was asked %d times, want once", n)
	}
	corp.Down()
	if m := ask("b.corp.test."); m.Rcode != dns.RcodeServerFailure {
		t.Errorf("answer %v, want SERVFAIL", m)
	}
	if n := public.Stats().Queries; n != 1 {
		t.Errorf("the upstream was asked %d times, want only the probe", n)
	}
}

// Routes in clear text to Unbound: behind a server that is not there, with an
// answer that is too large for UDP.
func TestPeersPlainRoute(t *testing.T) {
	needPeers(t)
	ca := resolvertest.NewCA(t)
	unbound := peers[0]
	plainPort := freePort(t)
	unbound.config = strings.Replace(unbound.config, "  tls-port:", fmt.Sprintf("  interface: 127.0.0.1@%d\n  tls-port:", plainPort), 1)
	startPeer(t, unbound, ca)
	public := resolvertest.New(t, resolvertest.WithCA(ca))
	e, at := startEngine(t, ca.Pool(), public.Upstream())
	server := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), plainPort)
	gone := netip.AddrPortFrom(server.Addr(), 1)
	e.SetRules(resolver.Rules{Names: resolver.NameRules{Routes: []resolver.Route{{Suffix: "peer.test", Plain: []netip.AddrPort{gone, server}}}}})
	port := fmt.Sprint(at.Port())
	for _, c := range []struct{ args, want string }{
		{"a.peer.test A", "192.0.2.1"},
		{"A.PEER.test A +tcp +dnssec", "192.0.2.1"},
		{"gone.peer.test A", "status: NXDOMAIN"},
	} {
		args := append([]string{"@127.0.0.1", "-p", port}, strings.Fields(c.args)...)
		if out := run(t, "dig", args...); !strings.Contains(out, c.want) {
			t.Errorf("dig %s lacks %q:\n%s", c.args, c.want, out)
		}
	}
	if out := run(t, "dig", "@127.0.0.1", "-p", port, "big.peer.test", "TXT", "+tcp"); strings.Count(out, "TXT\t\"") != 30 {
		t.Errorf("a large answer did not come whole:\n%s", out)
	}
	file := filepath.Join(t.TempDir(), "names")
	write(t, file, strings.Repeat("a.peer.test A\nx.peer.test AAAA\n", 500))
	if out := run(t, "dnsperf", "-s", "127.0.0.1", "-p", port, "-d", file, "-n", "1", "-c", "10", "-q", "100"); !strings.Contains(out, "Queries lost:         0") || strings.Contains(out, "SERVFAIL") {
		t.Errorf("dnsperf:\n%s", out)
	}
}
