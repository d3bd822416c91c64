package daemon

import (
	"net/netip"

	"github.com/shirou/gopsutil/v4/net"
	"github.com/shirou/gopsutil/v4/process"
)

// holder is the program that holds a port, as far as it is known.
type holder struct {
	name string
	pid  int32
	// hidden is set where another user's socket was found, which shows no
	// process.
	hidden bool
}

// socket is one open socket of this computer.
type socket struct {
	udp  bool
	addr netip.AddrPort
	pid  int32
	// busy is set for a connection: its own port cannot be listened on either.
	busy bool
}

// findHolder looks for the program that keeps addr from being opened.
func findHolder(network string, addr netip.AddrPort) holder {
	conns, err := net.Connections("inet")
	if err != nil {
		return holder{}
	}
	return holderOf(network, addr, openSockets(conns), processName)
}

// holderOf picks the socket in the way; one that listens and whose process is
// known is preferred.
func holderOf(network string, addr netip.AddrPort, sockets []socket, name func(int32) string) holder {
	var best holder
	for _, s := range sockets {
		if s.udp != (network == "udp") || !collide(s.addr, addr) {
			continue
		}
		switch {
		case s.pid > 0 && !s.busy:
			return holder{name: name(s.pid), pid: s.pid}
		case s.pid > 0:
			best = holder{name: name(s.pid), pid: s.pid}
		case isResolvedStub(s.addr.Addr()):
			best.name = "systemd-resolved"
		default:
			best.hidden = true
		}
	}
	return best
}

// collide tells whether two sockets cannot be open together: the same port,
// and the same address or one of them for all addresses. A wildcard of IPv6
// may hold IPv4 as well.
func collide(held, want netip.AddrPort) bool {
	if held.Port() != want.Port() {
		return false
	}
	h, w := held.Addr().Unmap(), want.Addr().Unmap()
	switch {
	case h == w:
		return true
	case h.IsUnspecified():
		return h.Is6() || w.Is4()
	case w.IsUnspecified():
		return h.Is4() == w.Is4()
	}
	return false
}

// isResolvedStub knows the addresses that only systemd-resolved answers on.
func isResolvedStub(a netip.Addr) bool {
	return a == netip.AddrFrom4([4]byte{127, 0, 0, 53}) || a == netip.AddrFrom4([4]byte{127, 0, 0, 54})
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

func processName(pid int32) string {
	p, err := process.NewProcess(pid)
	if err != nil {
		return ""
	}
	name, _ := p.Name()
	return name
}
