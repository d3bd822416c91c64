package resolver

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// asked is what an upstream was asked, with the length of each query.
type asked struct {
	queries []*dns.Msg
	sizes   []int
}

// listening lets s answer by handle and notes what it is asked, except by
// probes.
func listening(s *pipeServer, handle func(*dns.Msg) *dns.Msg) *asked {
	seen := new(asked)
	s.set(func(s *pipeServer) {
		s.handle = func(q *dns.Msg) *dns.Msg {
			raw, _ := q.Pack() // one question and no names to compress: as it came
			s.set(func(*pipeServer) {
				seen.queries, seen.sizes = append(seen.queries, q), append(seen.sizes, len(raw))
			})
			return handle(q)
		}
	})
	return seen
}

// wire asks e as a client on this computer does, over UDP.
func wire(t *testing.T, e *Engine, name string, typ uint16, change func(*dns.Msg)) *dns.Msg {
	t.Helper()
	raw := pack(t, func(m *dns.Msg) {
		m.Question[0].Name, m.Question[0].Qtype = dns.Fqdn(name), typ
		if change != nil {
			change(m)
		}
	})
	s := &scratch{q: query{client: netip.MustParseAddrPort("127.0.0.1:4000"), arrived: time.Now()}}
	if !e.quick(s, raw) {
		e.gate.pending.enter(s.q.client)
		e.slow(s)
	}
	return unpack(t, s.out)
}

func aRecord(t *testing.T, name string, ttl int) dns.RR {
	return rr(t, fmt.Sprintf("%s %d IN A 192.0.2.1", name, ttl))
}

// Each bit of a query reaches the upstream and each bit of its answer the
// client as the RFCs say, from the cache as well.
func TestBitsPassThrough(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{})
		authentic := false
		seen := listening(s, func(q *dns.Msg) *dns.Msg {
			m := new(dns.Msg).SetReply(q)
			m.Answer = []dns.RR{aRecord(t, q.Question[0].Name, 300)}
			m.AuthenticatedData, m.Authoritative, m.Zero = authentic, true, true
			m.RecursionAvailable, m.CheckingDisabled = false, !q.CheckingDisabled
			m.RecursionDesired = !q.RecursionDesired
			if o := q.IsEdns0(); o != nil {
				m.SetEdns0(4096, !o.Do())
			}
			return m
		})
		for bits := range 1 << 6 {
			bit := func(i int) bool { return bits>>i&1 > 0 }
			ad, cd, rd, edns, do := bit(0), bit(1), bit(2), bit(3), bit(3) && bit(4)
			authentic = bit(5)
			seen.queries = nil
			name := fmt.Sprintf("b%d.example.", bits)
			for range 2 {
				m := wire(t, e, name, dns.TypeA, func(m *dns.Msg) {
					m.AuthenticatedData, m.CheckingDisabled, m.RecursionDesired = ad, cd, rd
					if edns {
						m.SetEdns0(1232, do)
					}
				})
				// RFC 6840 sections 5.7 and 5.8.
				if m.AuthenticatedData != (authentic && (ad || do)) {
					t.Errorf("%s: AD %t", name, m.AuthenticatedData)
				}
				if m.CheckingDisabled != cd || m.RecursionDesired != rd || !m.RecursionAvailable || m.Authoritative || m.Zero || m.Truncated {
					t.Errorf("%s: flags of %v", name, m)
				}
				if o := m.IsEdns0(); (o != nil) != edns || o != nil && (o.Do() != do || o.UDPSize() != ourUDPSize || o.Version() != 0) {
					t.Errorf("%s: OPT record %v", name, o)
				}
			}
			if len(seen.queries) != 1 {
				t.Fatalf("%s: asked %d times", name, len(seen.queries))
			}
			q := seen.queries[0]
			if !q.AuthenticatedData || q.CheckingDisabled != cd || q.RecursionDesired != rd || q.IsEdns0().Do() != do || q.Authoritative || q.Zero {
				t.Errorf("%s: the upstream was asked %v", name, q)
			}
		}
	})
}

// OPT records belong to one hop (RFC 6891 section 6.2.6): what is in them
// passes in neither direction, save the reason of an error.
func TestOptionsStayOnTheirHop(t *testing.T) {
	options := func(extra ...dns.EDNS0) []dns.EDNS0 {
		return append(extra,
			&dns.EDNS0_NSID{Code: dns.EDNS0NSID, Nsid: "6e73"},
			&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "00112233445566778899aabbccddeeff"},
			&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: []byte{198, 51, 100, 0}},
			&dns.EDNS0_TCP_KEEPALIVE{Code: dns.EDNS0TCPKEEPALIVE, Timeout: 100},
			&dns.EDNS0_PADDING{Padding: make([]byte, 77)},
			&dns.EDNS0_LOCAL{Code: 65001, Data: []byte("x")})
	}
	for _, hide := range []bool{false, true} {
		t.Run(fmt.Sprint("hide subnet ", hide), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				e, s := pipeMemory(t, CacheRules{})
				e.SetRules(Rules{Cache: CacheRules{Bytes: 1 << 20}, HideSubnet: hide})
				seen := listening(s, func(q *dns.Msg) *dns.Msg {
					m := new(dns.Msg).SetReply(q)
					m.Answer = []dns.RR{aRecord(t, q.Question[0].Name, 300)}
					m.SetEdns0(4096, false)
					m.IsEdns0().Hdr.Ttl |= 0x7fff // flags that nobody knows
					m.IsEdns0().Option = options(&dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeForgedAnswer, ExtraText: "by a list"})
					return m
				})
				const names = 120 // of all lengths
				for i := range names {
					name := strings.Repeat("n.", i) + "example."
					for range 2 {
						m := wire(t, e, name, dns.TypeA, func(m *dns.Msg) {
							m.SetEdns0(4096, false)
							m.IsEdns0().Hdr.Ttl |= 0x7fff
							m.IsEdns0().Option = options()
						})
						o := m.IsEdns0()
						if len(o.Option) != 1 || o.UDPSize() != ourUDPSize || o.Hdr.Ttl != 0 {
							t.Fatalf("OPT record for the client: %v", o)
						}
						if d, ok := o.Option[0].(*dns.EDNS0_EDE); !ok || d.InfoCode != dns.ExtendedErrorCodeForgedAnswer || d.ExtraText != "by a list" {
							t.Errorf("option %v", o.Option[0])
						}
					}
				}
				if len(seen.queries) != names {
					t.Errorf("asked %d times", len(seen.queries))
				}
				for i, q := range seen.queries {
					checkLeaving(t, q, seen.sizes[i], hide)
				}
			})
		})
	}
}

