package resolver

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// pack builds a query message.
func pack(t testing.TB, change func(*dns.Msg)) []byte {
	t.Helper()
	m := new(dns.Msg).SetQuestion("WwW.Example.com.", dns.TypeA)
	if change != nil {
		change(m)
	}
	raw, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestParseQuery(t *testing.T) {
	edns := func(size uint16, do bool) func(*dns.Msg) {
		return func(m *dns.Msg) { m.SetEdns0(size, do) }
	}
	for _, c := range []struct {
		name string
		raw  []byte
		want verdict
	}{
		{"plain", pack(t, nil), admit},
		{"EDNS", pack(t, edns(4096, true)), admit},
		{"unknown type", pack(t, func(m *dns.Msg) { m.Question[0].Qtype = 65399 }), admit},
		{"root", pack(t, func(m *dns.Msg) { m.Question[0].Name = "." }), admit},
		{"empty", nil, drop},
		{"short header", pack(t, nil)[:11], drop},
		{"response", pack(t, func(m *dns.Msg) { m.Response = true }), drop},
		{"no question", pack(t, func(m *dns.Msg) { m.Question = nil }), formErr},
		{"two questions", pack(t, func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), formErr},
		{"cut question", pack(t, nil)[:20], formErr},
		{"compressed question", append(pack(t, nil)[:12], 0xc0, 0x0c, 0, 1, 0, 1), formErr},
		{"cut OPT", pack(t, edns(1232, false))[:40], formErr},
		{"two OPT", pack(t, func(m *dns.Msg) { m.SetEdns0(512, false); m.Extra = append(m.Extra, m.Extra[0]) }), formErr},
		{"broken option", brokenOption(t), formErr},
		{"EDNS version 1", pack(t, func(m *dns.Msg) { m.SetEdns0(512, false); m.IsEdns0().SetVersion(1) }), badVers},
		{"NOTIFY", pack(t, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }), notImp},
		{"UPDATE", pack(t, func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }), notImp},
		{"AXFR", pack(t, func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAXFR }), refuse},
		{"CHAOS", pack(t, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }), refuse},
		{"type OPT", pack(t, func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeOPT }), formErr},
	} {
		t.Run(c.name, func(t *testing.T) {
			var q query
			if got := q.parse(c.raw); got != c.want {
				t.Errorf("verdict %d, want %d", got, c.want)
			}
		})
	}
}

// brokenOption is a query whose EDNS option says it is longer than its record.
func brokenOption(t *testing.T) []byte {
	raw := pack(t, func(m *dns.Msg) {
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_PADDING{Padding: make([]byte, 4)}}
	})
	raw[len(raw)-5] = 9
	return raw
}

func TestParseQueryFields(t *testing.T) {
	var q query
	raw := pack(t, func(m *dns.Msg) { m.SetEdns0(100, true); m.CheckingDisabled = true })
	if q.parse(raw) != admit {
		t.Fatal("not admitted")
	}
	if want := []byte("\x03www\x07example\x03com\x00"); !bytes.Equal(q.name(), want) {
		t.Errorf("name %q, want it in lower case", q.name())
	}
	if !q.do || !q.cd || !q.rd || !q.edns {
		t.Errorf("do %v cd %v rd %v edns %v", q.do, q.cd, q.rd, q.edns)
	}
	if q.udpSize != 512 {
		t.Errorf("size %d; less than 512 counts as 512 (RFC 6891 section 6.2.3)", q.udpSize)
	}
}

func TestUpstreamQueryIsPadded(t *testing.T) {
	for _, name := range []string{".", "a.example.", "a-rather-long-name-that-fills-the-block.with-many-labels.and-some-more-of-them.example.com."} {
		for bits := range 4 {
			keepalive, noSubnet := bits&1 > 0, bits&2 > 0
			frame := upstreamQuery(nil, ask(name, dns.TypeAAAA), 7, keepalive, noSubnet)
			if (len(frame)-2)%128 != 0 {
				t.Errorf("%s: %d octets, want a multiple of 128", name, len(frame)-2)
			}
			m := new(dns.Msg)
			if err := m.Unpack(frame[2:]); err != nil {
				t.Fatal(err)
			}
			if m.Id != 7 || m.Question[0].Name != name || !m.RecursionDesired || m.IsEdns0() == nil {
				t.Errorf("wrong query: %v", m)
			}
			hasKeepalive, hasSubnet := false, false
			for _, o := range m.IsEdns0().Option {
				switch o := o.(type) {
				case *dns.EDNS0_TCP_KEEPALIVE:
					hasKeepalive = true
				case *dns.EDNS0_SUBNET:
					hasSubnet = o.SourceNetmask == 0 && o.SourceScope == 0 && o.Family == 1
				}
			}
			if hasKeepalive != keepalive || hasSubnet != noSubnet {
				t.Errorf("keepalive %v, empty subnet %v; want %v, %v", hasKeepalive, hasSubnet, keepalive, noSubnet)
			}
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	const known, unknown = "192.0.2.7:5353", "198.51.100.9:53"
	e := New(Config{Rules: Rules{Admission: AdmissionRules{Access: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}}})
	for _, raw := range [][]byte{
		pack(f, nil),
		pack(f, func(m *dns.Msg) { m.SetEdns0(1232, true) }),
		pack(f, func(m *dns.Msg) { m.SetEdns0(1232, true); m.IsEdns0().SetVersion(3) }),
		pack(f, func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate; m.Ns = m.Extra }),
		pack(f, func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAXFR; m.SetEdns0(1232, true) }),
		pack(f, func(m *dns.Msg) { m.Question = nil; m.SetEdns0(1232, true) }),
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var q query
		if m := new(dns.Msg); q.parse(raw) == admit && m.Unpack(raw) == nil && len(m.Question) != 1 {
			t.Fatalf("admitted %d questions", len(m.Question))
		}
		for _, client := range []string{"127.0.0.1:5353", known, unknown} {
			for _, tcp := range []bool{false, true} {
				s := &scratch{q: query{client: netip.MustParseAddrPort(client), tcp: tcp, arrived: time.Now()}}
				small := !tcp && client != "127.0.0.1:5353"
				if !e.quick(s, raw) {
					small = false
					e.fail(s, errTooMany)
				}
				checkReply(t, raw, s.out, small)
			}
		}
	})
}

// checkReply checks what a message got for an answer, which must not be larger
// where small is set.
func checkReply(t *testing.T, raw, out []byte, small bool) {
	t.Helper()
	if len(out) == 0 {
		return
	}
	if len(raw) < headerLen || raw[2]&0x80 != 0 {
		t.Fatal("answered to what is no query")
	}
	m := new(dns.Msg)
	if err := m.Unpack(out); err != nil {
		t.Fatalf("our answer % x does not parse: %v", out, err)
	}
	if !m.Response || m.Id != uint16(raw[0])<<8|uint16(raw[1]) {
		t.Fatal("our answer is not an answer to this query")
	}
	if len(out) > 512 || small && len(out) > len(raw) {
		t.Fatalf("%d octets answer %d", len(out), len(raw))
	}
}
