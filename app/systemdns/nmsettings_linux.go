package systemdns

import (
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"

	"github.com/godbus/dbus/v5"
)

// nmEverything is the domain of all names.
const nmEverything = "~."

// The priorities of our servers, the least number first; 0 is the default.
const (
	// nmAlone has a resolv.conf name no other server.
	nmAlone = -1 << 31
	// nmFirst comes before those of other links for all names, VPNs included
	// (50), and leaves VPNs their own domains: a negative one would not.
	nmFirst = 1
)

// nmSettings is what is applied to a device, and the version that was read.
type nmSettings struct {
	all     map[string]map[string]dbus.Variant
	version uint64
}

// nmDNS is the DNS of one address family.
type nmDNS struct {
	// Servers are addresses; of newer versions of NetworkManager also with a
	// name or a scheme.
	Servers    []string `json:"servers,omitempty"`
	Search     []string `json:"search,omitempty"`
	Priority   int32    `json:"priority,omitempty"`
	IgnoreAuto bool     `json:"ignore_auto,omitempty"`
}

func (d nmDNS) equal(o nmDNS) bool {
	return slices.Equal(d.Servers, o.Servers) && slices.Equal(d.Search, o.Search) && d.Priority == o.Priority && d.IgnoreAuto == o.IgnoreAuto
}

// dns reads that of "ipv4" or "ipv6".
func (s nmSettings) dns(family string) nmDNS {
	p := properties(s.all[family])
	d := nmDNS{property[[]string](p, "dns-data"), property[[]string](p, "dns-search"), property[int32](p, "dns-priority"), property[bool](p, "ignore-auto-dns")}
	if len(d.Servers) > 0 {
		return d
	}
	for _, n := range property[[]uint32](p, "dns") {
		var raw [4]byte
		binary.NativeEndian.PutUint32(raw[:], n)
		d.Servers = append(d.Servers, netip.AddrFrom4(raw).String())
	}
	for _, raw := range property[[][]byte](p, "dns") {
		if a, ok := netip.AddrFromSlice(raw); ok {
			d.Servers = append(d.Servers, a.String())
		}
	}
	return d
}

// families are the settings of each address family, and the methods by which it
// has no DNS.
var families = []struct {
	name string
	is4  bool
	none []string
}{
	{"ipv4", true, []string{"disabled", "link-local", "shared"}},
	{"ipv6", false, []string{"disabled", "ignore", nmLinkLocal, "shared"}},
}

// targets are the addresses of t of one family.
func targets(t Target, is4 bool) []string {
	var list []string
	for _, a := range t.Addrs {
		if a.Addr().Is4() == is4 {
			list = append(list, a.Addr().String())
		}
	}
	return list
}

// ours tells whether a family names our addresses with our priority, and none
// names another's.
func (s nmSettings) ours(t Target) bool {
	found := false
	for _, f := range families {
		d := s.dns(f.name)
		if len(d.Servers) == 0 {
			continue
		}
		if !slices.Equal(d.Servers, targets(t, f.is4)) || d.Priority != nmAlone && d.Priority != nmFirst {
			return false
		}
		found = true
	}
	return found
}

// namesLoopback tells whether a server is an address of this computer, to which
// there is no way back.
func (s nmSettings) namesLoopback() bool {
	for _, f := range families {
		for _, text := range s.dns(f.name).Servers {
			if a, err := netip.ParseAddr(text); err == nil && (a.IsLoopback() || a.IsUnspecified()) && !slices.Contains(stubs, a) {
				return true
			}
		}
	}
	return false
}

// uses tells whether a family has DNS at all.
func (s nmSettings) uses(family string, none []string) bool {
	return !slices.Contains(none, property[string](s.all[family], "method"))
}

// reaches tells whether a family can name one of our addresses.
func (s nmSettings) reaches(t Target) bool {
	for _, f := range families {
		if s.uses(f.name, f.none) && len(targets(t, f.is4)) > 0 {
			return true
		}
	}
	return false
}

