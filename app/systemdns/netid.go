package systemdns

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// NetworkID tells the network that the computer is on from others. The zero
// value is none.
type NetworkID struct {
	// Local is this computer's address on the default route; of IPv6, which
	// changes addresses by itself, only the network's prefix.
	Local netip.Prefix
	// Gateway is the default router and MAC its link-layer address, where they
	// are known (Linux).
	Gateway netip.Addr
	MAC     string
}

// Surroundings are what a NetworkID is found by.
type Surroundings struct {
	// Local returns the address from which packets to another would be sent.
	Local func(network, to string) (netip.Addr, error)
	// ReadFile reads a file of /proc.
	ReadFile func(path string) ([]byte, error)
}

// ThisComputer are the surroundings of this computer. No packet is sent: a UDP
// socket that is connected only chooses its address.
func ThisComputer() Surroundings {
	return Surroundings{
		Local: func(network, to string) (netip.Addr, error) {
			c, err := net.Dial(network, to)
			if err != nil {
				return netip.Addr{}, err
			}
			defer c.Close()
			a, err := netip.ParseAddrPort(c.LocalAddr().String())
			return a.Addr().Unmap(), err
		},
		ReadFile: os.ReadFile,
	}
}

// Identify finds the present network. Addresses of documentation (RFC 5737, RFC
// 3849) stand for the internet.
func Identify(s Surroundings) NetworkID {
	var id NetworkID
	if a, err := s.Local("udp4", "192.0.2.1:53"); err == nil && a.Is4() && !a.IsLoopback() {
		id.Local = netip.PrefixFrom(a, 32)
	} else if a, err := s.Local("udp6", "[2001:db8::1]:53"); err == nil && a.Is6() && !a.IsLoopback() {
		id.Local = netip.PrefixFrom(a.WithZone(""), 64).Masked()
	}
	routes, err := s.ReadFile("/proc/net/route")
	if err != nil {
		return id
	}
	var device string
	if id.Gateway, device = defaultGateway(routes); !id.Gateway.IsValid() {
		return id
	}
	if neighbours, err := s.ReadFile("/proc/net/arp"); err == nil {
		id.MAC = linkAddress(neighbours, id.Gateway, device)
	}
	return id
}

// Follows returns the ID to go on with after id, where now is what was found,
// and whether that is another network. A router whose link-layer address is
// just not known is the same router.
func (id NetworkID) Follows(now NetworkID) (next NetworkID, moved bool) {
	known, found := id, now
	known.MAC, found.MAC = "", ""
	if known != found || id.MAC != "" && now.MAC != "" && id.MAC != now.MAC {
		return now, true
	}
	if now.MAC == "" {
		return id, false
	}
	return now, false
}

// String is empty for no network.
func (id NetworkID) String() string {
	if id == (NetworkID{}) {
		return ""
	}
	return id.Local.String() + " " + id.Gateway.String() + " " + id.MAC
}

// routeUpGateway are the flags of a route in use through a router (RTF_UP and
// RTF_GATEWAY of linux/route.h).
const routeUpGateway = 0x3

// defaultGateway reads /proc/net/route: the router of the default route with
// the least metric, and its device.
func defaultGateway(text []byte) (gateway netip.Addr, device string) {
	best := uint64(1 << 63)
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		// Iface Destination Gateway Flags RefCnt Use Metric Mask …
		f := strings.Fields(lines.Text())
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" {
			continue
		}
		flags, err := strconv.ParseUint(f[3], 16, 32)
		metric, alsoErr := strconv.ParseUint(f[6], 10, 63)
		a, ok := hostOrder(f[2])
		if err == nil && alsoErr == nil && ok && flags&routeUpGateway == routeUpGateway && metric < best {
			gateway, device, best = a, f[0], metric
		}
	}
	return gateway, device
}

// hostOrder reads an IPv4 address as the kernel prints it: a number in the
// byte order of this computer.
func hostOrder(text string) (netip.Addr, bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 4 {
		return netip.Addr{}, false
	}
	var a [4]byte
	binary.NativeEndian.PutUint32(a[:], binary.BigEndian.Uint32(b))
	return netip.AddrFrom4(a), true
}

// linkAddress reads /proc/net/arp: the link-layer address of a neighbour,
// empty where it is not known.
func linkAddress(text []byte, neighbour netip.Addr, device string) string {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		// IP address, HW type, Flags, HW address, Mask, Device
		f := strings.Fields(lines.Text())
		if len(f) == 6 && f[0] == neighbour.String() && f[5] == device && strings.Trim(f[3], "0:") != "" {
			return f[3]
		}
	}
	return ""
}
