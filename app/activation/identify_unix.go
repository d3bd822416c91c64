//go:build unix

package activation

import (
	"errors"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// identify tells what a passed file listens on; the error continues a sentence
// whose subject is the socket.
func identify(f *os.File) (network string, addr netip.AddrPort, err error) {
	fd := int(f.Fd())
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return "", addr, errors.New("is no socket")
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return "", addr, err
	}
	if addr = addressOf(name); !addr.IsValid() {
		return "", addr, errors.New("is no internet socket")
	}
	if listens, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); kind == unix.SOCK_STREAM && listens == 0 {
		return "", addr, errors.New("is a single connection; the .socket unit needs Accept=no")
	}
	if only, err := unix.GetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY); addr.Addr() == netip.IPv6Unspecified() && err == nil && only == 0 {
		return "", addr, errors.New("takes IPv4 as well as IPv6; the .socket unit needs BindIPv6Only=ipv6-only")
	}
	switch kind {
	case unix.SOCK_DGRAM:
		return "udp", addr, nil
	case unix.SOCK_STREAM:
		return "tcp", addr, nil
	}
	return "", addr, errors.New("is neither UDP nor TCP")
}

// addressOf is the address of a socket, invalid for one that is not of the
// internet.
func addressOf(name unix.Sockaddr) netip.AddrPort {
	switch a := name.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(a.Addr)
		if a.ZoneId != 0 {
			if link, err := net.InterfaceByIndex(int(a.ZoneId)); err == nil {
				ip = ip.WithZone(link.Name)
			}
		}
		return netip.AddrPortFrom(ip, uint16(a.Port))
	}
	return netip.AddrPort{}
}
