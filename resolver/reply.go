package resolver

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	// ourUDPSize is the size we name in OPT records (the DNS flag day's value).
	ourUDPSize = 1232
	// maxMessage is the size of the largest message (RFC 1035 section 4.2.2).
	maxMessage = 65535
	// maxDatagram is what fits into a UDP datagram over IPv4.
	maxDatagram = 65507
)

// appendAnswer appends the answer to q to dst, its TTLs aged to now.
func appendAnswer(dst []byte, q *query, a *answer, now time.Time) []byte {
	start := len(dst)
	dst = append(dst, a.msg...)
	msg := dst[start:]
	flags := binary.BigEndian.Uint16(msg[2:])
	flags = flags&(bitAD|bitTC) | bitQR | bitRA | shortRCode(q, a.rcode)
	if !q.do && q.flags&bitAD == 0 {
		flags &^= bitAD // RFC 6840 section 5.8
	}
	if a.authoritative {
		flags |= bitAA
	}
	copy(msg, q.raw[:2])
	binary.BigEndian.PutUint16(msg[2:], flags|q.flags&(bitRD|bitCD))
	copy(msg[headerLen:], q.raw[headerLen:q.qEnd]) // the client's own letter case
	a.setTTLs(msg, now)
	if q.edns {
		dst = appendOPT(dst, start, q, a.rcode, a.ede)
	}
	if len(dst)-start <= q.limit() {
		return dst
	}
	if q.tcp && q.edns {
		return dropOPT(dst, start, len(a.msg))
	}
	if short := fit(dst, start, q, a); short != nil {
		return short
	}
	return truncated(dst[:start], q, a)
}

// shortRCode is the part of an RCODE that the header holds. One that needs the
// OPT record as well (RFC 6891 section 6.1.3) would mean something else without
// it.
func shortRCode(q *query, rcode int) uint16 {
	if rcode > rcodeMask && !q.edns {
		return dns.RcodeServerFailure
	}
	return uint16(rcode & rcodeMask)
}

// dropOPT leaves out our OPT record where an answer is whole only without it.
func dropOPT(dst []byte, start, size int) []byte {
	n := binary.BigEndian.Uint16(dst[start+10:])
	binary.BigEndian.PutUint16(dst[start+10:], n-1)
	return dst[:start+size]
}

// limit is the size of the largest answer the client takes. A datagram that
// crosses a network stays below its usual MTU; on loopback nothing is cut.
func (q *query) limit() int {
	switch {
	case q.tcp:
		return maxMessage
	case q.client.Addr().Unmap().IsLoopback():
		return min(int(q.udpSize), maxDatagram)
	default:
		return min(int(q.udpSize), ourUDPSize)
	}
}

// truncated is an answer with no records and TC set, which sends the client to
// TCP (RFC 2181 section 9).
func truncated(dst []byte, q *query, a *answer) []byte {
	start := len(dst)
	dst = appendError(dst, q, a.rcode, a.ede)
	flags := binary.BigEndian.Uint16(dst[start+2:])
	binary.BigEndian.PutUint16(dst[start+2:], flags|bitTC)
	return dst
}

// appendError appends an answer without records. ede may be nil; clients
// without EDNS do not see it.
func appendError(dst []byte, q *query, rcode int, ede *EDE) []byte {
	start := len(dst)
	dst = append(dst, q.raw[:2]...)
	flags := bitQR | bitRA | q.flags&(opcodeMask|bitRD|bitCD) | shortRCode(q, rcode)
	dst = binary.BigEndian.AppendUint16(dst, flags)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	if q.qEnd > 0 {
		dst[start+5] = 1
		dst = append(dst, q.raw[headerLen:q.qEnd]...)
	}
	if q.edns {
		dst = appendOPT(dst, start, q, rcode, ede)
	}
	return dst
}

// appendOPT appends our OPT record to the message that begins at start.
func appendOPT(dst []byte, start int, q *query, rcode int, ede *EDE) []byte {
	n := binary.BigEndian.Uint16(dst[start+10:])
	binary.BigEndian.PutUint16(dst[start+10:], n+1)
	ttl := uint32(rcode>>4) << 24
	if q.do {
		ttl |= ednsDO
	}
	dst = append(dst, 0, 0, typeOPT)
	dst = binary.BigEndian.AppendUint16(dst, ourUDPSize)
	dst = binary.BigEndian.AppendUint32(dst, ttl)
	if ede == nil {
		return append(dst, 0, 0)
	}
	// Errors stay small over UDP; the cut must not split a character.
	text := strings.ToValidUTF8(ede.Text[:min(len(ede.Text), 200)], "")
	dst = binary.BigEndian.AppendUint16(dst, uint16(6+len(text)))
	dst = binary.BigEndian.AppendUint16(dst, optEDE)
	dst = binary.BigEndian.AppendUint16(dst, uint16(2+len(text)))
	dst = binary.BigEndian.AppendUint16(dst, ede.Code)
	return append(dst, text...)
}

