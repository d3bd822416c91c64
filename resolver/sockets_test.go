package resolver

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/miekg/dns"
)

// heldSockets gives out copies of sockets that somebody else opened, and
// refuses other addresses.
type heldSockets struct {
	udp, tcp *os.File
	addr     netip.AddrPort
}

// holdSockets opens a UDP and a TCP socket on one free port of an address, as a
// service manager does.
func holdSockets(t *testing.T, addr string) *heldSockets {
	t.Helper()
	ip := netip.MustParseAddr(addr)
	for range 20 {
		l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
		if err != nil {
			t.Fatal(err)
		}
		at := l.Addr().(*net.TCPAddr).AddrPort()
		u, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err != nil {
			_ = l.Close()
			continue
		}
		held := &heldSockets{addr: at}
		held.tcp, err = l.File()
		if err == nil {
			held.udp, err = u.File()
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = l.Close(), u.Close()
		t.Cleanup(func() { _, _ = held.udp.Close(), held.tcp.Close() })
		return held
	}
	t.Fatal("no port is free over both UDP and TCP")
	return nil
}

func (h *heldSockets) ListenUDP(addr netip.AddrPort) (*net.UDPConn, error) {
	if addr != h.addr {
		return nil, syscall.EACCES
	}
	c, err := net.FilePacketConn(h.udp)
	if err != nil {
		return nil, err
	}
	return c.(*net.UDPConn), nil
}

func (h *heldSockets) ListenTCP(addr netip.AddrPort) (*net.TCPListener, error) {
	if addr != h.addr {
		return nil, syscall.EACCES
	}
	l, err := net.FileListener(h.tcp)
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil
}

// An engine answers on sockets that it did not open, again after it was
// stopped, since it closes copies only; and opens none itself.
func TestSocketsFromOutside(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "::1"} {
		t.Run(addr, func(t *testing.T) {
			held := holdSockets(t, addr)
			n := new(pipeNet)
			n.add("192.0.2.1:853")
			e := pipeEngine(t, n, func(c *Config) { c.Sockets = held }, "192.0.2.1:853")
			for range 2 {
				listenOn(t, e, held.addr.String())
				for _, network := range []string{"udp", "tcp"} {
					if r := dig(t, network, held.addr, "example.org"); r.Rcode != dns.RcodeSuccess {
						t.Errorf("%s: %v", network, r)
					}
				}
				if err := e.Listen(nil); err != nil {
					t.Fatal(err)
				}
			}
			other := netip.AddrPortFrom(held.addr.Addr(), 9)
			err := e.Listen([]ListenAddr{{Addr: held.addr}, {Addr: other}})
			if le, ok := err.(*ListenError); !ok || le.Addr != other || le.Unwrap() != syscall.EACCES {
				t.Errorf("an address that nobody opened: %v", err)
			}
		})
	}
}
