package resolver

import (
	"encoding/binary"
	"errors"
)

// Positions and bits of the DNS header (RFC 1035 section 4.1.1).
const (
	headerLen = 12
	maxName   = 255

	bitQR = 1 << 15
	bitAA = 1 << 10
	bitTC = 1 << 9
	bitRD = 1 << 8
	bitRA = 1 << 7
	bitAD = 1 << 5
	bitCD = 1 << 4

	opcodeMask = 0xf << 11
	rcodeMask  = 0xf
)

// Record types and classes that the engine itself looks at.
const (
	typeSOA   = 6
	typeCNAME = 5
	typeOPT   = 41
	typeTKEY  = 249
	typeTSIG  = 250
	typeIXFR  = 251
	typeAXFR  = 252
	typeANY   = 255

	classIN = 1

	ednsDO = 1 << 15
)

var errMalformed = errors.New("malformed DNS message")

// skipName returns the offset behind the name at off. A compression pointer
// ends a name (RFC 1035 section 4.1.4) and must point backwards, not into the
// header.
func skipName(msg []byte, off int) (int, error) {
	start := off
	for {
		if off >= len(msg) {
			return 0, errMalformed
		}
		c := int(msg[off])
		switch c & 0xc0 {
		case 0x00:
			off += 1 + c
			if c == 0 {
				return off, nil
			}
			if off-start >= maxName {
				return 0, errMalformed
			}
		case 0xc0:
			if off+2 > len(msg) {
				return 0, errMalformed
			}
			if to := int(binary.BigEndian.Uint16(msg[off:]) & 0x3fff); to < headerLen || to >= off {
				return 0, errMalformed
			}
			return off + 2, nil
		default:
			return 0, errMalformed
		}
	}
}

// record is one resource record's place in a message.
type record struct {
	start, ttlOff, rdata, end int
	typ, class                uint16
	ttl                       uint32
}

// readRecord reads the resource record at off (RFC 1035 section 4.1.3).
func readRecord(msg []byte, off int) (record, error) {
	p, err := skipName(msg, off)
	if err != nil {
		return record{}, err
	}
	if p+10 > len(msg) {
		return record{}, errMalformed
	}
	r := record{
		start:  off,
		typ:    binary.BigEndian.Uint16(msg[p:]),
		class:  binary.BigEndian.Uint16(msg[p+2:]),
		ttl:    binary.BigEndian.Uint32(msg[p+4:]),
		ttlOff: p + 4,
		rdata:  p + 10,
	}
	r.end = r.rdata + int(binary.BigEndian.Uint16(msg[p+8:]))
	if r.end > len(msg) {
		return record{}, errMalformed
	}
	return r, nil
}

// skipQuestion returns the offset behind the question at off, whose name must
// not be compressed: there is nothing before it to point to.
func skipQuestion(msg []byte, off int) (nameEnd, end int, err error) {
	for p := off; ; {
		if p >= len(msg) || msg[p]&0xc0 != 0 || p-off >= maxName {
			return 0, 0, errMalformed
		}
		c := int(msg[p])
		p += 1 + c
		if c == 0 {
			nameEnd = p
			break
		}
	}
	if nameEnd-off > maxName || nameEnd+4 > len(msg) {
		return 0, 0, errMalformed
	}
	return nameEnd, nameEnd + 4, nil
}

// options calls yield for each option in an OPT record's data (RFC 6891
// section 6.1.2) and tells whether the data is well-formed.
func options(data []byte, yield func(code uint16, value []byte)) bool {
	for len(data) > 0 {
		if len(data) < 4 {
			return false
		}
		n := int(binary.BigEndian.Uint16(data[2:]))
		if len(data) < 4+n {
			return false
		}
		yield(binary.BigEndian.Uint16(data), data[4:4+n])
		data = data[4+n:]
	}
	return true
}

// lower copies a name in wire format with its ASCII letters in lower case
// (RFC 4343). Length octets are at most 63 and so never change.
func lower(dst, name []byte) []byte {
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
