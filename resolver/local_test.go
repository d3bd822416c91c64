package resolver

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

type exchangerFunc func(context.Context, *question) (*answer, error)

func (f exchangerFunc) exchange(ctx context.Context, qu *question) (*answer, error) {
	return f(ctx, qu)
}

var errForwarded = errors.New("forwarded")

// forwarding tells by its error that a question would leave.
var forwarding = exchangerFunc(func(context.Context, *question) (*answer, error) { return nil, errForwarded })

// wired is the answer as a client gets it.
func wired(t testing.TB, name string, typ uint16, a *answer) *dns.Msg {
	t.Helper()
	raw := pack(t, func(m *dns.Msg) {
		m.SetEdns0(1232, true)
		m.Question[0].Name, m.Question[0].Qtype = name, typ
	})
	q := &query{tcp: true}
	if v := q.parse(raw); v != admit {
		t.Fatalf("verdict %d", v)
	}
	m := unpack(t, appendAnswer(nil, q, a, time.Now()))
	if !m.Response || !m.RecursionAvailable || m.IsEdns0() == nil || m.Question[0].Name != name {
		t.Errorf("header, EDNS or letter case: %v", m)
	}
	return m
}

// localCase is a question and its answer: "" for one that is forwarded, else
// the RCODE, the owner of the SOA record where there is one, and the records.
type localCase struct{ name, typ, want string }

