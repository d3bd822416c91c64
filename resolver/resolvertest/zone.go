package resolvertest

import (
	"net"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// Zone is the default handler. It answers every name of every zone with one
// record and a TTL of 300 s: A 192.0.2.1, AAAA 2001:db8::1, TXT the name asked
// for, MX, NS, PTR, SRV, CNAME and HTTPS; nothing for other types. The first
// label chooses other answers by how it begins, in any letter case:
//
//	nx        NXDOMAIN with a SOA record whose minimum is 60
//	nodata    no records and the same SOA
//	cname     a chain of two CNAME records and the address
//	big       20 TXT records, more than 4096 bytes
//	max       TXT records up to nearly 65,535 bytes
//	servfail  SERVFAIL
//	refused   REFUSED
//	mute      no answer
//	ttlN      the usual record with a TTL of N seconds
func Zone(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	m.RecursionAvailable = true
	name := q.Question[0].Name
	label, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch {
	case strings.HasPrefix(label, "nx"):
		m.Rcode = dns.RcodeNameError
		m.Ns = []dns.RR{soa()}
	case strings.HasPrefix(label, "nodata"):
		m.Ns = []dns.RR{soa()}
	case strings.HasPrefix(label, "cname"):
		m.Answer = chain(name, q.Question[0].Qtype)
	case strings.HasPrefix(label, "big"):
		m.Answer = texts(name, 20)
	case strings.HasPrefix(label, "max"):
		m.Answer = texts(name, (maxMessage-600)/textSize)
	case strings.HasPrefix(label, "servfail"):
		m.Rcode = dns.RcodeServerFailure
	case strings.HasPrefix(label, "refused"):
		m.Rcode = dns.RcodeRefused
	case strings.HasPrefix(label, "mute"):
		return nil
	default:
		m.Answer = record(name, q.Question[0].Qtype, ttlOf(label))
		if m.Answer == nil {
			m.Ns = []dns.RR{soa()}
		}
	}
	return m
}

func ttlOf(label string) uint32 {
	if digits, ok := strings.CutPrefix(label, "ttl"); ok {
		if n, err := strconv.ParseUint(digits, 10, 31); err == nil {
			return uint32(n)
		}
	}
	return 300
}

// record returns the one record of that name and type, or nothing.
func record(name string, qtype uint16, ttl uint32) []dns.RR {
	h := dns.RR_Header{Name: name, Rrtype: qtype, Class: dns.ClassINET, Ttl: ttl}
	switch qtype {
	case dns.TypeA:
		return []dns.RR{&dns.A{Hdr: h, A: net.IPv4(192, 0, 2, 1)}}
	case dns.TypeAAAA:
		return []dns.RR{&dns.AAAA{Hdr: h, AAAA: net.ParseIP("2001:db8::1")}}
	case dns.TypeTXT:
		return []dns.RR{&dns.TXT{Hdr: h, Txt: []string{name}}}
	case dns.TypeMX:
		return []dns.RR{&dns.MX{Hdr: h, Preference: 10, Mx: "mail.dot.test."}}
	case dns.TypeNS:
		return []dns.RR{&dns.NS{Hdr: h, Ns: "ns.dot.test."}}
	case dns.TypePTR:
		return []dns.RR{&dns.PTR{Hdr: h, Ptr: "host.dot.test."}}
	case dns.TypeCNAME:
		return []dns.RR{&dns.CNAME{Hdr: h, Target: "host.dot.test."}}
	case dns.TypeSRV:
		return []dns.RR{&dns.SRV{Hdr: h, Priority: 1, Weight: 2, Port: 853, Target: "host.dot.test."}}
	case dns.TypeHTTPS:
		alpn := &dns.SVCBAlpn{Alpn: []string{"h2"}}
		return []dns.RR{&dns.HTTPS{SVCB: dns.SVCB{Hdr: h, Priority: 1, Target: ".", Value: []dns.SVCBKeyValue{alpn}}}}
	}
	return nil
}

func chain(name string, qtype uint16) []dns.RR {
	link := func(from, to string, ttl uint32) dns.RR {
		return &dns.CNAME{Hdr: dns.RR_Header{Name: from, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: ttl}, Target: to}
	}
	rrs := []dns.RR{link(name, "middle.dot.test.", 300), link("middle.dot.test.", "end.dot.test.", 30)}
	return append(rrs, record("end.dot.test.", qtype, 60)...)
}

// textSize is the length of one record of texts on the wire, its name
// compressed.
const textSize = 2 + 10 + 1 + 250

func texts(name string, n int) []dns.RR {
	rrs := make([]dns.RR, n)
	for i := range rrs {
		text := strconv.Itoa(i) + strings.Repeat(".", 250-len(strconv.Itoa(i)))
		rrs[i] = &dns.TXT{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 300}, Txt: []string{text}}
	}
	return rrs
}

func soa() dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: "dot.test.", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 120},
		Ns:  "ns.dot.test.", Mbox: "hostmaster.dot.test.", Serial: 1, Refresh: 7200, Retry: 3600, Expire: 1209600, Minttl: 60,
	}
}
