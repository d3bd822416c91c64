package systemdns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"testing"
)

// fakeNet are surroundings with these addresses and files; empty is none.
func fakeNet(v4, v6 string, files map[string]string) Surroundings {
	return Surroundings{
		Local: func(network, _ string) (netip.Addr, error) {
			text := map[string]string{"udp4": v4, "udp6": v6}[network]
			if text == "" {
				return netip.Addr{}, errors.New("network is unreachable")
			}
			return netip.MustParseAddr(text), nil
		},
		ReadFile: func(path string) ([]byte, error) {
			text, ok := files[path]
			if !ok {
				return nil, fs.ErrNotExist
			}
			return []byte(text), nil
		},
	}
}

// kernelHex is an address as /proc/net/route has it on this computer.
func kernelHex(addr string) string {
	b := netip.MustParseAddr(addr).As4()
	return fmt.Sprintf("%08X", binary.NativeEndian.Uint32(b[:]))
}

func route(device, gateway, flags, metric string) string {
	return fmt.Sprintf("%s\t00000000\t%s\t%s\t0\t0\t%s\t00000000\t0\t0\t0\n", device, kernelHex(gateway), flags, metric)
}

const routeHead = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"

func TestIdentify(t *testing.T) {
	arp := "IP address       HW type     Flags       HW address            Mask     Device\n" +
		"192.168.1.9      0x1         0x2         aa:aa:aa:aa:aa:aa     *        wlan0\n" +
		"192.168.1.1      0x1         0x2         bb:bb:bb:bb:bb:bb     *        eth9\n" +
		"192.168.1.1      0x1         0x2         cc:cc:cc:cc:cc:cc     *        wlan0\n" +
		"10.0.0.1         0x1         0x0         00:00:00:00:00:00     *        eth0\n"
	cases := map[string]struct {
		s    Surroundings
		want string
	}{
		"no network":           {fakeNet("", "", nil), ""},
		"only loopback":        {fakeNet("127.0.0.1", "::1", nil), ""},
		"an address alone":     {fakeNet("192.168.1.5", "2001:db8::5", nil), "192.168.1.5/32 invalid IP "},
		"IPv6 alone":           {fakeNet("", "2001:db8:1:2:3:4:5:6", nil), "2001:db8:1:2::/64 invalid IP "},
		"a router":             {fakeNet("192.168.1.5", "", map[string]string{"/proc/net/route": routeHead + route("wlan0", "192.168.1.1", "0003", "600")}), "192.168.1.5/32 192.168.1.1 "},
		"a router and its MAC": {fakeNet("192.168.1.5", "", map[string]string{"/proc/net/route": routeHead + route("wlan0", "192.168.1.1", "0003", "600"), "/proc/net/arp": arp}), "192.168.1.5/32 192.168.1.1 cc:cc:cc:cc:cc:cc"},
		"the least metric": {fakeNet("10.0.0.5", "", map[string]string{
			"/proc/net/route": routeHead + route("wlan0", "192.168.1.1", "0003", "600") + route("eth0", "10.0.0.1", "0003", "100"), "/proc/net/arp": arp}), "10.0.0.5/32 10.0.0.1 "},
		"no router": {fakeNet("10.0.0.5", "", map[string]string{"/proc/net/route": routeHead + route("tun0", "0.0.0.0", "0001", "0") + "eth0\tx\n"}), "10.0.0.5/32 invalid IP "},
	}
	for about, c := range cases {
		if got := Identify(c.s).String(); got != c.want {
			t.Errorf("%s: %q, want %q", about, got, c.want)
		}
	}
}

func TestFollows(t *testing.T) {
	home := NetworkID{Local: netip.MustParsePrefix("192.168.1.5/32"), Gateway: netip.MustParseAddr("192.168.1.1"), MAC: "aa"}
	with := func(change func(*NetworkID)) NetworkID {
		id := home
		change(&id)
		return id
	}
	unknown := with(func(n *NetworkID) { n.MAC = "" })
	for about, c := range map[string]struct {
		from, now, next NetworkID
		moved           bool
	}{
		"the same":                    {home, home, home, false},
		"another address":             {home, with(func(n *NetworkID) { n.Local = netip.MustParsePrefix("10.0.0.5/32") }), with(func(n *NetworkID) { n.Local = netip.MustParsePrefix("10.0.0.5/32") }), true},
		"another router":              {home, with(func(n *NetworkID) { n.MAC = "bb" }), with(func(n *NetworkID) { n.MAC = "bb" }), true},
		"its address forgotten":       {home, unknown, home, false},
		"its address learnt":          {unknown, home, home, false},
		"gone":                        {home, NetworkID{}, NetworkID{}, true},
		"back":                        {NetworkID{}, home, home, true},
		"none, as before":             {NetworkID{}, NetworkID{}, NetworkID{}, false},
		"elsewhere, router not known": {home, with(func(n *NetworkID) { n.Gateway, n.MAC = netip.MustParseAddr("192.168.1.2"), "" }), with(func(n *NetworkID) { n.Gateway, n.MAC = netip.MustParseAddr("192.168.1.2"), "" }), true},
	} {
		if next, moved := c.from.Follows(c.now); next != c.next || moved != c.moved {
			t.Errorf("%s: %v, %v", about, next, moved)
		}
	}
}

// FuzzNetworkID: no text of /proc makes the parser fail.
func FuzzNetworkID(f *testing.F) {
	f.Add(routeHead+"wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\n", "192.168.1.1 0x1 0x2 aa:bb:cc:dd:ee:ff * wlan0\n")
	f.Add("a 00000000 zz 3 0 0 1 00000000", "")
	f.Fuzz(func(t *testing.T, routes, arp string) {
		id := Identify(fakeNet("192.168.1.5", "", map[string]string{"/proc/net/route": routes, "/proc/net/arp": arp}))
		if id.MAC != "" && (!id.Gateway.IsValid() || !strings.Contains(arp, id.MAC)) {
			t.Errorf("%+v", id)
		}
	})
}
