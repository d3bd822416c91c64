package resolver

import (
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

// special is what becomes of a domain and the names below it.
type special uint8

const (
	// loopback is localhost: it and all names below it are this computer.
	loopback special = iota
	// nowhere has no names, not even its own.
	nowhere
	// emptyZone exists, with a SOA and an NS record (RFC 6303 section 3), and
	// has no names but those in zoneNames. Its DS record is the parent zone's.
	emptyZone
	// noData has all names, and no records (RFC 9462 section 6.4).
	noData
)

// specials are the names that are not asked of the upstreams: localhost and
// invalid (RFC 6761 section 6), local (RFC 6762 section 22.1), onion (RFC 7686
// section 2), home.arpa (RFC 8375 section 4), resolver.arpa (RFC 9462 section
// 6.4) and private reverse zones. "test" is not among them: laboratories use it
// with servers of their own.
var specials = suffixes[special]{
	"\x09localhost\x00":        loopback,
	"\x07invalid\x00":          nowhere,
	"\x05local\x00":            nowhere,
	"\x05onion\x00":            nowhere,
	"\x04home\x04arpa\x00":     emptyZone,
	"\x08resolver\x04arpa\x00": noData,
}

// stays are the special names that no route takes anywhere: they have one
// meaning on every network. That of resolver.arpa would let a server send this
// computer's programs past us.
var stays = suffixes[struct{}]{
	"\x09localhost\x00":        {},
	"\x07invalid\x00":          {},
	"\x05onion\x00":            {},
	"\x08resolver\x04arpa\x00": {},
}

// zoneNames are the names in empty zones: those of 127.0.0.1 and ::1, whose PTR
// record is localhost, and with false those that only have names below them
// (RFC 8020).
var zoneNames = map[string]bool{
	wireName("1.0.0.127.in-addr.arpa."): true,
	wireName("0.0.127.in-addr.arpa."):   false,
	wireName("0.127.in-addr.arpa."):     false,
	wireName(reverseOfOne):              true,
}

// reverseOfOne is the reverse name of ::1.
var reverseOfOne = "1." + strings.Repeat("0.", 31) + "ip6.arpa."

// canaryName tells browsers by its absence to leave DNS to the system.
const canaryName = "\x13use-application-dns\x03net\x00"

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
	zones = append(zones, strings.Repeat("0.", 32)+"ip6.arpa.", reverseOfOne)
	for _, z := range []string{"d.f.", "8.e.f.", "9.e.f.", "a.e.f.", "b.e.f.", "8.b.d.0.1.0.0.2."} {
		zones = append(zones, z+"ip6.arpa.")
	}
	for _, z := range zones {
		specials[wireName(z)] = emptyZone
	}
}

// wireName packs a name that is known to be good.
func wireName(name string) string {
	var buf [maxName]byte
	n, err := dns.PackDomainName(name, buf[:], 0, nil, false)
	if err != nil {
		panic("name " + name + ": " + err.Error())
	}
	return string(buf[:n])
}

func (l localNames) exchange(ctx context.Context, qu *question) (*answer, error) {
	s, at, ok := specials.longest(qu.name())
	switch {
	case ok && s == emptyZone && at == 0 && qu.typ == typeDS:
		// The parent zone proves to validators that this zone is not signed
		// (RFC 8375 section 4). The question tells nobody more than that.
		return l.next.exchange(ctx, qu)
	case ok:
		return s.answer(qu, at), nil
	case qu.nameRules().canary && string(qu.name()) == canaryName:
		return negative(qu, dns.RcodeNameError, 0, localTTL, SourceLocal), nil
	}
	return l.next.exchange(ctx, qu)
}

// answer answers a name whose special domain begins at offset at of it.
func (s special) answer(qu *question, at int) *answer {
	pointer, exists := zoneNames[string(qu.name())]
	exists = exists || at == 0 && s == emptyZone || s == loopback || s == noData
	a := newAnswer(qu, dns.RcodeSuccess, SourceLocal)
	switch {
	case !exists:
		return negative(qu, dns.RcodeNameError, at, localTTL, SourceLocal)
	case qu.typ == typeANY:
		return answerANY(qu)
	case s == loopback && qu.typ == typeA:
		a.addAnswer(typeA, localTTL, []byte{127, 0, 0, 1})
	case s == loopback && qu.typ == typeAAAA:
		a.addAnswer(typeAAAA, localTTL, []byte{15: 1})
	case pointer && qu.typ == typePTR:
		a.addAnswer(typePTR, localTTL, []byte("\x09localhost\x00"))
	case at == 0 && s == emptyZone && qu.typ == typeSOA:
		a.addSOA(6, 0, localTTL)
	case at == 0 && s == emptyZone && qu.typ == typeNS:
		a.addAnswer(typeNS, localTTL, appendNamePointer(nil, 0))
	default:
		a.addSOA(8, at, localTTL)
	}
	return a
}