func (c localCase) check(t *testing.T, x exchanger, rules *names) {
	t.Helper()
	typ := dns.StringToType[c.typ]
	qu := ask(c.name, typ)
	qu.rules = rules
	a, err := x.exchange(t.Context(), qu)
	if errors.Is(err, errForwarded) {
		if c.want != "" {
			t.Errorf("%s %s was forwarded", c.name, c.typ)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if a.ttl != 0 {
		t.Errorf("%s %s would be kept in the cache", c.name, c.typ)
	}
	m := wired(t, dns.Fqdn(c.name), typ, a)
	got := []string{dns.RcodeToString[m.Rcode]}
	for _, r := range m.Ns {
		got = append(got, "SOA "+strings.ToLower(r.(*dns.SOA).Hdr.Name))
	}
	for _, r := range m.Answer {
		if r.Header().Name != dns.Fqdn(c.name) {
			t.Errorf("%s %s: owner %s", c.name, c.typ, r.Header().Name)
		}
		got = append(got, strings.TrimPrefix(r.String(), r.Header().String()))
	}
	if s := strings.Join(got, " | "); s != c.want {
		t.Errorf("%s %s: %q, want %q", c.name, c.typ, s, c.want)
	}
	_, _, special := specials.longest(qu.name())
	ours := special || c.typ != "ANY" // of another's zone we only say that we do not tell
	if local := a.source == SourceLocal && ours || a.source == SourceOverride; m.Authoritative != local {
		t.Errorf("%s %s: AA %t, source %d", c.name, c.typ, m.Authoritative, a.source)
	}
}

func TestSpecialNames(t *testing.T) {
	const one = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa"
	for section, cases := range map[string][]localCase{
		"RFC 6761 section 6.3": {
			{"localhost", "A", "NOERROR | 127.0.0.1"},
			{"LocalHost", "AAAA", "NOERROR | ::1"},
			{"a.b.localhost", "AAAA", "NOERROR | ::1"},
			{"localhost", "MX", "NOERROR | SOA localhost."},
			{"localhost", "NS", "NOERROR | SOA localhost."},
			{"x.localhost", "HTTPS", "NOERROR | SOA localhost."},
			{"localhost", "DS", "NOERROR | SOA localhost."},
			{"localhost", "ANY", `NOERROR | "RFC8482" ""`},
			{"notlocalhost", "A", ""},
			{"localhost.example", "A", ""},
		},
		"RFC 6761 section 6.4": {
			{"x.invalid", "A", "NXDOMAIN | SOA invalid."},
			{"invalid", "SOA", "NXDOMAIN | SOA invalid."},
			{"x.invalid", "ANY", "NXDOMAIN | SOA invalid."},
		},
		"RFC 6761 section 6.2": {{"x.test", "A", ""}},
		"RFC 6762 section 22.1": {
			{"printer.local", "A", "NXDOMAIN | SOA local."},
			{"_ipp._tcp.local", "PTR", "NXDOMAIN | SOA local."},
			{"local", "NS", "NXDOMAIN | SOA local."},
			{"notlocal", "A", ""},
		},
		"RFC 7686 section 2": {
			{"abc.onion", "A", "NXDOMAIN | SOA onion."},
			{"onion", "DS", "NXDOMAIN | SOA onion."},
		},
		"RFC 8375 section 4": {
			{"nas.home.arpa", "A", "NXDOMAIN | SOA home.arpa."},
			{"home.arpa", "A", "NOERROR | SOA home.arpa."},
			{"home.arpa", "SOA", "NOERROR | home.arpa. nobody.invalid. 1 3600 1200 604800 3600"},
			{"home.arpa", "NS", "NOERROR | home.arpa."},
			{"home.arpa", "DS", ""}, // the proof is the parent's
			{"nas.home.arpa", "DS", "NXDOMAIN | SOA home.arpa."},
			{"home.arpa", "ANY", `NOERROR | "RFC8482" ""`},
		},
		"RFC 9462 section 6.4": {
			{"_dns.resolver.arpa", "SVCB", "NOERROR | SOA resolver.arpa."},
			{"resolver.arpa", "A", "NOERROR | SOA resolver.arpa."},
			{"x.y.resolver.arpa", "TXT", "NOERROR | SOA resolver.arpa."},
		},
		"RFC 6303 section 4": {
			{"1.0.168.192.in-addr.arpa", "PTR", "NXDOMAIN | SOA 168.192.in-addr.arpa."},
			{"168.192.in-addr.arpa", "SOA", "NOERROR | 168.192.in-addr.arpa. nobody.invalid. 1 3600 1200 604800 3600"},
			{"168.192.in-addr.arpa", "NS", "NOERROR | 168.192.in-addr.arpa."},
			{"168.192.in-addr.arpa", "TXT", "NOERROR | SOA 168.192.in-addr.arpa."},
			{"168.192.in-addr.arpa", "DS", ""},
			{"3.2.1.10.in-addr.arpa", "PTR", "NXDOMAIN | SOA 10.in-addr.arpa."},
			{"9.31.172.in-addr.arpa", "PTR", "NXDOMAIN | SOA 31.172.in-addr.arpa."},
			{"32.172.in-addr.arpa", "PTR", ""},
			{"1.2.0.192.in-addr.arpa", "PTR", "NXDOMAIN | SOA 2.0.192.in-addr.arpa."},
			{"2.0.0.d.f.ip6.arpa", "PTR", "NXDOMAIN | SOA d.f.ip6.arpa."},
			{"c.f.ip6.arpa", "PTR", ""},
			{"1.8.e.f.ip6.arpa", "PTR", "NXDOMAIN | SOA 8.e.f.ip6.arpa."},
			{"8.8.8.8.in-addr.arpa", "PTR", ""},
		},
		"reverse of localhost": {
			{"1.0.0.127.in-addr.arpa", "PTR", "NOERROR | localhost."},
			{"1.0.0.127.in-addr.arpa", "TXT", "NOERROR | SOA 127.in-addr.arpa."},
			{"0.127.in-addr.arpa", "PTR", "NOERROR | SOA 127.in-addr.arpa."},
			{"2.0.0.127.in-addr.arpa", "PTR", "NXDOMAIN | SOA 127.in-addr.arpa."},
			{one, "PTR", "NOERROR | localhost."},
			{one, "NS", "NOERROR | " + one + "."},
		},
		"RFC 7793": {
			{"1.1.127.100.in-addr.arpa", "PTR", "NXDOMAIN | SOA 127.100.in-addr.arpa."},
			{"128.100.in-addr.arpa", "PTR", ""},
		},
		"RFC 8482 section 4.2": {
			{"example.com", "ANY", `NOERROR | "RFC8482" ""`},
			{".", "ANY", `NOERROR | "RFC8482" ""`},
			{".", "NS", ""},
		},
	} {
		t.Run(section, func(t *testing.T) {
			for _, c := range cases {
				c.check(t, namesBefore(forwarding, forwarding), nil)
			}
		})
	}
}

func TestCanary(t *testing.T) {
	x := namesBefore(forwarding, forwarding)
	on := &names{canary: true}
	localCase{"Use-Application-DNS.net", "A", "NXDOMAIN | SOA use-application-dns.net."}.check(t, x, on)
	localCase{"x.use-application-dns.net", "A", ""}.check(t, x, on)
	localCase{"use-application-dns.net", "AAAA", ""}.check(t, x, nil)
}

// A domain begins at a label, whatever bytes the labels have.
func TestSuffixesGoByLabels(t *testing.T) {
	m := suffixes[int]{"\x05local\x00": 1, "\x02my\x05local\x00": 2, "\x03\x00.\xff\x05local\x00": 3}
	for name, want := range map[string]int{
		"\x05local\x00":               1,
		"\x01a\x05local\x00":          1,
		"\x02my\x05local\x00":         2,
		"\x01a\x02my\x05local\x00":    2,
		"\x03\x00.\xff\x05local\x00":  3,
		"\x0a\x02my\x05localx\x00":    0,
		"\x07a\x05local\x00":          0, // the label holds the domain's bytes
		"\x08my\x05local\x03com\x00":  0,
		"\x08\x02my\x05loc\x02al\x00": 0,
		"\x00":                        0,
	} {
		if got, _, _ := m.longest([]byte(name)); got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
}

// FuzzSuffixes compares with miekg/dns, which goes by the text of names.
func FuzzSuffixes(f *testing.F) {
	f.Add([]byte("\x01a\x05local\x00"), []byte("\x05local\x00"))
	f.Add([]byte("\x07a\x05local\x00"), []byte("\x05local\x00"))
	f.Add([]byte("\x02\\.\x01.\x00"), []byte("\x01.\x00"))
	f.Fuzz(func(t *testing.T, name, suffix []byte) {
		a, aEnd, err := dns.UnpackDomainName(name, 0)
		b, bEnd, err2 := dns.UnpackDomainName(suffix, 0)
		if err != nil || err2 != nil || aEnd != len(name) || bEnd != len(suffix) {
			return
		}
		name, suffix = lower(nil, name), lower(nil, suffix)
		if !plainLabels(name) || !plainLabels(suffix) {
			return
		}
		_, at, ok := suffixes[bool]{string(suffix): true}.longest(name)
		if want := dns.IsSubDomain(b, a); ok != want {
			t.Errorf("%q in %q: %t, want %t", a, b, ok, want)
		}
		if ok && string(name[at:]) != string(suffix) {
			t.Errorf("offset %d", at)
		}
	})
}

// plainLabels tells whether a name is written out, without pointers.
func plainLabels(name []byte) bool {
	_, _, err := skipQuestion(append(name, 0, 0, 0, 0), 0)
	return err == nil
}

func TestNamesAllocateNothingOnTheWay(t *testing.T) {
	e := New(Config{Rules: Rules{Names: NameRules{
		Hosts:  []Override{{Name: "nas.lan", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.1")}}, {Name: "*.ads.example"}},
		Routes: []Route{{Suffix: "corp.example", Plain: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.2:53")}}},
	}}})
	defer func() { _ = e.Close(t.Context()) }()
	x := namesBefore(forwarding, forwarding)
	qu := ask("www.example.com", dns.TypeA)
	qu.rules = e.names.Load()
	if n := testing.AllocsPerRun(100, func() { _, _ = x.exchange(t.Context(), qu) }); n != 0 {
		t.Errorf("%v allocations for a name that no rule names", n)
	}
}
