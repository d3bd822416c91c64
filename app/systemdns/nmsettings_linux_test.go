package systemdns

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/godbus/dbus/v5"
)

var both = Target{[]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53"), netip.MustParseAddrPort("[::1]:53")}}

// applied is what NetworkManager has in effect on a device.
func applied(v4, v6 map[string]any) nmSettings {
	s := nmSettings{all: map[string]map[string]dbus.Variant{}}
	for name, keys := range map[string]map[string]any{"ipv4": v4, "ipv6": v6} {
		s.all[name] = map[string]dbus.Variant{}
		for key, value := range keys {
			s.all[name][key] = dbus.MakeVariant(value)
		}
	}
	return s
}

func auto() map[string]any { return map[string]any{"method": "auto"} }

func TestPointsAllNamesHere(t *testing.T) {
	for _, c := range []struct {
		name     string
		mode     string
		v4, v6   map[string]any
		priority int32
		has4     []string
		has6     []string
	}{
		{"both families", nmModeFile, auto(), auto(), nmAlone, []string{"127.0.0.1"}, []string{"::1"}},
		{"beside domains of VPNs", "systemd-resolved", auto(), auto(), nmFirst, []string{"127.0.0.1"}, []string{"::1"}},
		{"no IPv6", nmModeFile, auto(), map[string]any{"method": "disabled"}, nmAlone, []string{"127.0.0.1"}, nil},
		{"IPv6 left to others", nmModeFile, auto(), map[string]any{"method": "ignore"}, nmAlone, []string{"127.0.0.1"}, nil},
		{"no IPv4", nmModeFile, map[string]any{"method": "disabled"}, auto(), nmAlone, nil, []string{"::1"}},
		{"servers of the profile", nmModeFile, map[string]any{"method": "manual", "dns": []uint32{0x01090a}}, auto(), nmAlone, []string{"127.0.0.1"}, []string{"::1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := applied(c.v4, c.v6)
			if s.ours(both) {
				t.Error("it is ours before")
			}
			if !s.reaches(both) || !s.point(both, []string{"lan"}, c.mode) {
				t.Fatal("nothing changed")
			}
			if !s.ours(both) || s.point(both, []string{"lan"}, c.mode) {
				t.Error("it is not ours, or changes again")
			}
			for name, want := range map[string][]string{"ipv4": c.has4, "ipv6": c.has6} {
				if got := s.dns(name); !slices.Equal(got.Servers, want) || want != nil && (got.Priority != c.priority || !got.IgnoreAuto || !slices.Equal(got.Search, []string{"lan", "~."})) {
					t.Errorf("%s has %+v", name, got)
				}
			}
		})
	}
}

func TestPutsBackWhatALinkHad(t *testing.T) {
	before := map[string]any{"method": "auto", "dns": []uint32{0x0100090a}, "dns-search": []string{"home"}, "dns-priority": int32(20), "ignore-auto-dns": true}
	for _, c := range []struct {
		name   string
		v4, v6 map[string]any
	}{
		{"nothing", auto(), auto()},
		{"servers of its own", before, auto()},
		{"with the names of certificates", map[string]any{"method": "auto", "dns-data": []string{"9.9.9.9#dns.quad9.net"}}, auto()},
		{"of IPv6", auto(), map[string]any{"method": "auto", "dns": [][]byte{netip.MustParseAddr("fd09::1").AsSlice()}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, old := applied(c.v4, c.v6), applied(c.v4, c.v6)
			l := nmDevice{name: "eth0", uuid: "u", title: "Wired"}.before(s, both)
			if !l.same(s) {
				t.Error("it is not what it is")
			}
			s.point(both, nil, nmModeFile)
			if l.same(s) {
				t.Error("a change is not seen")
			}
			if !s.putBack(l) {
				t.Fatal("what it had is not known")
			}
			for _, f := range families {
				if got, want := s.dns(f.name), old.dns(f.name); !got.equal(want) {
					t.Errorf("%s has %+v, want %+v", f.name, got, want)
				}
			}
		})
	}
}

func TestWhatIsOursIsNoBackup(t *testing.T) {
	s := applied(auto(), auto())
	s.point(both, nil, nmModeFile)
	l := nmDevice{name: "eth0", servers: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, offered: []netip.Addr{netip.MustParseAddr("10.9.0.1")}}.before(s, both)
	if l.V4 != nil || l.V6 != nil || s.putBack(l) {
		t.Error("our own addresses would be put back")
	}
	if want := []netip.Addr{netip.MustParseAddr("10.9.0.1")}; !slices.Equal(l.Servers, want) {
		t.Errorf("the network's servers are %v", l.Servers)
	}
}

func TestLoopbackOfOthers(t *testing.T) {
	for _, c := range []struct {
		name string
		v4   map[string]any
		want bool
	}{
		{"none", auto(), false},
		{"another resolver here", map[string]any{"dns-data": []string{"127.0.0.1"}}, true},
		{"by the older key", map[string]any{"dns": []uint32{0x0100007f}}, true},
		{"systemd-resolved's stub", map[string]any{"dns-data": []string{"127.0.0.53"}}, false},
		{"the network's", map[string]any{"dns-data": []string{"10.9.0.1"}}, false},
		{"with a name", map[string]any{"dns-data": []string{"9.9.9.9#dns.quad9.net"}}, false},
	} {
		if got := applied(c.v4, auto()).namesLoopback(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestSendsNothingTwice(t *testing.T) {
	s := applied(map[string]any{"addresses": [][]uint32{{1, 2, 3}}, "address-data": "kept", "routes": [][]uint32{}}, auto())
	sent := s.sendable()
	if _, ok := sent["ipv4"]["addresses"]; ok || sent["ipv4"]["address-data"].Value() != "kept" {
		t.Errorf("it sends %v", sent["ipv4"])
	}
}
