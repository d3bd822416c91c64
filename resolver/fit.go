package resolver

import "encoding/binary"

// fit shortens the answer to q, which begins at start of dst and is too large
// for a datagram, by what a client can do without: the additional section of an
// answer, then the name servers of its zone. TC is not set for their sake (RFC
// 2181 section 9). It returns nil where that is not enough.
func fit(dst []byte, start int, q *query, a *answer) []byte {
	opt := dst[start+len(a.msg):]
	end, authority := a.needed(q, q.limit()-len(opt))
	if end == 0 {
		return nil
	}
	counts := dst[start+8:]
	if !authority {
		binary.BigEndian.PutUint16(counts, 0)
	}
	binary.BigEndian.PutUint16(counts[2:], 0)
	if len(opt) > 0 {
		binary.BigEndian.PutUint16(counts[2:], 1)
	}
	return append(dst[:start+end], opt...)
}

// needed is where the part of an answer ends that fits into size octets and
// serves q, 0 for none, and whether the authority section is in it. Clients
// that want proofs get that section whole (RFC 4035 section 3.1.1).
func (a *answer) needed(q *query, size int) (end int, authority bool) {
	answers := int(binary.BigEndian.Uint16(a.msg[6:]))
	if answers == 0 {
		return 0, false // what it says is in the other sections
	}
	behind, _ := skipRecords(a.msg, q.qEnd, answers)
	end, others := skipRecords(a.msg, behind, int(binary.BigEndian.Uint16(a.msg[8:])))
	switch {
	case end <= size:
		return end, true
	case behind <= size && !others && !q.do:
		return behind, false
	}
	return 0, false
}

// skipRecords returns the offset behind n records, which parseAnswer read
// before, and whether one of them is no NS record.
func skipRecords(msg []byte, off, n int) (end int, others bool) {
	for range n {
		r, err := readRecord(msg, off)
		if err != nil {
			return len(msg), true
		}
		off, others = r.end, others || r.typ != typeNS
	}
	return off, others
}
