package resolver_test

import (
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// names are some names and the types to ask of each.
type names struct{ names, types string }

// comparedNames are below each variant's zone, with the types that all variants
// ask for; the first variant asks for all of comparedTypes.
var comparedNames = []names{
	{"", "A NS SOA MX CAA TXT ANY DS DNSKEY"},
	{"a", "A AAAA ANY"}, {"both", "A AAAA HTTPS"}, {"six", "AAAA"}, {"many", "A"},
	{"www", "A AAAA CNAME MX ANY"}, {"chain", "A AAAA CNAME TXT"}, {"dangling", "A CNAME"}, {"tonodata", "A TXT"}, {"outward", "A"},
	{"mail", "MX"}, {"nullmx", "MX"}, {"text", "TXT"}, {"strings", "TXT"}, {"bytes", "TXT"},
	{"_sip._tcp", "SRV"}, {"_none._tcp", "SRV"}, {"_tcp", "A"}, {"caa", "CAA"}, {"_dns", "SVCB"},
	{"web", "HTTPS A"}, {"alias", "HTTPS"}, {"key65400", "HTTPS"}, {"naptr", "NAPTR"},
	{"dn", "DNAME A"}, {"x.dn", "A AAAA CNAME"}, {"y.dn", "TXT"}, {"none.dn", "A"},
	{"q.wild", "A MX TXT"}, {"q.r.wild", "A"}, {"*.wild", "A"}, {"z.wild", "A TXT"}, {"wild", "A"}, {"q.wtext", "TXT A"},
	{"ent", "A TXT"}, {"deep.ent", "A"}, {"only", "A TXT"}, {"nobody", "A AAAA"}, {"below.nobody", "A"}, {"below.a", "A"},
	{"sub", "A NS DS"}, {"x.sub", "A"}, {"ns.sub", "A"}, {"ptr", "PTR"},
	{"odd", "TYPE65534"}, {"odd0", "TYPE65280"}, {"tls._tcp", "TLSA"}, {"ssh", "SSHFP"}, {"loc", "LOC"}, {"hinfo", "HINFO"}, {"uri", "URI"}, {"rp", "RP"},
	{`a\.dot`, "A"}, {`nul\000byte`, "A"}, {`high\255`, "A"}, {`sp\032ace`, "A"}, {`back\\slash`, "A"},
	{"MiXeD", "A"}, {"mixed", "A"}, {"MixedTo", "A"}, {"TARGET", "A"}, {"xn--bcher-kva", "A"}, {"_under.score", "A"},
	{"0123456789012345678901234567890123456789012345678901234567890ab", "A"},
	{"1.2.3.4.5.6.7.8.9.0.a.b.c.d.e.f", "AAAA"}, {"3.4.5.6.7.8.9.0.a.b.c.d.e.f", "AAAA"},
	{"once", "A"}, {"week", "A"}, {"short", "A"}, {"big", "TXT"}, {"middle", "TXT"},
}

var comparedTypes = "A AAAA CNAME MX TXT SRV CAA SVCB HTTPS NAPTR DNAME NS SOA PTR TLSA HINFO ANY DS DNSKEY RRSIG TYPE65534"

// comparedElsewhere are asked as they are, in a few of the ways.
var comparedElsewhere = []names{
	{". com. example. elsewhere.example. target.elsewhere.example.", "A NS SOA TXT DS ANY"},
	{"nosoa.example. x.nosoa.example. empty.example. x.empty.example.", "A TXT"},
	{"forged.example.", "A AAAA"},
	{"localhost. a.localhost. LOCALHOST. invalid. a.invalid. local. printer.local. onion. abc.onion. test. www.test. home.arpa. nas.home.arpa.", specialTypes},
	{"resolver.arpa. _dns.resolver.arpa. x.resolver.arpa. use-application-dns.net. arpa. in-addr.arpa. ip6.arpa.", specialTypes + " SVCB"},
	{"10.in-addr.arpa. 1.0.0.10.in-addr.arpa. 16.172.in-addr.arpa. 1.0.31.172.in-addr.arpa. 32.172.in-addr.arpa. 1.168.192.in-addr.arpa.", specialTypes},
	{"1.0.0.127.in-addr.arpa. 127.in-addr.arpa. 2.0.0.127.in-addr.arpa. 0.in-addr.arpa. 254.169.in-addr.arpa. 1.2.0.192.in-addr.arpa.", specialTypes},
	{"100.51.198.in-addr.arpa. 113.0.203.in-addr.arpa. 255.255.255.255.in-addr.arpa. 64.100.in-addr.arpa. 1.1.127.100.in-addr.arpa. 128.100.in-addr.arpa.", specialTypes},
	{"d.f.ip6.arpa. 1.d.f.ip6.arpa. 8.e.f.ip6.arpa. b.e.f.ip6.arpa. 8.b.d.0.1.0.0.2.ip6.arpa. 1.8.b.d.0.1.0.0.2.ip6.arpa. c.f.ip6.arpa.", specialTypes},
	{reverseZero + " 1" + reverseZero[1:], specialTypes},
	{"signed.example. a.signed.example. www.signed.example. nobody.signed.example. q.wild.signed.example. only.signed.example. x.dn.signed.example.", "A AAAA TXT DNSKEY RRSIG NSEC ANY"},
}

// comparedFailing come last: Unbound takes their errors for a failure of its
// upstream, which it then leaves alone for a while.
var comparedFailing = names{"servfail.example. refused.example. blocked.example. notimp.example.", "A AAAA"}

var elsewhereVariants = []string{"edns", "plain", "do", "cddo", "ad", "nord", "tcpdo"}

const specialTypes = "A AAAA PTR NS SOA TXT ANY"

var reverseZero = strings.Repeat("0.", 32) + "ip6.arpa."

// comparedCases are all questions.
func comparedCases() []comparedCase {
	var all []comparedCase
	add := func(class, name, types string, v variant) {
		for typ := range strings.FieldsSeq(types) {
			all = append(all, comparedCase{class, name, typeOf(typ), v})
		}
	}
	for i, v := range variants {
		for _, n := range comparedNames {
			types := n.types
			if i == 0 {
				types = comparedTypes
				for typ := range strings.FieldsSeq(n.types) {
					if !strings.Contains(" "+types+" ", " "+typ+" ") {
						types += " " + typ
					}
				}
			}
			add(n.names, strings.TrimPrefix(n.names+"."+v.zone()+".", "."), types, v)
		}
	}
	for _, e := range append(comparedElsewhere, comparedFailing) {
		for _, v := range variants {
			if !slices.Contains(elsewhereVariants, v.name) {
				continue
			}
			for name := range strings.FieldsSeq(e.names) {
				add(name, name, e.types, v)
			}
		}
	}
	return all
}

// typeOf reads a type's name; numbers are as in RFC 3597 section 5.
func typeOf(name string) uint16 {
	rr, err := dns.NewRR(`x. IN ` + name + ` \# 0`)
	if t, ok := dns.StringToType[name]; ok {
		return t
	}
	if err != nil {
		panic(err)
	}
	return rr.Header().Rrtype
}
