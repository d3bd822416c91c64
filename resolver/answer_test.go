package resolver

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func rr(t testing.TB, text string) dns.RR {
	t.Helper()
	r, err := dns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// reply builds an upstream's answer to name.
func reply(t testing.TB, name string, typ uint16, change func(*dns.Msg)) []byte {
	t.Helper()
	m := new(dns.Msg).SetQuestion(dns.Fqdn(name), typ)
	m.Response, m.RecursionAvailable, m.Compress = true, true, true
	change(m)
	raw, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestAnswerLifetime(t *testing.T) {
	const soa = "example. 900 IN SOA ns.example. host.example. 1 2 3 4 60"
	for _, c := range []struct {
		name   string
		change func(*dns.Msg)
		want   uint32
	}{
		{"least TTL of all records", func(m *dns.Msg) {
			m.Answer = []dns.RR{rr(t, "a.example. 300 IN A 192.0.2.1"), rr(t, "a.example. 200 IN A 192.0.2.2")}
			m.Ns = []dns.RR{rr(t, "example. 100 IN NS ns.example.")}
		}, 100},
		{"day at most", func(m *dns.Msg) { m.Answer = []dns.RR{rr(t, "a.example. 604800 IN A 192.0.2.1")} }, 86400},
		{"zero", func(m *dns.Msg) { m.Answer = []dns.RR{rr(t, "a.example. 0 IN A 192.0.2.1")} }, 0},
		{"TTL with the top bit counts as zero (RFC 2181)", func(m *dns.Msg) {
			m.Answer = []dns.RR{rr(t, "a.example. 300 IN A 192.0.2.1")}
			m.Answer[0].Header().Ttl = 1 << 31
		}, 0},
		{"NXDOMAIN: SOA minimum (RFC 2308)", func(m *dns.Msg) { m.Rcode = dns.RcodeNameError; m.Ns = []dns.RR{rr(t, soa)} }, 60},
		{"NODATA", func(m *dns.Msg) { m.Ns = []dns.RR{rr(t, soa)} }, 60},
		{"NXDOMAIN without SOA", func(m *dns.Msg) {
			m.Rcode = dns.RcodeNameError
			m.Answer = []dns.RR{rr(t, "a.example. 300 IN CNAME b.example.")}
		}, 0},
		{"CNAME to NODATA", func(m *dns.Msg) {
			m.Answer = []dns.RR{rr(t, "a.example. 30 IN CNAME b.example.")}
			m.Ns = []dns.RR{rr(t, soa)}
		}, 30},
		{"SERVFAIL", func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure; m.Ns = []dns.RR{rr(t, soa)} }, 0},
		{"truncated", func(m *dns.Msg) { m.Truncated = true; m.Answer = []dns.RR{rr(t, "a.example. 300 IN A 192.0.2.1")} }, 0},
		{"empty", func(*dns.Msg) {}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := parseAnswer(reply(t, "a.example", dns.TypeA, c.change), ask("a.example", dns.TypeA))
			if err != nil {
				t.Fatal(err)
			}
			if a.ttl != c.want {
				t.Errorf("kept for %d s, want %d", a.ttl, c.want)
			}
		})
	}
}

// client is a query as a client would send it.
func client(t testing.TB, name string, change func(*dns.Msg)) *query {
	t.Helper()
	q := &query{client: netip.MustParseAddrPort("127.0.0.1:4000"), arrived: time.Now()}
	raw := pack(t, func(m *dns.Msg) {
		m.Question[0].Name = dns.Fqdn(name)
		if change != nil {
			change(m)
		}
	})
	if v := q.parse(raw); v != admit {
		t.Fatalf("verdict %d", v)
	}
	return q
}

func unpack(t testing.TB, raw []byte) *dns.Msg {
	t.Helper()
	m := new(dns.Msg)
	if err := m.Unpack(raw); err != nil {
		t.Fatalf("% x: %v", raw, err)
	}
	return m
}