// point changes the settings so that all names are asked of t, and those of
// domains tried for short names. It returns false where that is so already.
func (s nmSettings) point(t Target, domains []string, mode string) (changed bool) {
	priority := int32(nmFirst)
	if mode == nmModeFile {
		priority = nmAlone
	}
	search := append(slices.Clone(domains), nmEverything)
	for _, f := range families {
		if !s.uses(f.name, f.none) {
			continue
		}
		want := nmDNS{Servers: targets(t, f.is4), Search: search, Priority: priority, IgnoreAuto: true}
		if !s.dns(f.name).equal(want) {
			s.set(f.name, want)
			changed = true
		}
	}
	return changed
}

// putBack changes the settings to what a link had; false where that is not
// known.
func (s nmSettings) putBack(l nmLink) bool {
	if l.V4 == nil || l.V6 == nil {
		return false
	}
	s.mend(l)
	for name, before := range map[string]nmDNS{"ipv4": *l.V4, "ipv6": *l.V6} {
		if s.all[name] != nil {
			s.set(name, before)
		}
	}
	return true
}

// torn tells whether IPv6 was left as without6 has it.
func (l nmLink) torn(s nmSettings) bool {
	method := property[string](s.all["ipv6"], "method")
	return l.Method6 != "" && method != l.Method6 && method == nmLinkLocal
}

// mend goes back to how a link had IPv6; false where it is so.
func (s nmSettings) mend(l nmLink) bool {
	if !l.torn(s) {
		return false
	}
	s.all["ipv6"]["method"] = dbus.MakeVariant(l.Method6)
	return true
}

// nmLinkLocal is the method of IPv6 without a router.
const nmLinkLocal = "link-local"

// without6 is settings with no IPv6 but on the link itself.
func without6(all map[string]map[string]dbus.Variant) map[string]map[string]dbus.Variant {
	less := maps.Clone(all)
	less["ipv6"] = map[string]dbus.Variant{"method": dbus.MakeVariant(nmLinkLocal)}
	if mode, ok := all["ipv6"]["addr-gen-mode"]; ok { // else the address would change
		less["ipv6"]["addr-gen-mode"] = mode
	}
	return less
}

// same tells whether a link has the DNS that it had before.
func (l nmLink) same(s nmSettings) bool {
	return l.V4 == nil || l.V6 == nil || l.V4.equal(s.dns("ipv4")) && l.V6.equal(s.dns("ipv6"))
}

// set writes the DNS of a family. Addresses go by the older key, which all
// versions know; what is more than an address only the newer one can say.
func (s nmSettings) set(family string, d nmDNS) {
	p := s.all[family]
	if p == nil {
		return // it has no such family
	}
	delete(p, "dns")
	delete(p, "dns-data")
	p["dns-search"] = dbus.MakeVariant(append([]string{}, d.Search...))
	p["dns-priority"] = dbus.MakeVariant(d.Priority)
	p["ignore-auto-dns"] = dbus.MakeVariant(d.IgnoreAuto)
	if len(d.Servers) == 0 {
		return
	}
	var v4 []uint32
	var v6 [][]byte
	for _, text := range d.Servers {
		switch a, err := netip.ParseAddr(text); {
		case err != nil:
			p["dns-data"] = dbus.MakeVariant(d.Servers)
			return
		case a.Is4():
			raw := a.As4()
			v4 = append(v4, binary.NativeEndian.Uint32(raw[:]))
		default:
			v6 = append(v6, a.AsSlice())
		}
	}
	if family == "ipv4" {
		p["dns"] = dbus.MakeVariant(v4)
	} else {
		p["dns"] = dbus.MakeVariant(v6)
	}
}

// sendable is the settings without what is there twice: the older form of
// addresses and routes would take the place of the newer one, which says more.
func (s nmSettings) sendable() map[string]map[string]dbus.Variant {
	for _, f := range families {
		delete(s.all[f.name], "addresses")
		delete(s.all[f.name], "routes")
	}
	return s.all
}
