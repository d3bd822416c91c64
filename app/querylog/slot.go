package querylog

import (
	"net/netip"
	"sync"
	"sync/atomic"

	"dotproxy/app/control"
)

// slot holds one entry of the ring, its texts in place.
type slot struct {
	mu sync.Mutex
	record
}

// record is what is kept of an Entry.
type record struct {
	// number tells which entry it is; 0 means none.
	number   uint64
	time     int64 // nanoseconds since 1970
	elapsed  int64 // nanoseconds
	client   netip.Addr
	upstream netip.AddrPort
	over     *control.Connection
	tries    int
	source   control.Source
	rcode    int
	kind     uint16
	edeCode  uint16
	tcp      bool
	plain    bool
	ad       bool
	hasEDE   bool
	hidden   bool
	// void marks an entry that was not to be kept any more.
	void bool

	nameLen, answerLen, edeLen uint16

	name   [maxName]byte
	ede    [maxEDE]byte
	answer [MaxAnswer]byte
}

// store copies e into the slot, unless a later entry is there already.
func (s *slot) store(number uint64, e *Entry, level *atomic.Int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := level.Load()
	if s.number > number {
		return
	}
	if now == off {
		s.record = record{number: number, void: true}
		return
	}
	s.number, s.void = number, false
	s.time, s.elapsed = e.Time.UnixNano(), int64(e.Elapsed)
	s.upstream, s.source, s.rcode, s.kind = e.Upstream, e.Source, e.RCode, e.Type
	s.over, s.tries = e.Over, e.Tries
	s.tcp, s.plain, s.ad, s.hasEDE, s.edeCode = e.TCP, e.Clear, e.AD, e.HasEDE, e.EDECode
	s.hidden = now != full
	if s.hidden {
		// The text of an error may name what was asked.
		s.client, s.nameLen, s.answerLen, s.edeLen = netip.Addr{}, 0, 0, 0
		return
	}
	s.client = e.Client.Addr()
	s.nameLen = uint16(copy(s.name[:], e.Name))
	s.answerLen = uint16(copy(s.answer[:], e.Answer))
	s.edeLen = uint16(copy(s.ede[:], e.EDEText))
}

// wipe forgets the entry, its bytes included, if it is not later than floor.
func (s *slot) wipe(floor uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.number <= floor {
		s.record = record{}
	}
}

// load copies the slot's record to r, if it is that entry. Otherwise it tells
// whether a later one took its place.
func (s *slot) load(number uint64, r *record) (ok, overrun bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.number != number {
		return false, s.number > number
	}
	*r = s.record
	return true, false
}
