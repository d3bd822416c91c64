package demo

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	slowName   = "slow.demo."
	brokenName = "broken.demo."

	// slowDelay is the time that slowName takes, the others take between
	// minDelay and maxDelay: a server in the neighbourhood.
	slowDelay = 400 * time.Millisecond
	minDelay  = 5 * time.Millisecond
	maxDelay  = 30 * time.Millisecond

	// idleTimeout ends a connection without queries; clients are told
	// (RFC 7828).
	idleTimeout = 30 * time.Second
)

// delay is the artificial time an answer takes.
func delay(q *dns.Msg) time.Duration {
	if len(q.Question) == 1 && strings.EqualFold(q.Question[0].Name, slowName) {
		return slowDelay
	}
	return minDelay + rand.N(maxDelay-minDelay)
}

// answer makes the answer to q. It is safe for concurrent use.
func (z zone) answer(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	m.RecursionAvailable = true
	m.Compress = true
	opt := q.IsEdns0()
	switch {
	case q.Opcode != dns.OpcodeQuery:
		m.Rcode = dns.RcodeNotImplemented
	case len(q.Question) != 1:
		m.Rcode = dns.RcodeFormatError
	case opt != nil && opt.Version() != 0:
		m.Rcode = dns.RcodeBadVers
	case q.Question[0].Qclass != dns.ClassINET:
		m.Rcode = dns.RcodeRefused
	default:
		z.fill(m)
	}
	if opt != nil {
		addEDNS(m, opt)
	}
	return m
}

// fill answers a proper question.
func (z zone) fill(m *dns.Msg) {
	q := m.Question[0]
	if strings.EqualFold(q.Name, brokenName) {
		m.Rcode = dns.RcodeServerFailure
		return
	}
	if q.Qtype == dns.TypeANY {
		hdr := dns.RR_Header{Name: q.Name, Rrtype: dns.TypeHINFO, Class: dns.ClassINET, Ttl: 3600}
		m.Answer = []dns.RR{&dns.HINFO{Hdr: hdr, Cpu: "RFC8482"}}
		return
	}
	var exists bool
	m.Answer, exists = z.lookup(q.Name, q.Qtype)
	if !exists {
		m.Rcode = dns.RcodeNameError
	}
	last := q.Name
	if n := len(m.Answer); n > 0 {
		cname, ok := m.Answer[n-1].(*dns.CNAME)
		if !ok || q.Qtype == dns.TypeCNAME {
			return
		}
		last = cname.Target // the chain ends without a record of the type
	}
	m.Ns = z.soa(last)
}

// addEDNS answers the query's OPT record (RFC 6891): the idle time to those who
// ask (RFC 7828), an explanation of the broken name (RFC 8914), and padding to
// those who pad (RFC 8467 section 4.1).
func addEDNS(m *dns.Msg, asked *dns.OPT) {
	m.SetEdns0(1232, asked.Do())
	opt := m.IsEdns0()
	if m.Rcode == dns.RcodeBadVers {
		return
	}
	offers := func(code uint16) bool {
		return slices.ContainsFunc(asked.Option, func(o dns.EDNS0) bool { return o.Option() == code })
	}
	if offers(dns.EDNS0TCPKEEPALIVE) {
		opt.Option = append(opt.Option, &dns.EDNS0_TCP_KEEPALIVE{
			Code: dns.EDNS0TCPKEEPALIVE, Timeout: uint16(idleTimeout / (100 * time.Millisecond)), Length: 2,
		})
	}
	if m.Rcode == dns.RcodeServerFailure {
		opt.Option = append(opt.Option, &dns.EDNS0_EDE{
			InfoCode: dns.ExtendedErrorCodeDNSBogus, ExtraText: "broken on purpose, for the demonstration",
		})
	}
	const block, header = 468, 4
	if offers(dns.EDNS0PADDING) {
		missing := (block - (m.Len()+header)%block) % block
		opt.Option = append(opt.Option, &dns.EDNS0_PADDING{Padding: make([]byte, missing)})
	}
}
