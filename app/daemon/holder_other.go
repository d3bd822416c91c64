//go:build !linux

package daemon

import (
	"net/netip"

	"github.com/shirou/gopsutil/v4/net"
	"github.com/shirou/gopsutil/v4/process"
)

// findHolder looks for the program that keeps addr from being opened.
func findHolder(network string, addr netip.AddrPort) holder {
	conns, err := net.Connections("inet")
	if err != nil {
		return holder{}
	}
	return holderOf(network, addr, openSockets(conns), describe)
}

// openSockets reads what the library lists.
func openSockets(conns []net.ConnectionStat) []socket {
	const datagram = 2 // SOCK_DGRAM on every system
	var sockets []socket
	for _, c := range conns {
		ip, err := netip.ParseAddr(c.Laddr.IP)
		if err != nil {
			ip = netip.IPv6Unspecified() // written as * or left empty
		}
		sockets = append(sockets, socket{
			udp: c.Type == datagram, addr: netip.AddrPortFrom(ip, uint16(c.Laddr.Port)), pid: c.Pid,
			busy: c.Raddr.Port != 0,
		})
	}
	return sockets
}

func describe(pid int32) program {
	g := program{pid: pid}
	p, err := process.NewProcess(pid)
	if err != nil {
		return g
	}
	g.name, _ = p.Name()
	g.user, _ = p.Username()
	g.command, _ = p.Cmdline()
	return g
}
