package resolver

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// EDNS option codes that the engine reads or writes.
const (
	optKeepalive = 11 // RFC 7828
	optPadding   = 12 // RFC 7830
	optEDE       = 15 // RFC 8914
)

// answer is an upstream's answer without what belongs to one hop: its id is
// unset and it has no OPT record. It is shared and never modified.
type answer struct {
	msg   []byte
	ttls  []uint16 // offsets of the TTLs in msg
	rcode int      // with the extended bits (RFC 6891 section 6.1.3)
	// ttl is how long the answer may be kept, in seconds; 0 means not at all.
	ttl      uint32
	ede      *EDE
	source   Source
	upstream netip.AddrPort
	over     *Connection // on which it came, nil for none
	tries    int         // servers asked for it
	clear    bool        // asked in clear text
	expected bool        // to a name that Expect made known
	stored   time.Time   // when it came
	// authoritative is set where the answer was made here for a zone that is ours
	// (RFC 1035 section 4.1.1).
	authoritative bool
	// keepalive is the server's idle timeout in units of 100 ms (RFC 7828
	// section 3.1), valid if hasKeepalive.
	keepalive    uint16
	hasKeepalive bool
}

// parseAnswer reads the answer to qu. msg is changed, but not kept.
func parseAnswer(msg []byte, qu *question) (*answer, error) {
	if len(msg) < headerLen || binary.BigEndian.Uint16(msg[4:]) != 1 {
		return nil, errMalformed
	}
	_, off, err := skipQuestion(msg, headerLen)
	if err != nil {
		return nil, err
	}
	flags := binary.BigEndian.Uint16(msg[2:])
	a := &answer{rcode: int(flags & rcodeMask), source: SourceUpstream}
	a.ttls = make([]uint16, 0, records(msg))
	w := walk{a: a, msg: msg, qu: qu}
	if err := w.records(off); err != nil {
		return nil, err
	}
	if w.optAt >= 0 && w.optEnd != w.end {
		return repack(msg, qu)
	}
	end := w.end
	if w.optAt >= 0 {
		end = w.optAt
		n := binary.BigEndian.Uint16(msg[10:])
		binary.BigEndian.PutUint16(msg[10:], n-1)
	}
	a.ttl = w.lifetime(flags)
	a.msg = append(make([]byte, 0, end), msg[:end]...) // without padding behind it
	return a, nil
}

// records is how many records a message can have at most: a count may lie.
func records(msg []byte) int {
	const least = 11 // octets of a record with an empty name and no data
	n := 0
	for at := 6; at < headerLen; at += 2 {
		n += int(binary.BigEndian.Uint16(msg[at:]))
	}
	return min(n, len(msg)/least)
}

// repack moves an OPT record that is not the last one out of the way: cutting
// it from the middle would break the pointers behind it.
func repack(msg []byte, qu *question) (*answer, error) {
	m := new(dns.Msg)
	if err := m.Unpack(msg); err != nil {
		return nil, errMalformed
	}
	opt := m.IsEdns0()
	m.Extra = append([]dns.RR(nil), m.Extra...)
	m.Compress = true
	for i, rr := range m.Extra {
		if rr.Header().Rrtype == dns.TypeOPT {
			m.Extra = append(m.Extra[:i], m.Extra[i+1:]...)
			break
		}
	}
	if opt != nil {
		m.Extra = append(m.Extra, opt)
	}
	out, err := m.Pack()
	if err != nil || len(out) > maxMessage {
		return nil, errMalformed
	}
	return parseAnswer(out, qu)
}

// walk gathers what an answer's records say.
type walk struct {
	a             *answer
	msg           []byte
	qu            *question
	optAt, optEnd int
	end           int
	least         uint32 // least TTL of all records
	matched       bool   // the answer section holds the type that was asked
	soaTTL        uint32 // RFC 2308 section 5, valid if soaAt >= 0
	soaAt         int
	any           bool
}

