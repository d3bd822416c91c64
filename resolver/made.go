package resolver

import "encoding/binary"

// Record types that answers made here have.
const (
	typeA     = 1
	typeNS    = 2
	typePTR   = 12
	typeHINFO = 13
	typeAAAA  = 28
	typeDS    = 43
)

// nobody is the mailbox of zones that nobody keeps (RFC 6303 section 3).
const nobody = "\x06nobody\x07invalid\x00"

// newAnswer begins an answer that is made here: the question and no records yet.
// It is never kept in the cache.
func newAnswer(qu *question, rcode int, source Source) *answer {
	msg := make([]byte, headerLen, headerLen+len(qu.wire())+64)
	msg[5] = 1
	return &answer{
		msg: append(msg, qu.wire()...), rcode: rcode, source: source,
		authoritative: source == SourceLocal || source == SourceOverride,
	}
}

// addAnswer appends a record of the question's name to the answer section.
func (a *answer) addAnswer(typ uint16, ttl uint32, rdata []byte) {
	a.add(6, 0, typ, ttl, rdata)
}

// add appends a record to the section that is counted at offset count of the
// header. Its owner is the question's name from the label at offset at on.
func (a *answer) add(count, at int, typ uint16, ttl uint32, rdata []byte) {
	n := binary.BigEndian.Uint16(a.msg[count:])
	binary.BigEndian.PutUint16(a.msg[count:], n+1)
	a.msg = appendNamePointer(a.msg, at)
	a.msg = binary.BigEndian.AppendUint16(a.msg, typ)
	a.msg = binary.BigEndian.AppendUint16(a.msg, classIN)
	a.ttls = append(a.ttls, uint16(len(a.msg)))
	a.msg = binary.BigEndian.AppendUint32(a.msg, ttl)
	a.msg = binary.BigEndian.AppendUint16(a.msg, uint16(len(rdata)))
	a.msg = append(a.msg, rdata...)
}

// appendNamePointer points to the question's name, from the label at offset at
// on (RFC 1035 section 4.1.4). So records show the client's own letter case.
func appendNamePointer(dst []byte, at int) []byte {
	return binary.BigEndian.AppendUint16(dst, uint16(0xc000|headerLen+at))
}

// addSOA appends the SOA record of the zone that begins at offset at of the
// question's name: to the authority section, where it lets clients keep a
// negative answer for ttl seconds (RFC 2308 section 3), or as the answer.
func (a *answer) addSOA(count, at int, ttl uint32) {
	rdata := appendNamePointer(nil, at) // the zone's own name (RFC 6303 section 3)
	rdata = append(rdata, nobody...)
	for _, v := range []uint32{1, 3600, 1200, 604800, ttl} {
		rdata = binary.BigEndian.AppendUint32(rdata, v)
	}
	a.add(count, at, typeSOA, ttl, rdata)
}

// negative says that a name, or what was asked of it, does not exist. The zone
// begins at offset at of the question's name.
func negative(qu *question, rcode, at int, ttl uint32, source Source) *answer {
	a := newAnswer(qu, rcode, source)
	a.addSOA(8, at, ttl)
	return a
}

// errorAnswer is an answer without records that says why.
func errorAnswer(qu *question, rcode int, source Source, ede *EDE) *answer {
	a := newAnswer(qu, rcode, source)
	a.ede = ede
	return a
}
