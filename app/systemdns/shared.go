package systemdns

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// onlyPort53 refuses what a resolv.conf cannot say.
func onlyPort53(t Target) error {
	if slices.ContainsFunc(t.Addrs, func(a netip.AddrPort) bool { return a.Port() != 53 }) {
		return ErrPort
	}
	return nil
}

// ours tells whether servers are the target's.
func ours(servers []string, t Target) bool { return slices.Equal(servers, t.texts()) }

// texts are the addresses of a target, in its order.
func (t Target) texts() (list []string) {
	for _, a := range t.Addrs {
		list = append(list, a.Addr().String())
	}
	return list
}

// leadsHere tells whether one of the servers is this computer.
func leadsHere(servers []string) bool {
	return slices.ContainsFunc(servers, func(text string) bool {
		a, err := netip.ParseAddr(text)
		return err == nil && (a.IsLoopback() || a.IsUnspecified())
	})
}

// parsed are the addresses of texts.
func parsed(texts []string) (list []netip.Addr) {
	for _, text := range texts {
		if a, err := netip.ParseAddr(text); err == nil {
			list = append(list, a)
		}
	}
	return list
}

// distinct are the servers of lists that are other computers', each once, and no
// more than are asked.
func distinct(lists ...[]netip.Addr) (all []netip.Addr) {
	for _, a := range slices.Concat(lists...) {
		if !a.IsLoopback() && !slices.Contains(all, a) && len(all) < maxResolvers {
			all = append(all, a)
		}
	}
	return all
}

// addressPause is the time between two looks at this computer's addresses, where
// the system does not tell of them.
const addressPause = 2 * time.Second

// watchAddresses calls changed when this computer's addresses change, until ctx
// ends. They change with the networks that it is on.
func watchAddresses(ctx context.Context, changed func()) error {
	tick := time.NewTicker(addressPause)
	defer tick.Stop()
	before := addresses()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if now := addresses(); now != before {
			before = now
			changed()
		}
	}
}

// addresses are all of this computer, as a text.
func addresses() string {
	all, _ := net.InterfaceAddrs()
	var texts []string
	for _, a := range all {
		texts = append(texts, a.String())
	}
	slices.Sort(texts)
	return strings.Join(texts, " ")
}

// tally is what became of a change on several links: it stands where it stands
// on those that it was made on.
type tally struct{ ours, gone, foreign bool }

// add counts a link: whether it points here, whether it was covered before, and
// whether it has what it had before.
func (h *tally) add(ours, covered, before bool) {
	switch {
	case ours:
		h.ours = true
	case !covered: // a network that came up
	case before:
		h.gone = true
	default:
		h.foreign = true
	}
}

func (h *tally) verdict() Hold {
	switch {
	case h.foreign:
		return Foreign
	case h.gone:
		return Gone
	case h.ours:
		return Ours
	}
	return Away
}

// serverList reads addresses as Windows lists them: behind commas, semicolons or
// blanks.
func serverList(text string) (list []netip.Addr) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t", r) }) {
		if a, err := netip.ParseAddr(word); err == nil && len(list) < maxServers {
			list = append(list, a)
		}
	}
	return list
}

// maxServers bounds the servers that a list may name.
const maxServers = 16
