package resolver

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// question is what is asked, without who asks: two questions with the same key
// have the same answer.
type question struct {
	// key is the name in lower case, then type, class and the bits below.
	key    [maxName + 5]byte
	keyLen int
	typ    uint16
	class  uint16
	do     bool
	cd     bool
	rd     bool
	// What follows does not belong to the key. ahead is set where no client asks
	// but the cache, before an answer ends.
	ahead bool
	// local tells whether the client is on this computer; rules are those that
	// the answer follows, nil for none.
	local bool
	rules *names
}

// name is the question's name in wire format and lower case.
func (q *question) name() []byte { return q.key[:q.keyLen-5] }

// bytes is the key that cache and coalescing share.
func (q *question) bytes() []byte { return q.key[:q.keyLen] }

// wire is the question section: name, type and class.
func (q *question) wire() []byte { return q.key[:q.keyLen-1] }

func (q *question) seal(name []byte) {
	k := lower(q.key[:0], name)
	k = binary.BigEndian.AppendUint16(k, q.typ)
	k = binary.BigEndian.AppendUint16(k, q.class)
	var bits byte
	if q.do {
		bits |= 1
	}
	if q.cd {
		bits |= 2
	}
	if q.rd {
		bits |= 4
	}
	k = append(k, bits)
	q.keyLen = len(k)
}

// query is one message of a client.
type query struct {
	question
	raw     []byte // the whole message
	nameEnd int    // raw[headerLen:nameEnd] is the name as sent
	qEnd    int    // raw[headerLen:qEnd] is the question as sent
	flags   uint16
	edns    bool
	udpSize uint16 // what the client takes over UDP, 512 at least
	arrived time.Time
	client  netip.AddrPort
	tcp     bool
}

// verdict is what admission decides about a message.
type verdict uint8

const (
	admit verdict = iota
	drop
	formErr
	notImp
	refuse
	badVers
	stranger     // not on the access list
	overRefusals // likewise, when enough of them were told
	overLimit
	slip    // over the limit, but told so: TC over UDP
	overTCP // over the limit over TCP
	blocked
)

// silent tells whether a message gets no answer.
func (v verdict) silent() bool {
	switch v {
	case drop, overRefusals, overLimit, blocked:
		return true
	}
	return false
}

// read is parse, but for datagrams from ports of services that answer whatever
// they get: such a service and an answer of ours would go on for ever.
func (q *query) read(raw []byte) verdict {
	v := q.parse(raw)
	if port := q.client.Port(); port < 1024 && !q.tcp && q.client.IsValid() && loops(port, v) {
		return drop
	}
	return v
}

// loops tells whether an answer to a port may come back as another query. echo,
// discard, daytime, qotd, chargen, time and kpasswd never ask, nobody is at
// port 0. A name server may ask from its port, but what of it cannot be read is
// rather a broken answer.
func loops(port uint16, v verdict) bool {
	switch port {
	case 0, 7, 9, 13, 17, 19, 37, 464:
		return true
	case 53:
		return v == formErr
	}
	return false
}

// parse reads header, question and EDNS of a message (RFC 1035 section 4.1,
// RFC 6891). raw is kept, not copied.
func (q *query) parse(raw []byte) verdict {
	if len(raw) < headerLen {
		return drop
	}
	*q = query{raw: raw, udpSize: 512, arrived: q.arrived, client: q.client, tcp: q.tcp}
	q.flags = binary.BigEndian.Uint16(raw[2:])
	if q.flags&bitQR != 0 {
		return drop // never answer an answer: two servers would do so for ever
	}
	if q.flags&opcodeMask != 0 {
		return notImp
	}
	if binary.BigEndian.Uint16(raw[4:]) != 1 {
		return formErr
	}
	var err error
	if q.nameEnd, q.qEnd, err = skipQuestion(raw, headerLen); err != nil {
		q.nameEnd, q.qEnd = 0, 0
		return formErr
	}
	q.typ = binary.BigEndian.Uint16(raw[q.nameEnd:])
	q.class = binary.BigEndian.Uint16(raw[q.nameEnd+2:])
	if v := q.parseRecords(); v != admit {
		return v
	}
	q.cd = q.flags&bitCD != 0
	q.rd = q.flags&bitRD != 0
	q.seal(raw[headerLen:q.nameEnd])
	return q.admissible()
}

// parseRecords walks what follows the question and reads the OPT record.
func (q *query) parseRecords() verdict {
	answers := int(binary.BigEndian.Uint16(q.raw[6:])) + int(binary.BigEndian.Uint16(q.raw[8:]))
	additional := int(binary.BigEndian.Uint16(q.raw[10:]))
	off := q.qEnd
	version := byte(0)
	for i := range answers + additional {
		r, err := readRecord(q.raw, off)
		if err != nil {
			return formErr
		}
		off = r.end
		if r.typ != typeOPT {
			continue
		}
		// One OPT, in the additional section, at the root (RFC 6891 section 6.1.1).
		if q.edns || i < answers || q.raw[r.start] != 0 {
			return formErr
		}
		q.edns = true
		q.udpSize = max(r.class, 512)
		version = byte(r.ttl >> 16)
		q.do = r.ttl&ednsDO != 0
		if version == 0 && !options(q.raw[r.rdata:r.end], func(uint16, []byte) {}) {
			return formErr
		}
	}
	if version != 0 {
		return badVers
	}
	return admit
}

// admissible refuses what a forwarder cannot serve: transfers need many
// messages, TKEY and TSIG belong to one hop, OPT is no question.
func (q *query) admissible() verdict {
	switch q.typ {
	case typeOPT:
		return formErr
	case typeAXFR, typeIXFR, typeTKEY, typeTSIG:
		return refuse
	}
	if q.class != classIN {
		return refuse
	}
	return admit
}
