package resolver

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func addrsOf(texts ...string) []netip.Addr {
	var as []netip.Addr
	for _, s := range texts {
		as = append(as, netip.MustParseAddr(s))
	}
	return as
}

// rulesOf are rules without routes.
func rulesOf(r NameRules) *names {
	n := new(names)
	for _, os := range [][]Override{r.Overrides, r.Hosts} {
		if t := newTable(os, slog.New(slog.DiscardHandler)); t != nil {
			n.tables = append(n.tables, t)
		}
	}
	return n
}

func TestOverrides(t *testing.T) {
	rules := rulesOf(NameRules{
		Overrides: []Override{
			{Name: "NAS.Example.com.", Addrs: addrsOf("10.0.0.1", "fd00::1")},
			{Name: "nas.example.com", Addrs: addrsOf("10.0.0.2", "10.0.0.1")}, // adds up
			{Name: "v4.example.com", Addrs: addrsOf("::ffff:10.0.0.4")},
			{Name: "ads.example"},
			{Name: "*.ads.example"},
			{Name: "*.wild.example", Addrs: addrsOf("10.1.0.1")},
			{Name: "*.more.wild.example", Addrs: addrsOf("10.1.0.2")},
			{Name: "a.wild.example", Addrs: addrsOf("10.1.0.3")},
			{Name: `a\.b.example`, Addrs: addrsOf("10.1.0.4")},
			{Name: "bücher.example", Addrs: addrsOf("10.1.0.5")},
			{Name: "printer.local", Addrs: addrsOf("10.1.0.6")},
			{Name: "localhost", Addrs: addrsOf("10.1.0.7")}, // refused
			{Name: "*", Addrs: addrsOf("10.1.0.8")},         // refused
		},
		Hosts: []Override{
			{Name: "router", Addrs: addrsOf("192.168.1.1")},
			{Name: "gateway", Addrs: addrsOf("192.168.1.1")},
			{Name: "blocked.example", Addrs: addrsOf("0.0.0.0")},
			{Name: "nas.example.com", Addrs: addrsOf("192.168.1.9")},
			{Name: "debian", Addrs: addrsOf("127.0.1.1")},
			{Name: "ads2.example", Addrs: addrsOf("127.0.0.1")},
		},
	})
	for _, c := range []localCase{
		{"nas.example.com", "A", "NOERROR | 10.0.0.1 | 10.0.0.2"},
		{"Nas.EXAMPLE.com", "AAAA", "NOERROR | fd00::1"},
		{"nas.example.com", "ANY", "NOERROR | 10.0.0.1 | fd00::1 | 10.0.0.2"},
		{"nas.example.com", "MX", "NOERROR | SOA nas.example.com."},
		{"nas.example.com", "HTTPS", "NOERROR | SOA nas.example.com."},
		{"v4.example.com", "A", "NOERROR | 10.0.0.4"},
		{"v4.example.com", "AAAA", "NOERROR | SOA v4.example.com."},
		{"below.nas.example.com", "A", ""},
		{"ads.example", "A", "NXDOMAIN | SOA ads.example."},
		{"ads.example", "ANY", "NXDOMAIN | SOA ads.example."},
		{"x.y.ads.example", "AAAA", "NXDOMAIN | SOA ads.example."},
		{"wild.example", "A", ""}, // a wildcard is not its own domain
		{"b.wild.example", "A", "NOERROR | 10.1.0.1"},
		{"b.wild.example", "AAAA", "NOERROR | SOA wild.example."},
		{"a.wild.example", "A", "NOERROR | 10.1.0.3"},      // exact before wildcard
		{"b.a.wild.example", "A", "NOERROR | 10.1.0.1"},    //
		{"b.more.wild.example", "A", "NOERROR | 10.1.0.2"}, // the longest wins
		{"more.wild.example", "A", "NOERROR | 10.1.0.1"},   //
		{`a\.b.example`, "A", "NOERROR | 10.1.0.4"},
		{"a.b.example", "A", ""},
		{"xn--bcher-kva.example", "A", "NOERROR | 10.1.0.5"},
		{"printer.local", "A", "NOERROR | 10.1.0.6"},
		{"localhost", "A", "NOERROR | 127.0.0.1"},
		{"other.example", "A", ""},
		{"router", "A", "NOERROR | 192.168.1.1"},
		{"blocked.example", "A", "NOERROR | 0.0.0.0"},
		{"blocked.example", "AAAA", "NOERROR | SOA blocked.example."},
		{"1.0.0.10.in-addr.arpa", "PTR", "NOERROR | nas.example.com."},
		{"1.0.0.10.in-addr.arpa", "ANY", "NOERROR | nas.example.com."},
		{"1.0.0.10.in-addr.arpa", "A", "NOERROR | SOA 1.0.0.10.in-addr.arpa."},
		{"4.0.0.10.in-addr.arpa", "PTR", "NOERROR | v4.example.com."},
		{"1.0.1.10.in-addr.arpa", "PTR", "NXDOMAIN | SOA 10.in-addr.arpa."}, // of a wildcard
		{"1.1.168.192.in-addr.arpa", "PTR", "NOERROR | router."},
		{"1.1.0.127.in-addr.arpa", "PTR", "NOERROR | debian."},
		{"1.0.0.127.in-addr.arpa", "PTR", "NOERROR | localhost."},
		{"0.0.0.0.in-addr.arpa", "PTR", "NXDOMAIN | SOA 0.in-addr.arpa."},
		{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", "PTR", "NOERROR | nas.example.com."},
	} {
		c.check(t, namesBefore(forwarding, forwarding), rules)
	}
}

func TestOverrideTTLIsShort(t *testing.T) {
	rules := rulesOf(NameRules{Overrides: []Override{{Name: "a.example", Addrs: addrsOf("10.0.0.1")}}})
	for _, typ := range []uint16{dns.TypeA, dns.TypeAAAA} {
		qu := ask("a.example", typ)
		qu.rules = rules
		a, err := namesBefore(forwarding, forwarding).exchange(t.Context(), qu)
		if err != nil {
			t.Fatal(err)
		}
		m := unpack(t, a.msg)
		for _, r := range append(m.Answer, m.Ns...) {
			if r.Header().Ttl != overrideTTL {
				t.Errorf("TTL of %v", r)
			}
		}
		if a.source != SourceOverride {
			t.Errorf("source %d", a.source)
		}
	}
}

// However many addresses a name has, its answer is a message.
func TestOverrideOfManyAddresses(t *testing.T) {
	var hosts []Override
	for i := range 1000 {
		hosts = append(hosts, Override{Name: "many.example", Addrs: addrsOf(fmt.Sprintf("10.0.%d.%d", i/256, i%256))})
	}
	qu := ask("many.example", dns.TypeA)
	qu.rules = rulesOf(NameRules{Hosts: hosts})
	a, err := namesBefore(forwarding, forwarding).exchange(t.Context(), qu)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(unpack(t, a.msg).Answer); n != maxOverrideAddrs {
		t.Errorf("%d addresses, want %d", n, maxOverrideAddrs)
	}
}

func TestNameRulesCheck(t *testing.T) {
	server := []netip.AddrPort{netip.MustParseAddrPort("192.168.1.1:53")}
	own := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53"), netip.MustParseAddrPort("0.0.0.0:5353")}
	plain := func(suffix, at string) NameRules {
		return NameRules{Routes: []Route{{Suffix: suffix, Plain: []netip.AddrPort{netip.MustParseAddrPort(at)}}}}
	}
	override := func(name string, addrs ...netip.Addr) NameRules {
		return NameRules{Overrides: []Override{{Name: name, Addrs: addrs}}}
	}
	for want, r := range map[string]NameRules{
		"":                            {Overrides: []Override{{Name: "_a.b_c.example."}, {Name: "*.x.example"}}, Routes: []Route{{Suffix: "lan", Plain: server}, {Suffix: ".", Upstreams: pipeUpstreams("192.0.2.1:853")}}},
		"“a..b” is no valid":          override("a..b"),
		"“” is no valid":              override(""),
		"“a b.example” is":            override("a b.example"),
		"“a.*.example” is":            override("a.*.example"),
		"“a\x00b” is":                 override("a\x00b"),
		"“*” is no valid":             override("*"),
		"“*..” stands for every":      override("*.."),
		"“.” stands for every":        override("."),
		"“x.localhost” is always":     override("x.localhost"),
		"“n.example” has an address":  override("n.example", netip.Addr{}),
		"“z.example” has the address": override("z.example", netip.MustParseAddr("fe80::1%eth0")),
		"“m.example” has 101":         override("m.example", make([]netip.Addr, 101)...),
		"“*.lan” begins with":         plain("*.lan", "192.168.1.1:53"),
		"“la n” is no valid":          plain("la n", "192.168.1.1:53"),
		"“x.onion” has the same":      plain("x.onion", "192.168.1.1:53"),
		"“.” stands for":              plain(".", "192.168.1.1:53"),
		"“0.0.0.0:53”, which":         plain("lan", "0.0.0.0:53"),
		"“192.168.1.1:0”, which":      plain("lan", "192.168.1.1:0"),
		"“224.0.0.1:53”, which":       plain("lan", "224.0.0.1:53"),
		"“127.0.0.1:53” is this":      plain("lan", "127.0.0.1:53"),
		"“127.0.0.9:5353” is this":    plain("lan", "127.0.0.9:5353"),
		"“none.lan” is routed to no":  {Routes: []Route{{Suffix: "none.lan"}}},
		"“both.lan” is routed to":     {Routes: []Route{{Suffix: "both.lan", Plain: server, Upstreams: pipeUpstreams("192.0.2.1:853")}}},
		"“LAN.” is routed twice":      {Routes: []Route{{Suffix: "lan", Plain: server}, {Suffix: "LAN.", Plain: server}}},
		"1001 routes are too many":    {Routes: make([]Route, 1001)},
	} {
		err := r.Check(own)
		switch {
		case want == "" && err != nil:
			t.Error(err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func FuzzParseName(f *testing.F) {
	f.Add("nas.example.com")
	f.Add(`a\.b\000.example.`)
	f.Add("bücher.example")
	f.Fuzz(func(t *testing.T, text string) {
		name, err := parseName(text)
		if err != nil {
			return
		}
		if !plainLabels([]byte(name)) || string(lower(nil, []byte(name))) != name {
			t.Fatalf("%q gives %q", text, name)
		}
		back, _, err := dns.UnpackDomainName([]byte(name), 0)
		if err != nil {
			t.Fatal(err)
		}
		if back == "." {
			return
		}
		if again := wireName(back); again != name {
			t.Errorf("%q gives %q, then %q", text, name, again)
		}
	})
}
