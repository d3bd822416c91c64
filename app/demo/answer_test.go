package demo

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func testZone(t *testing.T) zone {
	t.Helper()
	z, err := loadZone()
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestAnswers(t *testing.T) {
	z := testZone(t)
	for _, tc := range []struct {
		name  string
		qtype uint16
		rcode int
		want  string // the answers without their class, joined by |
		soa   string // the owner of the SOA record in the authority section
	}{
		{"example.com.", dns.TypeA, 0, "example.com. 300 A 192.0.2.10", ""},
		{"EXAMPLE.com.", dns.TypeAAAA, 0, "EXAMPLE.com. 300 AAAA 2001:db8::10", ""},
		{"example.net.", dns.TypeA, 0, "example.net. 60 A 198.51.100.10", ""},
		{"example.org.", dns.TypeAAAA, 0, "example.org. 1800 AAAA 2001:db8:2::10", ""},
		{"example.com.", dns.TypeMX, 0, "example.com. 600 MX 10 mail.example.com.", ""},
		{"example.org.", dns.TypeTXT, 0, `example.org. 600 TXT "v=spf1 -all"`, ""},
		{"example.com.", dns.TypeHTTPS, 0, `example.com. 120 HTTPS 1 . alpn="h3,h2" ipv4hint="192.0.2.10" ipv6hint="2001:db8::10"`, ""},
		{"Www.example.com.", dns.TypeA, 0, "Www.example.com. 120 CNAME web.example.com.|web.example.com. 30 CNAME edge.example.net.|edge.example.net. 15 A 198.51.100.80", ""},
		{"www.example.com.", dns.TypeCNAME, 0, "www.example.com. 120 CNAME web.example.com.", ""},
		{"www.example.com.", dns.TypeMX, 0, "www.example.com. 120 CNAME web.example.com.|web.example.com. 30 CNAME edge.example.net.", "example.net."},
		{"_imaps._tcp.example.com.", dns.TypeSRV, 0, "_imaps._tcp.example.com. 900 SRV 0 1 993 mail.example.com.", ""},
		{"a.demo.test.", dns.TypeA, 0, "a.demo.test. 10 A 203.0.113.100", ""},
		{"z.demo.test.", dns.TypeAAAA, 0, "z.demo.test. 260 AAAA 2001:db8:3::1a", ""},
		{"server7.demo.test.", dns.TypeA, 0, "server7.demo.test. 45 A 203.0.113.7", ""},
		{"slow.demo.", dns.TypeA, 0, "slow.demo. 300 A 192.0.2.40", ""},
		{"example.com.", dns.TypeANY, 0, `example.com. 3600 HINFO "RFC8482" ""`, ""},
		{"broken.demo.", dns.TypeA, dns.RcodeServerFailure, "", ""},
		{"example.com.", dns.TypeLOC, 0, "", "example.com."},
		{"_tcp.example.com.", dns.TypeA, 0, "", "example.com."},
		{"demo.test.", dns.TypeA, 0, "", "."},
		{".", dns.TypeA, 0, "", "."},
		{"no.example.com.", dns.TypeA, dns.RcodeNameError, "", "example.com."},
		{"no-such-name.", dns.TypeA, dns.RcodeNameError, "", "."},
		{"ab.demo.test.", dns.TypeA, dns.RcodeNameError, "", "."},
	} {
		q := new(dns.Msg).SetQuestion(tc.name, tc.qtype)
		m := z.answer(q)
		var got []string
		for _, rr := range m.Answer {
			f := strings.Fields(rr.String())
			got = append(got, strings.Join(append(f[:2], f[3:]...), " "))
		}
		soa := ""
		for _, rr := range m.Ns {
			soa += rr.(*dns.SOA).Hdr.Name
			if rr.Header().Ttl != 60 {
				t.Errorf("%s: negative for %d s", tc.name, rr.Header().Ttl)
			}
		}
		if m.Rcode != tc.rcode || strings.Join(got, "|") != tc.want || soa != tc.soa {
			t.Errorf("%s %s:\n%s", tc.name, dns.TypeToString[tc.qtype], m)
		}
		if m.Id != q.Id || !m.Response || !m.RecursionAvailable || m.AuthenticatedData || m.IsEdns0() != nil {
			t.Errorf("%s %s: header %+v", tc.name, dns.TypeToString[tc.qtype], m.MsgHdr)
		}
	}
}

func TestOddQueries(t *testing.T) {
	z := testZone(t)
	odd := func(change func(*dns.Msg)) *dns.Msg {
		q := new(dns.Msg).SetQuestion("example.com.", dns.TypeA)
		change(q)
		return q
	}
	for _, tc := range []struct {
		about string
		q     *dns.Msg
		rcode int
	}{
		{"opcode", odd(func(q *dns.Msg) { q.Opcode = dns.OpcodeNotify }), dns.RcodeNotImplemented},
		{"no question", odd(func(q *dns.Msg) { q.Question = nil }), dns.RcodeFormatError},
		{"class", odd(func(q *dns.Msg) { q.Question[0].Qclass = dns.ClassCHAOS }), dns.RcodeRefused},
		{"EDNS version", odd(func(q *dns.Msg) { q.SetEdns0(1232, false); q.IsEdns0().SetVersion(1) }), dns.RcodeBadVers},
	} {
		m := z.answer(tc.q)
		if m.Rcode != tc.rcode || len(m.Answer) != 0 {
			t.Errorf("%s: %s", tc.about, m)
		}
		if _, err := m.Pack(); err != nil {
			t.Errorf("%s: %v", tc.about, err)
		}
	}
}

func TestEDNS(t *testing.T) {
	z := testZone(t)
	q := new(dns.Msg).SetQuestion("broken.demo.", dns.TypeA)
	q.SetEdns0(4096, true)
	q.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_TCP_KEEPALIVE{Code: dns.EDNS0TCPKEEPALIVE}, &dns.EDNS0_PADDING{}}
	m := z.answer(q)
	opt := m.IsEdns0()
	if opt == nil || !opt.Do() || len(opt.Option) != 3 {
		t.Fatalf("%s", m)
	}
	keep, ede := opt.Option[0].(*dns.EDNS0_TCP_KEEPALIVE), opt.Option[1].(*dns.EDNS0_EDE)
	if keep.Timeout != 300 || ede.InfoCode != dns.ExtendedErrorCodeDNSBogus || ede.ExtraText == "" {
		t.Errorf("%s", m)
	}
	for _, name := range []string{"broken.demo.", "www.example.com.", "example.com."} {
		q.Question[0].Name = name
		wire, err := z.answer(q).Pack()
		if err != nil || len(wire)%468 != 0 {
			t.Errorf("%s: %d bytes, %v", name, len(wire), err)
		}
	}
}

// TestOnlyDocumentationAddresses keeps the demonstration from naming machines
// that exist.
func TestOnlyDocumentationAddresses(t *testing.T) {
	ranges := []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32"),
	}
	seen, ttls := 0, map[uint32]bool{}
	for name, rrs := range testZone(t) {
		for _, rr := range rrs {
			ttls[rr.Header().Ttl] = true
			var ip netip.Addr
			switch rr := rr.(type) {
			case *dns.A:
				ip, _ = netip.AddrFromSlice(rr.A.To4())
			case *dns.AAAA:
				ip, _ = netip.AddrFromSlice(rr.AAAA)
			default:
				continue
			}
			seen++
			inside := false
			for _, r := range ranges {
				inside = inside || r.Contains(ip)
			}
			if !inside {
				t.Errorf("%s has the address %s", name, ip)
			}
		}
	}
	if seen < 70 || len(ttls) < 10 {
		t.Errorf("%d addresses, %d different TTLs", seen, len(ttls))
	}
}
