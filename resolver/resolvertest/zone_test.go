package resolvertest

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestZone(t *testing.T) {
	c := mustDial(t, New(t))
	for _, tc := range []struct {
		name  string
		qtype uint16
		want  string // the answers, joined by |
	}{
		{"example.com.", dns.TypeA, "example.com. 300 IN A 192.0.2.1"},
		{"ExAmple.com.", dns.TypeAAAA, "ExAmple.com. 300 IN AAAA 2001:db8::1"},
		{"a.test.", dns.TypeTXT, `a.test. 300 IN TXT "a.test."`},
		{"a.test.", dns.TypeMX, "a.test. 300 IN MX 10 mail.dot.test."},
		{"a.test.", dns.TypeNS, "a.test. 300 IN NS ns.dot.test."},
		{"1.2.0.192.in-addr.arpa.", dns.TypePTR, "1.2.0.192.in-addr.arpa. 300 IN PTR host.dot.test."},
		{"a.test.", dns.TypeCNAME, "a.test. 300 IN CNAME host.dot.test."},
		{"a.test.", dns.TypeSRV, "a.test. 300 IN SRV 1 2 853 host.dot.test."},
		{"a.test.", dns.TypeHTTPS, `a.test. 300 IN HTTPS 1 . alpn="h2"`},
		{"TTL7.test.", dns.TypeA, "TTL7.test. 7 IN A 192.0.2.1"},
		{"cname.test.", dns.TypeA, "cname.test. 300 IN CNAME middle.dot.test.|middle.dot.test. 30 IN CNAME end.dot.test.|end.dot.test. 60 IN A 192.0.2.1"},
	} {
		m := ask(t, c, tc.name, tc.qtype)
		var got []string
		for _, rr := range m.Answer {
			got = append(got, strings.Join(strings.Fields(rr.String()), " "))
		}
		if text := strings.Join(got, "|"); text != tc.want || m.Rcode != 0 || !m.RecursionAvailable {
			t.Errorf("%s %s: %s", tc.name, dns.TypeToString[tc.qtype], m)
		}
	}
}

func TestZoneWithoutAnswers(t *testing.T) {
	c := mustDial(t, New(t))
	for _, tc := range []struct {
		name  string
		qtype uint16
		rcode int
		soa   int
	}{
		{"nx1.test.", dns.TypeA, dns.RcodeNameError, 1},
		{"nodata.test.", dns.TypeA, dns.RcodeSuccess, 1},
		{"a.test.", dns.TypeLOC, dns.RcodeSuccess, 1},
		{"servfail.test.", dns.TypeA, dns.RcodeServerFailure, 0},
		{"refused.test.", dns.TypeA, dns.RcodeRefused, 0},
	} {
		m := ask(t, c, tc.name, tc.qtype)
		if m.Rcode != tc.rcode || len(m.Ns) != tc.soa || len(m.Answer) != 0 {
			t.Errorf("%s: %s", tc.name, m)
		}
	}
}

func TestZoneSizes(t *testing.T) {
	c := mustDial(t, New(t))
	for _, tc := range []struct {
		name       string
		least, top int
	}{{"big.test.", 4097, 8000}, {"max.test.", 64000, 65535}, {"max." + strings.Repeat(strings.Repeat("a", 60)+".", 4), 64000, 65535}} {
		q := query(tc.name, dns.TypeTXT)
		q.SetEdns0(4096, true)
		q.IsEdns0().Option = append(q.IsEdns0().Option, &dns.EDNS0_PADDING{Padding: make([]byte, 10)})
		write(t, c, q)
		wire, err := c.ReadMsgHeader(nil)
		if err != nil || len(wire) < tc.least || len(wire) > tc.top {
			t.Errorf("%s: %d bytes, %v", tc.name, len(wire), err)
		}
	}
}