func upstreamAnswer(t testing.TB, change func(*dns.Msg)) *answer {
	t.Helper()
	a, err := parseAnswer(reply(t, "a.example", dns.TypeA, func(m *dns.Msg) {
		m.Answer = []dns.RR{rr(t, "a.example. 300 IN A 192.0.2.1")}
		m.AuthenticatedData = true
		m.SetEdns0(4096, false)
		if change != nil {
			change(m)
		}
	}), ask("a.example", dns.TypeA))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestReplyRespectsTheClient(t *testing.T) {
	a := upstreamAnswer(t, func(m *dns.Msg) {
		m.IsEdns0().Option = []dns.EDNS0{
			&dns.EDNS0_EDE{InfoCode: 4, ExtraText: "forged"},
			&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0011223344556677"},
			&dns.EDNS0_PADDING{Padding: make([]byte, 40)},
		}
	})
	for _, c := range []struct {
		name   string
		change func(*dns.Msg)
		check  func(*testing.T, *dns.Msg)
	}{
		{"plain: no OPT, no AD", nil, func(t *testing.T, m *dns.Msg) {
			if m.IsEdns0() != nil || m.AuthenticatedData {
				t.Errorf("OPT or AD was not asked for: %v", m)
			}
		}},
		{"AD asked", func(m *dns.Msg) { m.AuthenticatedData = true }, func(t *testing.T, m *dns.Msg) {
			if !m.AuthenticatedData {
				t.Error("AD is missing")
			}
		}},
		{"DO", func(m *dns.Msg) { m.SetEdns0(1232, true) }, func(t *testing.T, m *dns.Msg) {
			if !m.AuthenticatedData || m.IsEdns0() == nil || !m.IsEdns0().Do() {
				t.Errorf("AD, OPT and DO are due: %v", m)
			}
		}},
		{"CD and no RD", func(m *dns.Msg) { m.CheckingDisabled, m.RecursionDesired = true, false }, func(t *testing.T, m *dns.Msg) {
			if !m.CheckingDisabled || m.RecursionDesired {
				t.Errorf("CD and RD are the client's: %v", m)
			}
		}},
		{"EDE is handed on, the hop's own options are not", func(m *dns.Msg) { m.SetEdns0(1232, false) }, func(t *testing.T, m *dns.Msg) {
			o := m.IsEdns0().Option
			if len(o) != 1 || o[0].(*dns.EDNS0_EDE).InfoCode != 4 || o[0].(*dns.EDNS0_EDE).ExtraText != "forged" {
				t.Errorf("options %v", o)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := client(t, "A.eXaMple", c.change)
			m := unpack(t, appendAnswer(nil, q, a, q.arrived))
			if m.Id != unpack(t, q.raw).Id || m.Question[0].Name != "A.eXaMple." || !m.Response || !m.RecursionAvailable {
				t.Errorf("id, letter case or flags are wrong: %v", m)
			}
			if len(m.Answer) != 1 || !m.Answer[0].(*dns.A).A.Equal(net.IPv4(192, 0, 2, 1)) {
				t.Errorf("answer %v", m.Answer)
			}
			c.check(t, m)
		})
	}
}

func TestReplyAgesTTL(t *testing.T) {
	q := client(t, "a.example", nil)
	a := upstreamAnswer(t, nil)
	a.stored = q.arrived.Add(-100*time.Second - 900*time.Millisecond)
	before := bytes.Clone(a.msg)
	if got := unpack(t, appendAnswer(nil, q, a, q.arrived)).Answer[0].Header().Ttl; got != 200 {
		t.Errorf("TTL %d, want 200", got)
	}
	if !bytes.Equal(a.msg, before) {
		t.Error("the kept answer was changed")
	}
}

// The monotonic clock stands still while the computer sleeps.
func TestReplyAgesThroughSleep(t *testing.T) {
	a := upstreamAnswer(t, nil)
	a.stored = time.Now().Round(0).Add(-200 * time.Second) // no monotonic reading, as after sleep
	if got := a.age(time.Now()); got != 200 {
		t.Errorf("age %d, want 200", got)
	}
	a.stored = time.Now().Add(time.Hour) // the clock was set back
	if got := a.age(time.Now()); got != 0 {
		t.Errorf("age %d, want 0", got)
	}
}

func TestReplyHandsOnTruncation(t *testing.T) {
	a := upstreamAnswer(t, func(m *dns.Msg) { m.Truncated = true })
	q := client(t, "a.example", nil)
	if m := unpack(t, appendAnswer(nil, q, a, q.arrived)); !m.Truncated {
		t.Error("a partial answer looks whole")
	}
}

func TestReplyExtendedRCodeNeedsEDNS(t *testing.T) {
	a := upstreamAnswer(t, nil)
	a.rcode = dns.RcodeBadCookie
	q := client(t, "a.example", nil)
	if m := unpack(t, appendAnswer(nil, q, a, q.arrived)); m.Rcode != dns.RcodeServerFailure {
		t.Errorf("rcode %d", m.Rcode)
	}
}

// Unpacking and packing again must not make more than a message can hold.
func TestParseAnswerThatGrows(t *testing.T) {
	raw := reply(t, "a.example", dns.TypeSRV, func(m *dns.Msg) { m.Answer = nil })
	name := append([]byte{63}, bytes.Repeat([]byte("x"), 63)...)
	name = append(append(append(name, name...), name[:64]...), 0)
	owner := len(raw)
	raw = append(raw, name...)
	raw = append(raw, 0, byte(dns.TypeTXT), 0, 1, 0, 0, 0, 60, 0, 1, 0)
	for range 3000 { // SRV records whose targets point to the long name
		raw = append(raw, 0xc0, headerLen, 0, byte(dns.TypeSRV), 0, 1, 0, 0, 0, 60, 0, 8, 0, 1, 0, 1, 0, 1, 0xc0, byte(owner))
	}
	raw = append(raw, 0, 0, typeOPT, 4, 208, 0, 0, 0, 0, 0, 0)
	raw = append(raw, 0, 0, byte(dns.TypeTXT), 0, 1, 0, 0, 0, 60, 0, 1, 0)
	binary.BigEndian.PutUint16(raw[6:], 3001)
	binary.BigEndian.PutUint16(raw[10:], 2)
	if a, err := parseAnswer(raw, ask("a.example", dns.TypeSRV)); err == nil && len(a.msg) > maxMessage {
		t.Errorf("%d octets", len(a.msg))
	}
}

func TestReplyTruncates(t *testing.T) {
	a := upstreamAnswer(t, func(m *dns.Msg) {
		for i := range 100 {
			m.Answer = append(m.Answer, &dns.A{Hdr: *m.Answer[0].Header(), A: net.IPv4(192, 0, 2, byte(i))})
		}
	})
	edns := func(size uint16) func(*dns.Msg) { return func(m *dns.Msg) { m.SetEdns0(size, false) } }
	for _, c := range []struct {
		name   string
		change func(*dns.Msg)
		client string
		tcp    bool
		tc     bool
	}{
		{"no EDNS", nil, "127.0.0.1:1", false, true},
		{"1232", edns(1232), "127.0.0.1:1", false, true},
		{"4096 on loopback", edns(4096), "127.0.0.1:1", false, false},
		{"4096 over a network", edns(4096), "192.0.2.7:1", false, true},
		{"TCP", nil, "192.0.2.7:1", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := client(t, "a.example", c.change)
			q.client, q.tcp = netip.MustParseAddrPort(c.client), c.tcp
			raw := appendAnswer(nil, q, a, q.arrived)
			m := unpack(t, raw)
			if m.Truncated != c.tc || (len(m.Answer) == 0) != c.tc {
				t.Errorf("TC %v with %d records, want TC %v", m.Truncated, len(m.Answer), c.tc)
			}
			if len(raw) > q.limit() {
				t.Errorf("%d octets, the client takes %d", len(raw), q.limit())
			}
		})
	}
}

// An answer that fills a TCP message comes whole, if need be without our OPT.
func TestReplyWholeOverTCP(t *testing.T) {
	raw := reply(t, "a.example", dns.TypeTXT, func(m *dns.Msg) {
		for range 242 {
			m.Answer = append(m.Answer, &dns.TXT{
				Hdr: dns.RR_Header{Name: "a.example.", Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 60},
				Txt: []string{string(bytes.Repeat([]byte("x"), 255)), "y"},
			})
		}
		m.Answer[0].(*dns.TXT).Txt = append(m.Answer[0].(*dns.TXT).Txt, string(bytes.Repeat([]byte("z"), 160)))
	})
	if len(raw) < maxMessage-11 || len(raw) > maxMessage {
		t.Fatalf("the answer has %d octets: not what this test needs", len(raw))
	}
	a, err := parseAnswer(raw, ask("a.example", dns.TypeTXT))
	if err != nil {
		t.Fatal(err)
	}
	q := client(t, "a.example", func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeTXT; m.SetEdns0(1232, false) })
	q.tcp = true
	if m := unpack(t, appendAnswer(nil, q, a, q.arrived)); len(m.Answer) != 242 || m.Truncated {
		t.Errorf("%d records, TC %v", len(m.Answer), m.Truncated)
	}
}

