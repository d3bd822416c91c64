// Package activation is this program's side of a service manager such as
// systemd: the sockets that it opened for us (sd_listen_fds(3)), and what we
// tell it of our state (sd_notify(3)).
package activation

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"dotproxy/resolver"
)

// Sockets are those that were passed to this process. It implements
// resolver.Sockets: where none was passed for an address, the system is asked
// for one. The passed ones stay open for the process's life, so that addresses
// can be closed and opened again. The zero value has none. It is not changed
// once it is made, so that all may use it at once.
type Sockets struct {
	udp, tcp map[netip.AddrPort]*os.File
}

// variables are those by which files are passed.
var variables = []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}

// Take returns the sockets that were passed to this process, none where there
// were none, and removes them from the environment, which a child would take
// for its own. It can be called once. The error, a plain sentence, names what
// was passed that is no socket to answer DNS on.
func Take() (*Sockets, error) {
	files := passed(os.Getpid(), os.Getenv)
	for _, v := range variables {
		_ = os.Unsetenv(v)
	}
	return sorted(files)
}

// sorted tells which address each file listens on.
func sorted(files []*os.File) (*Sockets, error) {
	s := &Sockets{map[netip.AddrPort]*os.File{}, map[netip.AddrPort]*os.File{}}
	for _, f := range files {
		network, addr, err := identify(f)
		if err != nil {
			return nil, fmt.Errorf("The socket %q that the service manager passed %w.", f.Name(), err)
		}
		of := s.udp
		if network == "tcp" {
			of = s.tcp
		}
		if of[addr] != nil {
			return nil, fmt.Errorf("The service manager passed two sockets for %s over %s.", addr, strings.ToUpper(network))
		}
		of[addr] = f
	}
	return s, nil
}

// Addrs are the addresses of the passed sockets, in order.
func (s *Sockets) Addrs() []netip.AddrPort {
	all := slices.AppendSeq(slices.Collect(maps.Keys(s.udp)), maps.Keys(s.tcp))
	slices.SortFunc(all, netip.AddrPort.Compare)
	return slices.Compact(all)
}

// Half says in two sentences that of an address one of UDP and TCP was passed
// alone, and what to do. Both are empty where that is not so.
func (s *Sockets) Half(addr netip.AddrPort) (message, hint string) {
	udp, tcp := s.udp[addr] != nil, s.tcp[addr] != nil
	has, lacks, line := "UDP", "TCP", "ListenStream="
	if tcp {
		has, lacks, line = "TCP", "UDP", "ListenDatagram="
	}
	if udp == tcp {
		return "", ""
	}
	return fmt.Sprintf("The service manager passed a socket for %s over %s alone; DNS needs %s as well.", addr, has, lacks),
		"Add " + line + addr.String() + " to the .socket unit."
}

// ListenUDP implements resolver.Sockets.
func (s *Sockets) ListenUDP(addr netip.AddrPort) (*net.UDPConn, error) {
	f := s.udp[addr]
	if f == nil {
		return resolver.SystemSockets{}.ListenUDP(addr)
	}
	c, err := net.FilePacketConn(f)
	if err != nil {
		return nil, err
	}
	return c.(*net.UDPConn), nil
}

// ListenTCP implements resolver.Sockets.
func (s *Sockets) ListenTCP(addr netip.AddrPort) (*net.TCPListener, error) {
	f := s.tcp[addr]
	if f == nil {
		return resolver.SystemSockets{}.ListenTCP(addr)
	}
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil
}
