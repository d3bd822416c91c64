package systemdns

import (
	"bufio"
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
)

// leadsOut tells whether a default route leads out of this computer.
func leadsOut() bool { return len(defaultDevices(thisSystem())) > 0 }

// outDevices are the devices with a default route but for VPNs, in the order of
// their names. Where only VPNs are left they are none: what they ask of is
// theirs to say.
func outDevices(t tree) []string {
	devices := defaultDevices(t)
	wired := slices.ContainsFunc(devices, func(d string) bool { return !isTunnel(t, d) && linkType(t, d) != arphrdPPP })
	return slices.DeleteFunc(devices, func(d string) bool {
		// A modem's link is a PPP one, and so is that of older VPNs.
		return isTunnel(t, d) || wired && linkType(t, d) == arphrdPPP
	})
}

// defaultDevices are the devices of the default routes of IPv4 and IPv6.
func defaultDevices(t tree) []string {
	v4, _ := os.ReadFile(t.at("/proc/net/route"))
	v6, _ := os.ReadFile(t.at("/proc/net/ipv6_route"))
	devices := append(routes4(v4), routes6(v6)...)
	slices.Sort(devices)
	return slices.Compact(devices)
}

// The flags of a route (linux/route.h).
const (
	routeUp     = 0x1
	routeReject = 0x200
)

// routes4 reads /proc/net/route.
func routes4(text []byte) (devices []string) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		// Iface Destination Gateway Flags RefCnt Use Metric Mask …
		f := strings.Fields(lines.Text())
		if len(f) > 7 && f[1] == "00000000" && f[7] == "00000000" && inUse(f[3]) {
			devices = append(devices, f[0])
		}
	}
	return devices
}

// routes6 reads /proc/net/ipv6_route.
func routes6(text []byte) (devices []string) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		// destination, length, source, length, next hop, metric, references, use, flags, device
		f := strings.Fields(lines.Text())
		if len(f) == 10 && strings.Trim(f[0], "0") == "" && f[1] == "00" && inUse(f[8]) && f[9] != "lo" {
			devices = append(devices, f[9])
		}
	}
	return devices
}

func inUse(flags string) bool {
	n, err := strconv.ParseUint(flags, 16, 32)
	return err == nil && n&routeUp != 0 && n&routeReject == 0
}

// arphrdPPP is the type of a PPP link (linux/if_arp.h).
const arphrdPPP = 512

// tunnelTypes are those of links within others (linux/if_arp.h): IP in IP, SIT
// and GRE, of both versions.
var tunnelTypes = []int{768, 769, 776, 778, 823}

// linkType is the type of a device as linux/if_arp.h has it, 0 where it is not
// known.
func linkType(t tree, device string) int {
	text, _ := os.ReadFile(t.at("/sys/class/net/" + device + "/type"))
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

// isTunnel tells whether a device is a VPN's or another tunnel.
func isTunnel(t tree, device string) bool {
	if _, err := os.Stat(t.at("/sys/class/net/" + device + "/tun_flags")); err == nil {
		return true
	}
	about, _ := os.ReadFile(t.at("/sys/class/net/" + device + "/uevent"))
	return bytes.Contains(about, []byte("DEVTYPE=wireguard")) || slices.Contains(tunnelTypes, linkType(t, device))
}

// linkIndex is the number of a device, 0 where it is gone.
func linkIndex(t tree, device string) int32 {
	text, _ := os.ReadFile(t.at("/sys/class/net/" + device + "/ifindex"))
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 32)
	return int32(n)
}
