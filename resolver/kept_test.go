package resolver

import (
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// How long an answer is given again, and that it is asked for after that. 0 is
// not even once (RFC 2181 section 5.2, RFC 2308 section 5, RFC 1035 section
// 3.2.1).
func TestKeptFor(t *testing.T) {
	zone := func(ttl, minimum string) string {
		return "example. " + ttl + " IN SOA ns.example. host.example. 1 2 3 4 " + minimum
	}
	const chain = "a.example. 300 IN CNAME b.example."
	for _, c := range []struct {
		name              string
		rcode             int
		answer, authority []string
		tc                bool
		want              int
	}{
		{"NXDOMAIN, MINIMUM is less", dns.RcodeNameError, nil, []string{zone("900", "60")}, false, 60},
		{"NXDOMAIN, the SOA record's TTL is less", dns.RcodeNameError, nil, []string{zone("30", "900")}, false, 30},
		{"NXDOMAIN, MINIMUM 0", dns.RcodeNameError, nil, []string{zone("900", "0")}, false, 0},
		{"NXDOMAIN, more than a day", dns.RcodeNameError, nil, []string{zone("999999", "888888")}, false, 86400},
		{"NXDOMAIN without SOA", dns.RcodeNameError, nil, nil, false, 0},
		{"NXDOMAIN with NS records only", dns.RcodeNameError, nil, []string{"example. 300 IN NS ns.example."}, false, 0},
		{"NODATA, MINIMUM is less", 0, nil, []string{zone("900", "60")}, false, 60},
		{"NODATA, the SOA record's TTL is less", 0, nil, []string{zone("30", "900")}, false, 30},
		{"NODATA without SOA", 0, nil, nil, false, 0},
		{"referral", 0, nil, []string{"example. 300 IN NS ns.example."}, false, 0},
		{"chain, the first is least", 0, []string{"a.example. 20 IN CNAME b.example.", "b.example. 300 IN CNAME c.example.", "c.example. 400 IN A 192.0.2.1"}, nil, false, 20},
		{"chain, the middle is least", 0, []string{chain, "b.example. 20 IN CNAME c.example.", "c.example. 400 IN A 192.0.2.1"}, nil, false, 20},
		{"chain, the last is least", 0, []string{chain, "b.example. 400 IN CNAME c.example.", "c.example. 20 IN A 192.0.2.1"}, nil, false, 20},
		{"chain, one is 0", 0, []string{chain, "b.example. 0 IN CNAME c.example.", "c.example. 20 IN A 192.0.2.1"}, nil, false, 0},
		{"chain to NXDOMAIN", dns.RcodeNameError, []string{chain}, []string{zone("900", "60")}, false, 60},
		{"chain to NXDOMAIN, the chain is less", dns.RcodeNameError, []string{"a.example. 20 IN CNAME b.example."}, []string{zone("900", "60")}, false, 20},
		{"chain to NODATA", 0, []string{chain}, []string{zone("900", "60")}, false, 60},
		{"chain to nothing", 0, []string{chain}, nil, false, 0},
		{"several records, one is less", 0, []string{"a.example. 300 IN A 192.0.2.1", "a.example. 20 IN A 192.0.2.2"}, nil, false, 20},
		{"TTL 0", 0, []string{"a.example. 0 IN A 192.0.2.1"}, nil, false, 0},
		{"TTL 1", 0, []string{"a.example. 1 IN A 192.0.2.1"}, nil, false, 1},
		{"more than a day", 0, []string{"a.example. 604800 IN A 192.0.2.1"}, nil, false, 86400},
		{"truncated", 0, []string{"a.example. 300 IN A 192.0.2.1"}, nil, true, 0},
		{"truncated NXDOMAIN", dns.RcodeNameError, nil, []string{zone("900", "60")}, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				e, s := pipeMemory(t, CacheRules{})
				seen := listening(s, func(q *dns.Msg) *dns.Msg {
					m := new(dns.Msg).SetRcode(q, c.rcode)
					m.Truncated = c.tc
					for _, text := range c.answer {
						m.Answer = append(m.Answer, rr(t, text))
					}
					for _, text := range c.authority {
						m.Ns = append(m.Ns, rr(t, text))
					}
					return m
				})
				check := func(after time.Duration, times, ttl int) {
					t.Helper()
					time.Sleep(after)
					m := wire(t, e, "a.example.", dns.TypeA, nil)
					if m.Rcode != c.rcode || len(m.Answer) != len(c.answer) || len(m.Ns) != len(c.authority) || m.Truncated != c.tc {
						t.Errorf("answer %v", m)
					}
					if len(seen.queries) != times {
						t.Errorf("asked %d times, want %d", len(seen.queries), times)
					}
					if least := leastTTL(m); ttl > 0 && least != ttl {
						t.Errorf("TTL %d, want %d", least, ttl)
					}
				}
				check(0, 1, c.want)
				if c.want == 0 {
					check(0, 2, 0)
					return
				}
				check(time.Duration(c.want)*time.Second-time.Nanosecond, 1, 1)
				check(time.Nanosecond, 2, c.want)
			})
		})
	}
}

func leastTTL(m *dns.Msg) int {
	least := uint32(1<<32 - 1)
	for _, rr := range append(m.Answer, m.Ns...) {
		least = min(least, rr.Header().Ttl)
	}
	return int(least)
}

// Names that the user or the hosts file gives addresses have them at once,
// whatever was known about them before.
func TestOverridesBeatWhatIsKept(t *testing.T) {
	before := map[string]func(*dns.Msg) *dns.Msg{
		"positive": address(3600),
		"NXDOMAIN": func(q *dns.Msg) *dns.Msg {
			m := new(dns.Msg).SetRcode(q, dns.RcodeNameError)
			m.Ns = []dns.RR{rr(t, "example. 3600 IN SOA ns.example. host.example. 1 2 3 4 3600")}
			return m
		},
		"failure": rcode(dns.RcodeServerFailure),
		"stale":   address(1),
	}
	const name = "nas.lan.example"
	given := []Override{{Name: name, Addrs: addrsOf("10.0.0.1")}}
	for kind, handle := range before {
		for by, rules := range map[string]NameRules{
			"override": {Overrides: given}, "hosts": {Hosts: given},
			"wildcard": {Overrides: []Override{{Name: "*.example", Addrs: addrsOf("10.0.0.1")}}},
		} {
			t.Run(fmt.Sprint(kind, " ", by), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					e, s := pipeMemory(t, CacheRules{Stale: day})
					seen := listening(s, handle)
					wire(t, e, name, dns.TypeA, nil)
					if kind == "stale" {
						time.Sleep(time.Minute)
					}
					e.SetRules(Rules{Cache: CacheRules{Bytes: 1 << 20, Stale: day}, Names: rules})
					m := wire(t, e, name, dns.TypeA, nil)
					if len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "10.0.0.1" || !m.Authoritative {
						t.Errorf("answer %v", m)
					}
					e.SetRules(Rules{Cache: CacheRules{Bytes: 1 << 20, Stale: day}})
					times := len(seen.queries)
					if m := wire(t, e, name, dns.TypeA, nil); m.Authoritative || len(seen.queries) == times {
						t.Errorf("without the rule: asked %d times more, answer %v", len(seen.queries)-times, m)
					}
				})
			})
		}
	}
}
