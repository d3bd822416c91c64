package demo

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

//go:embed demo.zone
var zoneText string

// zone holds records by lower-case owner name. A name that has only names
// below it is present with no records (RFC 8020).
type zone map[string][]dns.RR

// loadZone reads demo.zone and adds a.demo.test to z.demo.test.
func loadZone() (zone, error) {
	z := zone{}
	parser := dns.NewZoneParser(strings.NewReader(zoneText), ".", "demo.zone")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		z.add(rr)
	}
	if err := parser.Err(); err != nil {
		return nil, err
	}
	for i := range 26 {
		name := fmt.Sprintf("%c.demo.test.", 'a'+i)
		for _, text := range []string{
			fmt.Sprintf("%s %d A 203.0.113.%d", name, 10*(i+1), 100+i),
			fmt.Sprintf("%s %d AAAA 2001:db8:3::%x", name, 10*(i+1), i+1),
		} {
			rr, err := dns.NewRR(text)
			if err != nil {
				return nil, err
			}
			z.add(rr)
		}
	}
	return z, nil
}

func (z zone) add(rr dns.RR) {
	owner := strings.ToLower(rr.Header().Name)
	z[owner] = append(z[owner], rr)
	for off, end := dns.NextLabel(owner, 0); !end; off, end = dns.NextLabel(owner, off) {
		if _, ok := z[owner[off:]]; !ok {
			z[owner[off:]] = nil
		}
	}
}

// lookup returns the records of that name and type, following CNAME records,
// and whether the last name exists. Owners are spelled as they were asked for.
func (z zone) lookup(name string, qtype uint16) (answer []dns.RR, exists bool) {
	const longestChain = 8
	for range longestChain {
		records, ok := z[strings.ToLower(name)]
		exists = ok
		next := ""
		for _, rr := range records {
			t := rr.Header().Rrtype
			if t != qtype && t != dns.TypeCNAME {
				continue
			}
			rr = dns.Copy(rr)
			rr.Header().Name = name
			answer = append(answer, rr)
			if c, ok := rr.(*dns.CNAME); ok && qtype != dns.TypeCNAME {
				next = c.Target
			}
		}
		if next == "" {
			break
		}
		name = next
	}
	return answer, exists
}

// soa returns the SOA record of the zone that name lies in, for negative
// answers; its TTL is the time to keep them (RFC 2308 sections 3 and 5).
func (z zone) soa(name string) []dns.RR {
	name = strings.ToLower(name)
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if soa := negative(z[name[off:]]); soa != nil {
			return soa
		}
	}
	return negative(z["."])
}

func negative(records []dns.RR) []dns.RR {
	for _, rr := range records {
		if soa, ok := dns.Copy(rr).(*dns.SOA); ok {
			soa.Hdr.Ttl = min(soa.Hdr.Ttl, soa.Minttl)
			return []dns.RR{soa}
		}
	}
	return nil
}