func TestParseAnswerMovesOPT(t *testing.T) {
	raw := reply(t, "a.example", dns.TypeMX, func(m *dns.Msg) {
		m.Answer = []dns.RR{rr(t, "a.example. 300 IN MX 1 mail.a.example.")}
		m.SetEdns0(1232, false)
		m.Extra = append(m.Extra, rr(t, "mail.a.example. 300 IN A 192.0.2.9"))
	})
	a, err := parseAnswer(raw, ask("a.example", dns.TypeMX))
	if err != nil {
		t.Fatal(err)
	}
	if m := unpack(t, a.msg); m.IsEdns0() != nil || len(m.Extra) != 1 {
		t.Errorf("extra %v", m.Extra)
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add(reply(f, "a.example", dns.TypeA, func(m *dns.Msg) {
		m.Answer = []dns.RR{rr(f, "a.example. 300 IN CNAME b.example."), rr(f, "b.example. 30 IN A 192.0.2.1")}
		m.SetEdns0(1232, true)
	}))
	f.Add(reply(f, "a.example", dns.TypeA, func(m *dns.Msg) {
		m.Ns = []dns.RR{rr(f, "example. 900 IN SOA ns.example. host.example. 1 2 3 4 60")}
	}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		qu := ask("a.example", dns.TypeA)
		if len(raw) < headerLen || !answers(raw, qu) {
			return
		}
		before := new(dns.Msg)
		sound := before.Unpack(bytes.Clone(raw)) == nil
		a, err := parseAnswer(bytes.Clone(raw), qu)
		if err != nil {
			return
		}
		q := client(t, "A.Example", func(m *dns.Msg) { m.SetEdns0(65535, true) })
		q.tcp = true
		out := appendAnswer(nil, q, a, q.arrived)
		if !sound {
			return // we pass on record data that we do not understand
		}
		after := unpack(t, out)
		if !after.Truncated && len(after.Answer) != len(before.Answer) && len(out) < maxMessage {
			t.Fatalf("%d answers became %d", len(before.Answer), len(after.Answer))
		}
	})
}
