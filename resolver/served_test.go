package resolver

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// What is served from the cache is what the upstream sent, minus the time since
// then: the same records in the same order, and not a second too long.
func FuzzServedFromCache(f *testing.F) {
	add := func(age uint32, change func(*dns.Msg)) { f.Add(reply(f, "a.example", dns.TypeA, change), age) }
	add(7, func(m *dns.Msg) {
		m.Answer = []dns.RR{rr(f, "a.example. 300 IN CNAME b.example."), rr(f, "b.example. 30 IN A 192.0.2.1")}
		m.Compress = true
		m.SetEdns0(1232, true)
	})
	add(0, func(m *dns.Msg) {
		m.Rcode = dns.RcodeNameError
		m.Ns = []dns.RR{rr(f, "example. 900 IN SOA ns.example. host.example. 1 2 3 4 60")}
	})
	add(86399, func(m *dns.Msg) {
		m.Answer = []dns.RR{rr(f, "a.example. 172800 IN A 192.0.2.1"), rr(f, "a.example. 172800 IN A 192.0.2.2")}
		m.AuthenticatedData = true
		m.Extra = []dns.RR{rr(f, "ns.example. 4294967295 IN AAAA 2001:db8::1")}
	})
	began := time.Unix(1e9, 0)
	f.Fuzz(func(t *testing.T, raw []byte, age uint32) {
		qu := ask("a.example", dns.TypeA)
		sent := new(dns.Msg)
		if len(raw) < headerLen || !answers(raw, qu) || sent.Unpack(bytes.Clone(raw)) != nil {
			return
		}
		// Made anew: a pointer into a TTL, which only a forger writes, would lead
		// elsewhere as that ages.
		sent.Compress = true
		raw, err := sent.Pack()
		if err != nil || sent.Unpack(bytes.Clone(raw)) != nil {
			return
		}
		a, err := parseAnswer(raw, qu)
		if err != nil {
			return
		}
		a.stored = began
		c := newCache(CacheRules{Bytes: 4 << 20})
		rules := c.rules.Load()
		c.put(qu, bounded(a, rules), 0)
		now := began.Add(time.Duration(age) * time.Second)
		got := c.find(qu, now)
		if got.ans == nil {
			return
		}
		q := client(t, "a.example", func(m *dns.Msg) { m.SetEdns0(65535, true) })
		q.tcp = true
		served := new(dns.Msg)
		if err := served.Unpack(appendAnswer(nil, q, got.ans, now)); err != nil {
			t.Fatalf("served what does not parse: %v", err)
		}
		if sent.Truncated || served.Rcode != sent.Rcode || served.AuthenticatedData != sent.AuthenticatedData {
			t.Fatalf("header differs:\n%v\n%v", sent, served)
		}
		sameRecords(t, sent.Answer, served.Answer, age)
		sameRecords(t, sent.Ns, served.Ns, age)
		sameRecords(t, withoutOPT(sent.Extra), withoutOPT(served.Extra), age)
	})
}

func withoutOPT(rrs []dns.RR) []dns.RR {
	var rest []dns.RR
	for _, rr := range rrs {
		if rr.Header().Rrtype != dns.TypeOPT {
			rest = append(rest, rr)
		}
	}
	return rest
}

func sameRecords(t *testing.T, sent, served []dns.RR, age uint32) {
	t.Helper()
	if len(sent) != len(served) {
		t.Fatalf("%d records became %d", len(sent), len(served))
	}
	for i := range sent {
		was, is := dns.Copy(sent[i]), dns.Copy(served[i])
		ttl := was.Header().Ttl
		if ttl > 1<<31-1 {
			ttl = 0
		}
		if is.Header().Ttl > ttl-min(age, ttl) {
			t.Fatalf("TTL %d of %d after %d seconds", is.Header().Ttl, was.Header().Ttl, age)
		}
		was.Header().Ttl, is.Header().Ttl = 0, 0
		// A compressed name may point to the question, whose letter case is the
		// client's.
		if !strings.EqualFold(was.String(), is.String()) {
			t.Fatalf("%v became %v", was, is)
		}
	}
}
