package resolver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// What is too large for a datagram comes without what is only offered, and with
// no records at all where that is not enough.
func TestReplyFits(t *testing.T) {
	texts := func(n int) (rrs []dns.RR) {
		for i := range n {
			rrs = append(rrs, rr(t, fmt.Sprintf("a.example. 60 IN TXT \"%02d%s\"", i, strings.Repeat("x", 98))))
		}
		return rrs
	}
	ns := []dns.RR{rr(t, "example. 60 IN NS one.example."), rr(t, "example. 60 IN NS two.example.")}
	soa := []dns.RR{rr(t, "example. 60 IN SOA ns.example. host.example. 1 2 3 4 5")}
	proof := []dns.RR{rr(t, "example. 60 IN NSEC b.example. A")}
	cname := []dns.RR{rr(t, "a.example. 60 IN CNAME b.example.")}
	for _, c := range []struct {
		name                   string
		answer, authority, add []dns.RR
		size                   uint16
		do, tc                 bool
		want                   [3]int
	}{
		{"all of it", texts(4), ns, texts(1), 1232, false, false, [3]int{4, 2, 1}},
		{"without the additional section", texts(4), ns, texts(9), 1232, false, false, [3]int{4, 2, 0}},
		{"without EDNS", texts(3), ns, texts(9), 0, false, false, [3]int{3, 2, 0}},
		{"without the zone's servers", texts(4), ns, texts(9), 512, false, false, [3]int{4, 0, 0}},
		{"the answer is too large", texts(5), ns, nil, 512, false, true, [3]int{}},
		{"an answer ends with its SOA record", cname, append(soa, texts(9)...), nil, 512, false, true, [3]int{}},
		{"SOA fits", cname, soa, texts(9), 512, false, false, [3]int{1, 1, 0}},
		{"a proof is needed", texts(4), append(proof, texts(9)...), nil, 512, true, true, [3]int{}},
		{"servers with DO", texts(4), ns, nil, 512, true, true, [3]int{}},
		{"a referral is nothing without addresses", nil, ns, texts(9), 512, false, true, [3]int{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := parseAnswer(reply(t, "a.example", dns.TypeTXT, func(m *dns.Msg) {
				m.Answer, m.Ns, m.Extra = c.answer, c.authority, c.add
			}), ask("a.example", dns.TypeTXT))
			if err != nil {
				t.Fatal(err)
			}
			a.ede = &EDE{Code: dns.ExtendedErrorCodeOther}
			q := client(t, "A.example", func(m *dns.Msg) {
				m.Question[0].Qtype = dns.TypeTXT
				if c.size > 0 {
					m.SetEdns0(c.size, c.do)
				}
			})
			kept := string(a.msg)
			raw := appendAnswer([]byte("before"), q, a, q.arrived)[len("before"):]
			m := unpack(t, raw)
			got := [3]int{len(m.Answer), len(m.Ns), len(withoutOPT(m.Extra))}
			if got != c.want || m.Truncated != c.tc || len(raw) > q.limit() {
				t.Errorf("%v records and TC %v in %d octets, want %v and %v", got, m.Truncated, len(raw), c.want, c.tc)
			}
			if o := m.IsEdns0(); (o != nil) != q.edns || o != nil && len(o.Option) != 1 {
				t.Errorf("OPT record %v", o)
			}
			if string(a.msg) != kept {
				t.Error("the kept answer was changed")
			}
		})
	}
}
