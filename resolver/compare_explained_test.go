package resolver_test

import (
	"path"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// explanation says why some differences between Unbound's answers and ours are
// right. Names, types and variants are lists, of which "" is all; each may be a
// pattern as of path.Match, and so may be the differences.
type explanation struct {
	names, types, variants string
	differs                []string
	why                    string
}

func (e explanation) holds(c comparedCase) bool {
	return inList(e.names, c.class) && inList(e.types, dns.Type(c.typ).String()) && inList(e.variants, c.variant.name)
}

func inList(list, s string) bool {
	return list == "" || slices.ContainsFunc(strings.Fields(list), func(pattern string) bool { return match(pattern, s) })
}

func match(pattern, s string) bool {
	ok, err := path.Match(pattern, s)
	return ok && err == nil
}

// explain tells whether a difference is explained, and notes all that do so.
func (c comparedCase) explain(d string, used map[string]bool) bool {
	found := false
	for _, e := range explained {
		if !e.holds(c) {
			continue
		}
		for _, pattern := range e.differs {
			if match(pattern, d) {
				used[e.why+pattern] = true
				found = true
			}
		}
	}
	return found
}

const (
	errorNames = "servfail.example. refused.example. blocked.example. notimp.example."
	emptyZones = "home.arpa. 10.in-addr.arpa. 16.172.in-addr.arpa. 127.in-addr.arpa. 0.in-addr.arpa. 254.169.in-addr.arpa. " +
		"100.51.198.in-addr.arpa. 113.0.203.in-addr.arpa. 255.255.255.255.in-addr.arpa. 64.100.in-addr.arpa. " +
		"d.f.ip6.arpa. 8.e.f.ip6.arpa. b.e.f.ip6.arpa. 8.b.d.0.1.0.0.2.ip6.arpa. *.0.0.0.ip6.arpa."
	belowEmpty = "a.invalid. abc.onion. nas.home.arpa. 1.0.0.10.in-addr.arpa. 1.0.31.172.in-addr.arpa. 1.168.192.in-addr.arpa. " +
		"1.0.0.127.in-addr.arpa. 2.0.0.127.in-addr.arpa. 1.2.0.192.in-addr.arpa. 1.1.127.100.in-addr.arpa. " +
		"1.d.f.ip6.arpa. 1.8.b.d.0.1.0.0.2.ip6.arpa."
)

var explained = []explanation{
	{types: "ANY", differs: []string{
		"answer: HINFO | *", "authority: none | *", "additional: none | *", "RCODE: NOERROR | NXDOMAIN",
	}, why: "We answer ANY with one HINFO record and do not ask, so we do not know whether the name exists (RFC 8482 section 4.2)."},
	{names: "*.dn x.dn.signed.example.", differs: []string{"TTL in answer: CNAME * | CNAME 0"},
		why: "The TTL of a CNAME record made from a DNAME record is that record's (RFC 6672 section 3.1); Unbound makes it 0."},
	{differs: []string{"authority: NS | none", "authority: NS RRSIG | none"},
		why: "Unbound drops the zone's servers from an answer; a forwarder hands on the answer it got (RFC 5625 section 4)."},
	{names: "www chain tonodata outward *.dn MixedTo www.signed.example. x.dn.signed.example.", differs: []string{
		"authority: none | SOA", "authority: NS | SOA", "authority: NS RRSIG | NSEC RRSIG SOA",
	}, why: "Where a CNAME record leads to no data CoreDNS stops at it and Unbound asks for the rest; we hand on what came, and do not keep it: there is no SOA record (RFC 2308 section 5)."},
	{variants: "nordmiss", differs: []string{
		"RCODE: * | SERVFAIL", "answer: * | none", "authority: * | none", "additional: * | none", "TC: 1 | 0",
	}, why: "Without RD Unbound tells only what it knows already; we hand the bit on, and whether to recurse is the upstream's choice (RFC 1035 section 4.1.1)."},
	{variants: "nord nordedns", differs: []string{"RD: 0 | 1"},
		why: "RD is copied from the query (RFC 1035 section 4.1.1); Unbound copies it from what it keeps."},
	{names: "www chain dangling *.dn once x.dn.signed.example.", variants: "nord nordedns", differs: []string{
		"answer: * | none", "authority: * | NS", "additional: * | A",
	}, why: "Without RD Unbound refers to other servers for what it did not keep whole; we are told by the upstream (RFC 1035 section 4.1.1)."},
	{variants: "case", differs: []string{"letter case in answer", "letter case in authority", "letter case in additional"},
		why: "We ask in lower case, so that all who ask share one answer; the question comes back as it was asked, and owners are the same in any case (RFC 4343 section 3)."},
	{names: "MiXeD MixedTo TARGET", differs: []string{"letter case in answer"},
		why: "The same: CoreDNS repeats the question's name, which is in lower case."},
	{names: "localhost. a.localhost. LOCALHOST.", differs: []string{
		"TTL in answer: A 3600 | A 10800", "TTL in answer: AAAA 3600 | AAAA 10800", "answer: none | NS", "answer: none | SOA", "authority: SOA | *",
	}, why: "Both answer these themselves, with addresses and nothing else (RFC 6761 section 6.3); the TTL is each one's own choice."},
	{names: "invalid. onion.", differs: []string{"RCODE: NXDOMAIN | NOERROR", "answer: none | *", "authority: SOA | *"},
		why: "Unbound makes the names themselves exist; they do not (RFC 6761 section 6.4, RFC 7686 section 2)."},
	{names: "local. printer.local.", differs: []string{"AA: 1 | 0", "RCODE: NXDOMAIN | NOERROR", "answer: none | A", "authority: SOA | *", "additional: none | A"},
		why: "Names below local are asked by multicast and never of a server (RFC 6762 section 22.1); Unbound lets them leave."},
	{names: "resolver.arpa. *.resolver.arpa.", differs: []string{"AA: 1 | 0", "RCODE: NOERROR | NXDOMAIN", "answer: none | A", "authority: SOA | *"},
		why: "resolver.arpa belongs to each hop (RFC 9462 section 6.4); this Unbound is older than the RFC and lets it leave."},
	{names: "test. www.test.", differs: []string{
		"AA: 0 | 1", "RCODE: NOERROR | NXDOMAIN", "answer: none | *", "answer: A | *", "authority: * | *",
	}, why: "Laboratories use test with servers of their own, which RFC 6761 section 6.2 asks to allow; the upstream answers for it otherwise."},
	{names: emptyZones, differs: []string{"answer: SOA | SOA", "answer: NS | NS", "authority: SOA | SOA"},
		why: "In an empty zone the zone itself is the server's name (RFC 6303 section 3); Unbound writes localhost."},
	{names: belowEmpty, differs: []string{"authority: SOA | SOA"}, why: "The same, below such a zone."},
	{names: "1.0.0.127.in-addr.arpa. 1.0.0.0.*", types: "PTR", differs: []string{"TTL in answer: PTR 3600 | PTR 10800"},
		why: "Both answer these themselves (RFC 6303 section 4); the TTL is each one's own choice."},
	{names: errorNames, differs: []string{"RCODE: REFUSED | SERVFAIL", "RCODE: NOTIMP | SERVFAIL"},
		why: "The upstream's RCODE is handed on (RFC 5625 section 4); Unbound makes SERVFAIL of all."},
	{names: "blocked.example. forged.example.", differs: []string{"OPT: version 0 DO * size 1232 EDE 15 | version 0 DO * size 1232", "OPT: version 0 DO * size 1232 EDE 4 | version 0 DO * size 1232"},
		why: "What the upstream says about its answer is handed on (RFC 8914 section 3)."},
	{names: "*signed.example.", types: "NSEC", differs: []string{"answer: none | NSEC*", "authority: SOA | none"},
		why: "CoreDNS makes NSEC records for who sets DO, which Unbound always does; our query has the client's DO (RFC 3225 section 3)."},
	{names: "nobody.signed.example.", differs: []string{"RCODE: NXDOMAIN | NOERROR"},
		why: "The same: CoreDNS says NXDOMAIN to who does not set DO, and proves that there is no data to who does."},
	{names: "*signed.example.", variants: "do cddo tcpdo", differs: []string{"authority: NSEC RRSIG | NSEC RRSIG", "answer: RRSIG | *RRSIG", "answer: RRSIG | none"},
		why: "CoreDNS signs each answer anew with a proof of its own, and Unbound mixes records of several answers (RFC 2181 section 5.4.1); we keep each answer whole."},
}
