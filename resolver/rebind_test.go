package resolver

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestIsPrivate(t *testing.T) {
	for text, want := range map[string]bool{
		"0.0.0.0": true, "0.1.2.3": true, "10.1.2.3": true, "127.9.9.9": true, "169.254.1.1": true,
		"172.16.0.1": true, "172.31.255.255": true, "192.168.0.1": true, "100.64.0.1": true, "100.127.255.255": true,
		"::": true, "::1": true, "fc00::1": true, "fdff::1": true, "fe80::1": true, "febf::1": true,
		"::ffff:10.0.0.1": true, "64:ff9b::10.0.0.1": true, "64:ff9b::7f00:1": true,
		"1.0.0.1": false, "172.15.0.1": false, "172.32.0.1": false, "100.63.0.1": false, "100.128.0.1": false,
		"192.169.0.1": false, "::2": false, "fec0::1": false, "2001:db8::1": false, "64:ff9b::1.1.1.1": false,
		"::ffff:1.1.1.1": false, "11.0.0.1": false,
	} {
		if got := isPrivate(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

func guarded(t *testing.T, typ uint16, change func(*dns.Msg)) (*answer, *answer) {
	t.Helper()
	qu := ask("a.example", typ)
	a, err := parseAnswer(reply(t, "a.example", typ, change), qu)
	if err != nil {
		t.Fatal(err)
	}
	a.upstream, a.over, a.tries = netip.MustParseAddrPort("192.0.2.1:853"), new(Connection), 3
	return a, stopRebinding(qu, a)
}

func TestRebinding(t *testing.T) {
	for record, addr := range map[string]string{
		"a.example. 60 IN A 192.168.1.1":                                         "192.168.1.1",
		"a.example. 60 IN AAAA ::ffff:10.0.0.1":                                  "::ffff:10.0.0.1",
		"a.example. 60 IN AAAA fe80::1":                                          "fe80::1",
		"a.example. 60 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1,10.0.0.1":         "10.0.0.1",
		"a.example. 60 IN SVCB 1 svc.a.example. ipv4hint=192.0.2.1 ipv6hint=::1": "::1",
		"a.example. 60 IN A 192.0.2.1":                                           "",
		"a.example. 60 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1 ipv6hint=2001::1": "",
		`a.example. 60 IN TXT "10.0.0.1"`:                                        "",
	} {
		typ := rr(t, record).Header().Rrtype
		a, b := guarded(t, typ, func(m *dns.Msg) {
			m.Answer = []dns.RR{rr(t, "a.example. 60 IN CNAME a.example."), rr(t, record)}
		})
		if addr == "" {
			if b != a {
				t.Errorf("%s: stopped", record)
			}
			continue
		}
		m := wired(t, "A.Example.", typ, b)
		if m.Rcode != dns.RcodeSuccess || len(m.Answer)+len(m.Ns) != 0 || b.source != SourceBlocked || m.Authoritative {
			t.Errorf("%s: source %d, %v", record, b.source, m)
		}
		if b.ede == nil || b.ede.Code != dns.ExtendedErrorCodeBlocked || !strings.HasSuffix(b.ede.Text, " "+addr) {
			t.Errorf("%s: EDE %v", record, b.ede)
		}
		if b.ttl != 60 || b.upstream != a.upstream || b.over == nil || b.over != a.over || b.tries != 3 {
			t.Errorf("%s: it is kept for %d s, upstream %v, %+v, %d tries", record, b.ttl, b.upstream, b.over, b.tries)
		}
	}
}

// What is only offered is left out, and the rest is still an answer.
func TestRebindingInAdditionalSection(t *testing.T) {
	_, b := guarded(t, dns.TypeSRV, func(m *dns.Msg) {
		m.Answer = []dns.RR{rr(t, "a.example. 60 IN SRV 0 0 1 host.a.example.")}
		m.Ns = []dns.RR{rr(t, "a.example. 60 IN NS host.a.example.")}
		m.Extra = []dns.RR{rr(t, "x.a.example. 60 IN A 192.0.2.1"), rr(t, "host.a.example. 60 IN A 10.0.0.1")}
		m.SetEdns0(1232, false)
	})
	m := wired(t, "a.example.", dns.TypeSRV, b)
	if len(m.Answer) != 1 || len(m.Ns) != 1 || len(m.Extra) != 1 || b.source != SourceUpstream || len(b.ttls) != 2 {
		t.Errorf("%v", m)
	}
}

// The target of a service binding must not be compressed; one that is hides
// nothing.
func TestRebindingBehindPointer(t *testing.T) {
	data := []byte{0, 1, 0xc0, 0x0c, 0, svcIPv4Hint, 0, 4, 10, 0, 0, 1}
	if _, bad := privateIn(typeHTTPS, data); !bad {
		t.Error("the hint was not found")
	}
}

// The guard agrees with miekg/dns about what addresses an answer has.
func FuzzStopRebinding(f *testing.F) {
	f.Add([]byte("\x00\x00\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x01a\x07example\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x01"))
	f.Add([]byte("\x00\x00\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x01a\x07example\x00\x00\x41\x00\x01\xc0\x0c\x00\x41\x00\x01\x00\x00\x00\x3c\x00\x0b\x00\x01\x00\x00\x04\x00\x04\x0a\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		qu := ask("a.example", dns.TypeA)
		if len(msg) < headerLen+len(qu.wire()) || string(msg[headerLen:headerLen+len(qu.name())]) != string(qu.name()) {
			return
		}
		a, err := parseAnswer(msg, qu)
		if err != nil {
			return
		}
		m := new(dns.Msg)
		b := stopRebinding(qu, a)
		if m.Unpack(b.msg) != nil {
			return
		}
		for _, r := range m.Answer {
			for _, addr := range addressesOf(r) {
				if isPrivate(addr) {
					t.Errorf("%v went through", r)
				}
			}
		}
	})
}

func addressesOf(r dns.RR) (as []netip.Addr) {
	add := func(raw []byte) {
		if a, ok := netip.AddrFromSlice(raw); ok {
			as = append(as, a)
		}
	}
	svcb := func(s *dns.SVCB) {
		for _, v := range s.Value {
			switch h := v.(type) {
			case *dns.SVCBIPv4Hint:
				for _, ip := range h.Hint {
					add(ip.To4())
				}
			case *dns.SVCBIPv6Hint:
				for _, ip := range h.Hint {
					add(ip)
				}
			}
		}
	}
	switch r := r.(type) {
	case *dns.A:
		add(r.A.To4())
	case *dns.AAAA:
		add(r.AAAA)
	case *dns.SVCB:
		svcb(r)
	case *dns.HTTPS:
		svcb(&r.SVCB)
	}
	return as
}