func (w *walk) records(off int) error {
	w.optAt, w.soaAt, w.least = -1, -1, ^uint32(0)
	counts := [3]int{}
	for i := range counts {
		counts[i] = int(binary.BigEndian.Uint16(w.msg[6+2*i:]))
	}
	for section, n := range counts {
		for range n {
			r, err := readRecord(w.msg, off)
			if err != nil {
				return err
			}
			off = r.end
			if err := w.record(section, r); err != nil {
				return err
			}
		}
	}
	w.end = off
	return nil
}

func (w *walk) record(section int, r record) error {
	if r.typ == typeOPT {
		if w.optAt >= 0 || section != 2 {
			return errMalformed
		}
		w.optAt, w.optEnd = r.start, r.end
		w.a.readOPT(r.ttl, w.msg[r.rdata:r.end])
		return nil
	}
	if r.ttl > 1<<31-1 {
		r.ttl = 0 // RFC 2181 section 8
		binary.BigEndian.PutUint32(w.msg[r.ttlOff:], 0)
	}
	w.any = true
	w.a.ttls = append(w.a.ttls, uint16(r.ttlOff))
	w.least = min(w.least, r.ttl)
	switch {
	case section == 0 && (r.typ == w.qu.typ || w.qu.typ == typeANY):
		w.matched = true
	case section == 1 && r.typ == typeSOA && r.end-r.rdata >= 4:
		minimum := binary.BigEndian.Uint32(w.msg[r.end-4:])
		w.soaAt, w.soaTTL = r.ttlOff, min(r.ttl, minimum)
	}
	return nil
}

// lifetime is how long the answer may be kept (RFC 2181 section 5.2, RFC 2308
// section 5), in seconds.
func (w *walk) lifetime(flags uint16) uint32 {
	if flags&bitTC != 0 || !w.any {
		return 0
	}
	switch w.a.rcode {
	case dns.RcodeSuccess:
		if w.matched {
			return min(w.least, maxTTL)
		}
	case dns.RcodeNameError:
	default:
		return 0
	}
	if w.soaAt < 0 {
		return 0 // a negative answer without SOA is not kept
	}
	binary.BigEndian.PutUint32(w.msg[w.soaAt:], w.soaTTL)
	return min(w.least, w.soaTTL, maxTTL)
}

// readOPT reads an answer's OPT record: TTL field and options.
func (a *answer) readOPT(ttl uint32, data []byte) {
	a.rcode |= int(ttl>>24) << 4
	options(data, func(code uint16, v []byte) {
		switch {
		case code == optEDE && len(v) >= 2:
			a.explain(&EDE{Code: binary.BigEndian.Uint16(v), Text: string(v[2:])})
		case code == optKeepalive && len(v) == 2:
			a.keepalive, a.hasKeepalive = binary.BigEndian.Uint16(v), true
		}
	})
}

// explain notes an EDE option. Of several (RFC 8914 section 2) the first counts,
// but one that makes an error final before those that do not.
func (a *answer) explain(e *EDE) {
	if a.ede == nil || !a.ede.final() && e.final() {
		a.ede = e
	}
}

// setTTLs ages the TTLs in a copy of the answer's message.
func (a *answer) setTTLs(msg []byte, now time.Time) {
	if a.source == SourceStale {
		for _, off := range a.ttls {
			binary.BigEndian.PutUint32(msg[off:], staleTTL)
		}
		return
	}
	age := a.age(now)
	if age == 0 {
		return
	}
	for _, off := range a.ttls {
		t := binary.BigEndian.Uint32(msg[off:])
		binary.BigEndian.PutUint32(msg[off:], t-min(age, t))
	}
}

// age is how many whole seconds ago the answer came. The monotonic clock stands
// still while the computer sleeps, the wall clock may be set back: the larger
// span counts.
func (a *answer) age(now time.Time) uint32 {
	if a.stored.IsZero() {
		return 0
	}
	span := max(now.Sub(a.stored), now.Round(0).Sub(a.stored.Round(0)), 0)
	return uint32(min(span/time.Second, math.MaxUint32))
}
