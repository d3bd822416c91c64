// Package activation is this program's side of a service manager such as
// systemd: the sockets that it opened for us (sd_listen_fds(3)), and that we
// tell it when we are ready (sd_notify(3)).
package activation

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"dotproxy/resolver"
)

// Sockets are those that were passed to this process. It implements
// resolver.Sockets: where none was passed for an address, the system is asked
// for one. The passed ones stay open for the process's life, so that addresses
// can be closed and opened again. The zero value has none.
type Sockets struct {
	udp, tcp map[netip.AddrPort]*os.File
}

// Take returns the sockets that were passed to this process, none where there
// were none, and removes them from the environment, which a child would take
// for its own. It can be called once. The error, a plain sentence, names what
// was passed that is no socket to answer DNS on.
func Take() (*Sockets, error) {
	return sort(activation.Files(true))
}

// sort tells which address each file listens on.
func sort(files []*os.File) (*Sockets, error) {
	s := &Sockets{map[netip.AddrPort]*os.File{}, map[netip.AddrPort]*os.File{}}
	for _, f := range files {
		network, addr, err := identify(f)
		if err != nil {
			return nil, fmt.Errorf("The socket %q that was passed to this program %w.", f.Name(), err)
		}
		of := s.udp
		if network == "tcp" {
			of = s.tcp
		}
		if of[addr] != nil {
			return nil, fmt.Errorf("The address %s was passed to this program twice over %s.", addr, strings.ToUpper(network))
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

// Has tells whether a socket was passed for an address.
func (s *Sockets) Has(addr netip.AddrPort) bool { return s.udp[addr] != nil || s.tcp[addr] != nil }

// Mismatch says in two sentences which passed socket does not fit to the
// addresses to listen on, or lacks its other half, and what to do; both are
// empty where all fit.
func (s *Sockets) Mismatch(listen []netip.AddrPort) (message, hint string) {
	for _, a := range s.Addrs() {
		switch {
		case !slices.Contains(listen, a):
			return "The service manager passed a socket for " + a.String() + ", where DoT Proxy is not to listen.",
				"Name this address with --listen and --port, or take it out of the .socket unit."
		case s.tcp[a] == nil:
			return "The service manager passed a socket for " + a.String() + " over UDP alone; DNS needs TCP as well.",
				"Add ListenStream=" + a.String() + " to the .socket unit."
		case s.udp[a] == nil:
			return "The service manager passed a socket for " + a.String() + " over TCP alone; DNS needs UDP as well.",
				"Add ListenDatagram=" + a.String() + " to the .socket unit."
		}
	}
	return "", ""
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

// Ready tells the service manager that this process answers, Ending that it
// ends. Where none waits for that, nothing is done.
func Ready() error { return tell(daemon.SdNotifyReady) }

// Ending is told before the listeners close.
func Ending() error { return tell(daemon.SdNotifyStopping) }

func tell(state string) error {
	_, err := daemon.SdNotify(false, state)
	return err
}
