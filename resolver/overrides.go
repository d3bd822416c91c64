package resolver

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"

	"github.com/miekg/dns"
)

const (
	// overrideTTL is the TTL of overrides, in seconds: they may change.
	overrideTTL = 60
	// maxOverrideAddrs bounds the addresses of one name, so that they fit into
	// a message.
	maxOverrideAddrs = 100
)

// overrides answers the names that the user or the hosts file gives addresses.
type overrides struct{ next exchanger }

func (o overrides) exchange(ctx context.Context, qu *question) (*answer, error) {
	for _, t := range qu.nameRules().tables {
		if a := t.answer(qu); a != nil {
			return a, nil
		}
	}
	return o.next.exchange(ctx, qu)
}

// table is a list of overrides, found by name. Names are in wire format and
// lower case.
type table struct {
	exact map[string][]netip.Addr
	// below are the wildcards, without the asterisk.
	below suffixes[[]netip.Addr]
	// reverse maps the reverse names of addresses to the first name that has
	// them.
	reverse map[string]string
}

// newTable returns nil for no overrides. Entries of one name add up.
func newTable(os []Override, log *slog.Logger) *table {
	if len(os) == 0 {
		return nil
	}
	t := &table{
		exact: make(map[string][]netip.Addr, len(os)),
		below: make(suffixes[[]netip.Addr]), reverse: make(map[string]string),
	}
	for _, o := range os {
		name, wildcard, err := o.check()
		if err != nil {
			log.Warn("override left out", "reason", err)
			continue
		}
		if wildcard {
			t.below[name] = merge(t.below[name], o.Addrs)
			continue
		}
		t.exact[name] = merge(t.exact[name], o.Addrs)
		for _, a := range o.Addrs {
			t.addReverse(a.Unmap(), name)
		}
	}
	return t
}

// merge adds addresses that are not there yet. It changes neither.
func merge(have, more []netip.Addr) []netip.Addr {
	if len(have) == 0 && !slices.ContainsFunc(more, netip.Addr.Is4In6) && len(more) <= 1 {
		return more // the usual case shares the caller's memory
	}
	have = slices.Clone(have)
	for _, a := range more {
		if a = a.Unmap(); len(have) < maxOverrideAddrs && !slices.Contains(have, a) {
			have = append(have, a)
		}
	}
	return have
}

// addReverse notes the first name of an address. 127.0.0.1 and ::1 are
// localhost, and block lists give many names the address that is none.
func (t *table) addReverse(a netip.Addr, name string) {
	if a.IsUnspecified() || a == netip.IPv6Loopback() || a == netip.AddrFrom4([4]byte{127, 0, 0, 1}) {
		return
	}
	text, err := dns.ReverseAddr(a.String())
	if err != nil {
		return
	}
	if key := wireName(text); t.reverse[key] == "" {
		t.reverse[key] = name
	}
}

// answer returns nil for names that are not in the table.
func (t *table) answer(qu *question) *answer {
	name := qu.name()
	if addrs, ok := t.exact[string(name)]; ok {
		return overridden(qu, addrs, 0)
	}
	if first := 1 + int(name[0]); first < len(name) {
		if addrs, at, ok := t.below.longest(name[first:]); ok {
			return overridden(qu, addrs, first+at)
		}
	}
	target, ok := t.reverse[string(name)]
	switch {
	case !ok:
		return nil
	case qu.typ != typePTR && qu.typ != typeANY:
		return negative(qu, dns.RcodeSuccess, 0, overrideTTL, SourceOverride)
	}
	a := newAnswer(qu, dns.RcodeSuccess, SourceOverride)
	a.addAnswer(typePTR, overrideTTL, []byte(target))
	return a
}

// overridden answers with those of the addresses that were asked for. The
// override's domain begins at offset at of the name.
func overridden(qu *question, addrs []netip.Addr, at int) *answer {
	if len(addrs) == 0 {
		return negative(qu, dns.RcodeNameError, at, overrideTTL, SourceOverride)
	}
	a := newAnswer(qu, dns.RcodeSuccess, SourceOverride)
	for _, addr := range addrs {
		typ := uint16(typeA)
		if addr.Is6() {
			typ = typeAAAA
		}
		if qu.typ == typ || qu.typ == typeANY {
			a.addAnswer(typ, overrideTTL, addr.AsSlice())
		}
	}
	if len(a.ttls) == 0 {
		a.addSOA(8, at, overrideTTL)
	}
	return a
}
