package ddr

import (
	"testing"

	"github.com/miekg/dns"
)

// FuzzDesignations reads answers of any network: what it finds can be used.
func FuzzDesignations(f *testing.F) {
	for _, line := range []string{
		"_dns.resolver.arpa. 60 IN SVCB 1 dns.example. alpn=dot port=8853 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",
		"_dns.resolver.arpa. 60 IN SVCB 0 dns.example.",
		"_dns.resolver.arpa. 60 IN SVCB 1 . mandatory=alpn,key99 alpn=dot,h2 key99=x",
	} {
		rr, err := dns.NewRR(line)
		if err != nil {
			f.Fatal(err)
		}
		m := new(dns.Msg)
		m.SetQuestion(question, dns.TypeSVCB)
		m.Response, m.Answer = true, []dns.RR{rr}
		wire, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		m := new(dns.Msg)
		if m.Unpack(wire) != nil {
			return
		}
		records, alias := read(m, question)
		if alias != "" && (len(records) > 0 || plainName(alias) == "") {
			t.Errorf("%d records, and leads to %q", len(records), alias)
		}
		if len(records) > maxRecords {
			t.Errorf("%d records", len(records))
		}
		for _, r := range records {
			r.take(m.Extra)
			if r.port == 0 || len(r.hints) > maxAddrs || r.name != "" && plainName(r.name) != r.name {
				t.Errorf("it reads %+v", r)
			}
		}
	})
}
