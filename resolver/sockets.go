package resolver

import (
	"net"
	"net/netip"
)

// Sockets opens what an Engine answers on. Each call gives a socket of its own,
// which the engine closes; the address is one that Listen was asked for, with
// the real port where that was 0. Errors are the system's (EADDRINUSE, EACCES,
// …). Calls come one at a time.
type Sockets interface {
	ListenUDP(addr netip.AddrPort) (*net.UDPConn, error)
	ListenTCP(addr netip.AddrPort) (*net.TCPListener, error)
}

// SystemSockets are opened by the operating system.
type SystemSockets struct{}

// ListenUDP implements Sockets.
func (SystemSockets) ListenUDP(addr netip.AddrPort) (*net.UDPConn, error) {
	return net.ListenUDP(network("udp", addr), net.UDPAddrFromAddrPort(addr))
}

// ListenTCP implements Sockets.
func (SystemSockets) ListenTCP(addr netip.AddrPort) (*net.TCPListener, error) {
	return net.ListenTCP(network("tcp", addr), net.TCPAddrFromAddrPort(addr))
}

// sockets are those that the engine was made with.
func (e *Engine) sockets() Sockets {
	if e.cfg.Sockets == nil {
		return SystemSockets{}
	}
	return e.cfg.Sockets
}

// network is the name that keeps an IPv6 wildcard from taking IPv4 as well.
func network(proto string, addr netip.AddrPort) string {
	if addr.Addr().Is4() {
		return proto + "4"
	}
	return proto + "6"
}
