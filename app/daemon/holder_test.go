package daemon

import (
	"net"
	"net/netip"
	"os"
	"testing"
)

// TestFindHolder looks for a socket of this very process.
func TestFindHolder(t *testing.T) {
	tcp, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	for network, addr := range map[string]netip.AddrPort{
		"tcp": tcp.Addr().(*net.TCPAddr).AddrPort(), "udp": udp.LocalAddr().(*net.UDPAddr).AddrPort(),
	} {
		if h := findHolder(network, addr); int(h.pid) != os.Getpid() || h.name == "" {
			t.Errorf("%s on %v is held by %+v, want process %d", network, addr, h, os.Getpid())
		}
	}
}
