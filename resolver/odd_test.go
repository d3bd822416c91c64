package resolver

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// What is answered to messages that are odd, and what is copied into it.
func TestOddMessages(t *testing.T) {
	edns := func(change func(*dns.Msg)) []byte {
		return pack(t, func(m *dns.Msg) {
			m.SetEdns0(1232, false)
			change(m)
		})
	}
	counts := func(raw []byte, counts ...byte) []byte { // QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT
		raw = bytes.Clone(raw)
		for i, n := range counts {
			raw[5+2*i] = n
		}
		return raw
	}
	opcode := func(op int, raw []byte) []byte {
		raw = bytes.Clone(raw)
		raw[2] = raw[2]&^0x78 | byte(op)<<3
		return raw
	}
	for _, c := range []struct {
		name  string
		raw   []byte
		rcode int
		opt   bool
	}{
		{"RFC 6891 6.1.3 version 1", edns(func(m *dns.Msg) { m.IsEdns0().SetVersion(1) }), dns.RcodeBadVers, true},
		{"RFC 6891 6.1.3 version 255, type unknown", edns(func(m *dns.Msg) { m.IsEdns0().SetVersion(255); m.Question[0].Qtype = 65399 }), dns.RcodeBadVers, true},
		{"RFC 6891 6.1.1 two OPT", edns(func(m *dns.Msg) { m.Extra = append(m.Extra, m.Extra[0]) }), dns.RcodeFormatError, true},
		{"RFC 6891 6.1.2 unknown option", edns(func(m *dns.Msg) { m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_LOCAL{Code: 65001}} }), dns.RcodeSuccess, true},
		{"RFC 6891 6.1.4 unknown EDNS flags", edns(func(m *dns.Msg) { m.IsEdns0().Hdr.Ttl |= 0x7fff }), dns.RcodeSuccess, true},
		{"RFC 6891 6.2.3 size 0", edns(func(m *dns.Msg) { m.IsEdns0().SetUDPSize(0) }), dns.RcodeSuccess, true},
		{"RFC 8906 3.1.3 Z bit", pack(t, func(m *dns.Msg) { m.Zero = true }), dns.RcodeSuccess, false},
		{"RFC 8906 3.1.3 AA, TC and RA bits", pack(t, func(m *dns.Msg) { m.Authoritative, m.Truncated, m.RecursionAvailable = true, true, true }), dns.RcodeSuccess, false},
		{"RFC 8906 3.1.4 opcode 15, header only", opcode(15, counts(pack(t, nil)[:12], 0)), dns.RcodeNotImplemented, false},
		{"RFC 8906 3.1.4 opcode 1 with odd counts", opcode(1, counts(pack(t, nil), 9, 9, 9, 9)), dns.RcodeNotImplemented, false},
		{"RFC 2136 UPDATE", opcode(5, pack(t, nil)), dns.RcodeNotImplemented, false},
		{"RFC 1996 NOTIFY", opcode(4, ednsQuery(t)), dns.RcodeNotImplemented, false},
		{"RFC 7873 5.4 no question but a cookie", edns(func(m *dns.Msg) {
			m.Question = nil
			m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0123456789abcdef"}}
		}), dns.RcodeFormatError, false},
		{"RFC 9619 two questions", pack(t, func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), dns.RcodeFormatError, false},
		{"RFC 1035 4.1.1 more records than there are", counts(pack(t, nil), 1, 0, 0, 1), dns.RcodeFormatError, false},
		{"RFC 1035 3.2.4 class CHAOS", edns(func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }), dns.RcodeRefused, true},
		{"RFC 1035 3.2.5 class ANY", edns(func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassANY }), dns.RcodeRefused, true},
		{"RFC 5936 AXFR", edns(func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAXFR }), dns.RcodeRefused, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := gateEngine(t, AdmissionRules{Access: prefixes("192.0.2.0/24")})
			s := &scratch{q: query{client: netip.MustParseAddrPort(lanClient), arrived: time.Now()}}
			if !e.quick(s, c.raw) { // an unknown type is asked of the upstream
				t.Fatal("not answered at once")
			}
			checkOdd(t, c.raw, s.out, c.rcode, c.opt)
		})
	}
}

func checkOdd(t *testing.T, raw, out []byte, rcode int, opt bool) {
	t.Helper()
	m := new(dns.Msg)
	if err := m.Unpack(out); err != nil {
		t.Fatal(err)
	}
	asked := raw[2] & 0x79 // opcode and RD
	switch {
	case m.Rcode != rcode:
		t.Errorf("rcode %s, want %s", dns.RcodeToString[m.Rcode], dns.RcodeToString[rcode])
	case !m.Response || out[2]&0x79 != asked || !bytes.Equal(out[:2], raw[:2]):
		t.Errorf("header % x answers % x", out[:4], raw[:4])
	case m.Zero || m.Truncated || m.Authoritative:
		t.Errorf("header bits copied: % x", out[:4])
	case (m.IsEdns0() != nil) != opt:
		t.Errorf("OPT record: %v", m.IsEdns0())
	case opt && (m.IsEdns0().Version() != 0 || m.IsEdns0().Hdr.Ttl&0x7fff != 0):
		t.Errorf("OPT record: %v", m.IsEdns0())
	case rcode != dns.RcodeSuccess && len(out) > len(raw):
		t.Errorf("%d octets answer %d", len(out), len(raw))
	}
}
