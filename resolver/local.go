package resolver

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// exchanger answers questions. Implementations may be called from many
// goroutines at once, must not keep or modify qu after they return, and return
// within the context's deadline. The answer is shared: nobody modifies it.
type exchanger interface {
	exchange(ctx context.Context, qu *question) (*answer, error)
}

// localNames answers the names that are nobody else's business, and hands all
// others on.
type localNames struct{ next exchanger }

// localTTL is the TTL of answers made here, in seconds.
const localTTL = 3600

// special is what becomes of the names in and below one domain.
type special struct {
	suffix string // wire format, lower case
	// addresses is set for localhost; else the names do not exist, unless
	// noData says that they exist without records.
	addresses bool
	noData    bool
}

// specials are the names that never leave this computer: localhost and invalid
// (RFC 6761), local (RFC 6762), onion (RFC 7686), home.arpa (RFC 8375),
// resolver.arpa (RFC 9462 section 6.4) and private reverse zones.
var specials = []special{
	{suffix: "\x09localhost\x00", addresses: true},
	{suffix: "\x07invalid\x00"},
	{suffix: "\x05local\x00"},
	{suffix: "\x05onion\x00"},
	{suffix: "\x04home\x04arpa\x00"},
	{suffix: "\x08resolver\x04arpa\x00", noData: true},
}

// init adds the reverse zones of addresses that mean nothing outside one
// network (RFC 6303 section 4, RFC 7793).
func init() {
	zones := []string{
		"10", "168.192", "0", "127", "254.169", "2.0.192", "100.51.198", "113.0.203", "255.255.255.255",
	}
	for i := 16; i < 32; i++ {
		zones = append(zones, strconv.Itoa(i)+".172")
	}
	for i := 64; i < 128; i++ {
		zones = append(zones, strconv.Itoa(i)+".100")
	}
	for i, z := range zones {
		zones[i] = z + ".in-addr.arpa."
	}
	zero := strings.Repeat("0.", 31)
	for _, z := range []string{"0." + zero, "1." + zero, "d.f.", "8.e.f.", "9.e.f.", "a.e.f.", "b.e.f.", "8.b.d.0.1.0.0.2."} {
		zones = append(zones, z+"ip6.arpa.")
	}
	for _, z := range zones {
		var buf [maxName]byte
		n, err := dns.PackDomainName(z, buf[:], 0, nil, false)
		if err != nil {
			panic("reverse zone " + z + ": " + err.Error())
		}
		specials = append(specials, special{suffix: string(buf[:n])})
	}
}

func (l localNames) exchange(ctx context.Context, qu *question) (*answer, error) {
	for i := range specials {
		if s := &specials[i]; within(qu.name(), s.suffix) {
			return s.answer(qu)
		}
	}
	return l.next.exchange(ctx, qu)
}

// within tells whether name is suffix or below it.
func within(name []byte, suffix string) bool {
	at := len(name) - len(suffix)
	if at < 0 || !bytes.Equal(name[at:], []byte(suffix)) {
		return false
	}
	for off := 0; off <= at; off += 1 + int(name[off]) {
		if off == at {
			return true // suffix begins at a label
		}
	}
	return false
}

func (s *special) answer(qu *question) (*answer, error) {
	m := new(dns.Msg)
	if err := m.Unpack(append(make([]byte, 5, 300), append([]byte{1, 0, 0, 0, 0, 0, 0}, qu.wire()...)...)); err != nil {
		return nil, err
	}
	owner := m.Question[0].Name
	hdr := dns.RR_Header{Name: owner, Rrtype: qu.typ, Class: dns.ClassINET, Ttl: localTTL}
	switch {
	case s.addresses && qu.typ == dns.TypeA:
		m.Answer = []dns.RR{&dns.A{Hdr: hdr, A: []byte{127, 0, 0, 1}}}
	case s.addresses && qu.typ == dns.TypeAAAA:
		m.Answer = []dns.RR{&dns.AAAA{Hdr: hdr, AAAA: []byte{15: 1}}}
	default:
		if !s.addresses && !s.noData {
			m.Rcode = dns.RcodeNameError
		}
		m.Ns = []dns.RR{s.soa()}
	}
	m.Response = true
	m.Compress = true
	msg, err := m.Pack()
	if err != nil {
		return nil, err
	}
	a, err := parseAnswer(msg, qu)
	if err != nil {
		return nil, err
	}
	a.source = SourceLocal
	return a, nil
}

// soa is the SOA record of a negative answer (RFC 2308 section 3).
func (s *special) soa() dns.RR {
	zone, _, err := dns.UnpackDomainName([]byte(s.suffix), 0)
	if err != nil {
		zone = "."
	}
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: localTTL},
		Ns:  "localhost.", Mbox: "nobody.invalid.",
		Serial: 1, Refresh: 3600, Retry: 1200, Expire: 604800, Minttl: localTTL,
	}
}