// checkLeaving checks a query that left: a multiple of 128 octets (RFC 8467
// section 4.1), and no option but our own.
func checkLeaving(t *testing.T, q *dns.Msg, size int, hide bool) {
	t.Helper()
	if size%128 != 0 {
		t.Errorf("%d octets left", size)
	}
	subnets, paddings := 0, 0
	for _, o := range q.IsEdns0().Option {
		switch o := o.(type) {
		case *dns.EDNS0_SUBNET:
			subnets++
			if o.SourceNetmask != 0 || len(o.Address) > 0 && !o.Address.IsUnspecified() {
				t.Errorf("the subnet %v left", o)
			}
		case *dns.EDNS0_PADDING:
			paddings++
			if slices.ContainsFunc(o.Padding, func(b byte) bool { return b != 0 }) {
				t.Error("padding that says something")
			}
		case *dns.EDNS0_TCP_KEEPALIVE:
			if o.Timeout != 0 {
				t.Errorf("keepalive %v: clients do not name a time (RFC 7828 section 3.2.1)", o)
			}
		default:
			t.Errorf("option %d left", o.Option())
		}
	}
	if paddings != 1 || (subnets == 1) != hide || subnets > 1 {
		t.Errorf("%d padding options, %d subnets", paddings, subnets)
	}
}

// Answers with signatures are for those who ask for them, and unchecked data
// for those who check themselves, in whatever order they come.
func TestAnswersOfDOAndCDStayApart(t *testing.T) {
	const sig = " 300 IN RRSIG A 13 2 300 20300101000000 20200101000000 1 example. c2lnbmF0dXJl"
	for order := range 4 {
		inBubble(t, func(t *testing.T) {
			e, s := pipeMemory(t, CacheRules{})
			seen := listening(s, func(q *dns.Msg) *dns.Msg {
				m := new(dns.Msg).SetReply(q)
				m.Answer = []dns.RR{aRecord(t, q.Question[0].Name, 300)}
				if q.IsEdns0().Do() {
					m.Answer = append(m.Answer, rr(t, q.Question[0].Name+sig))
				}
				if q.CheckingDisabled {
					m.Answer[0] = rr(t, q.Question[0].Name+" 300 IN A 192.0.2.9")
				}
				return m
			})
			for i := range 12 {
				do, cd := (i+order)%4&1 > 0, (i+order)%4&2 > 0
				m := wire(t, e, "a.example.", dns.TypeA, func(m *dns.Msg) { m.SetEdns0(1232, do); m.CheckingDisabled = cd })
				if (len(m.Answer) == 2) != do || (m.Answer[0].(*dns.A).A.String() == "192.0.2.9") != cd {
					t.Errorf("order %d: DO %t CD %t got %v", order, do, cd, m.Answer)
				}
			}
			if len(seen.queries) != 4 {
				t.Errorf("asked %d times, want once for each kind", len(seen.queries))
			}
		})
	}
}

// Of several reasons the one that makes an error final is handed on, and no
// other provider is asked then.
func TestOneOfSeveralReasons(t *testing.T) {
	const network, bogus, filtered = dns.ExtendedErrorCodeNetworkError, dns.ExtendedErrorCodeDNSBogus, dns.ExtendedErrorCodeFiltered
	for _, c := range []struct {
		sent  []uint16
		final bool
		want  uint16
	}{
		{[]uint16{network, dns.ExtendedErrorCodeStaleAnswer}, false, network},
		{[]uint16{network, dns.ExtendedErrorCodeStaleAnswer, bogus}, true, bogus},
		{[]uint16{bogus, filtered}, true, bogus},
		{[]uint16{filtered, network}, true, filtered},
	} {
		t.Run(fmt.Sprint(c.sent), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				failing := func(q *dns.Msg) *dns.Msg {
					m := new(dns.Msg).SetRcode(q, dns.RcodeServerFailure)
					m.SetEdns0(1232, false)
					for _, code := range c.sent {
						m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_EDE{InfoCode: code})
					}
					return m
				}
				n := new(pipeNet)
				listening(n.add("192.0.2.1:853"), failing)
				backup := listening(n.add("192.0.2.2:853"), failing)
				e := pipeEngine(t, n, nil, "192.0.2.1:853", "192.0.2.2:853")
				m := wire(t, e, "a.example.", dns.TypeA, func(m *dns.Msg) { m.SetEdns0(1232, false) })
				if code, _ := ede(m); m.Rcode != dns.RcodeServerFailure || code != c.want {
					t.Errorf("RCODE %d, EDE %d, want %d", m.Rcode, code, c.want)
				}
				if (len(backup.queries) == 0) != c.final {
					t.Errorf("the backup was asked %d times", len(backup.queries))
				}
			})
		})
	}
}