// Why a query was not admitted (RFC 8914 sections 4.19 and 4.22).
var (
	edeKind     = &EDE{Code: dns.ExtendedErrorCodeNotSupported, Text: "this kind of query is not forwarded"}
	edeStranger = &EDE{Code: dns.ExtendedErrorCodeProhibited, Text: "this client is not on the access list"}
	edeLimit    = &EDE{Code: dns.ExtendedErrorCodeProhibited, Text: "this client asks too much"}
)

// appendVerdict appends the answer to a message that was not admitted, and
// returns what it says. It is never larger than the message, lest somebody
// forges an address to have it flooded; over TCP and on this computer nobody
// can, and it says why in words.
func appendVerdict(dst []byte, q *query, v verdict) ([]byte, int, *EDE) {
	start := len(dst)
	rcode := dns.RcodeServerFailure
	var ede *EDE
	switch v {
	case formErr:
		rcode = dns.RcodeFormatError
	case notImp:
		rcode = dns.RcodeNotImplemented
	case refuse:
		rcode, ede = dns.RcodeRefused, edeKind
	case badVers:
		rcode = dns.RcodeBadVers
	case stranger:
		rcode, ede = dns.RcodeRefused, edeStranger
	case overTCP:
		rcode, ede = dns.RcodeRefused, edeLimit
	case slip:
		dst = appendError(dst, q, dns.RcodeSuccess, nil)
		dst[start+2] |= bitTC >> 8
		return dst, dns.RcodeSuccess, edeLimit
	}
	dst = appendError(dst, q, rcode, ede)
	if ede == nil || q.tcp || isOurs(q.client) || len(dst)-start <= len(q.raw) {
		return dst, rcode, ede
	}
	if dst = appendError(dst[:start], q, rcode, &EDE{Code: ede.Code}); len(dst)-start > len(q.raw) {
		dst = appendError(dst[:start], q, rcode, nil)
	}
	return dst, rcode, ede
}

// emptySubnet is an ECS option with SOURCE PREFIX-LENGTH 0 (RFC 7871 section
// 7.1.2): family 1, and no address.
const emptySubnet = "\x00\x08\x00\x04\x00\x01\x00\x00"

// upstreamQuery appends the query that asks a server for qu, with its length
// before it (RFC 1035 section 4.2.2) and padded to a multiple of 128 octets
// (RFC 8467 section 4.1). keepalive asks for the server's idle timeout,
// noSubnet forbids it to tell others where we are.
func upstreamQuery(dst []byte, qu *question, id uint16, keepalive, noSubnet bool) []byte {
	const optFixed, optionHeader, block = 11, 4, 128
	size := headerLen + len(qu.wire()) + optFixed + optionHeader
	if keepalive {
		size += optionHeader
	}
	if noSubnet {
		size += len(emptySubnet)
	}
	pad := (block - size%block) % block
	dst = binary.BigEndian.AppendUint16(dst, uint16(size+pad))
	dst = binary.BigEndian.AppendUint16(dst, id)
	flags := uint16(bitAD) // we want to know, and hand it on to who asks
	if qu.rd {
		flags |= bitRD
	}
	if qu.cd {
		flags |= bitCD
	}
	dst = binary.BigEndian.AppendUint16(dst, flags)
	dst = append(dst, 0, 1, 0, 0, 0, 0, 0, 1)
	dst = append(dst, qu.wire()...)
	var ttl uint32
	if qu.do {
		ttl = ednsDO
	}
	dst = append(dst, 0, 0, typeOPT)
	dst = binary.BigEndian.AppendUint16(dst, ourUDPSize)
	dst = binary.BigEndian.AppendUint32(dst, ttl)
	rdlen := size - headerLen - len(qu.wire()) - optFixed + pad
	dst = binary.BigEndian.AppendUint16(dst, uint16(rdlen))
	if keepalive {
		dst = append(dst, 0, optKeepalive, 0, 0)
	}
	if noSubnet {
		dst = append(dst, emptySubnet...)
	}
	dst = binary.BigEndian.AppendUint16(dst, optPadding)
	dst = binary.BigEndian.AppendUint16(dst, uint16(pad))
	return append(dst, make([]byte, pad)...)
}
