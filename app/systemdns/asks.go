// Package systemdns knows whom this computer's programs ask for names.
package systemdns

import (
	"bufio"
	"io"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
)

// resolvConf is where a C library on Unix reads whom to ask.
const resolvConf = "/etc/resolv.conf"

// Asks tells whether this computer's programs ask one of the listen addresses.
// known is false where that cannot be told: on systems other than Linux, and
// where the file cannot be read. It is called for each status, and reads one
// small file.
func Asks(listen []netip.AddrPort) (asks, known bool) {
	if runtime.GOOS != "linux" {
		return false, false
	}
	return asksIn(resolvConf, listen)
}

// maxConf bounds what is read of a resolv.conf, in bytes.
const maxConf = 64 << 10

// asksIn reads the file at path as resolv.conf(5) says: programs ask port 53 of
// the addresses named as nameserver, or of 127.0.0.1 where none is named.
func asksIn(path string, listen []netip.AddrPort) (asks, known bool) {
	f, err := os.Open(path)
	if err != nil {
		return false, false
	}
	defer f.Close()
	servers, err := nameservers(io.LimitReader(f, maxConf))
	if err != nil {
		return false, false
	}
	for _, s := range servers {
		if slices.ContainsFunc(listen, func(l netip.AddrPort) bool { return answers(l, s) }) {
			return true, true
		}
	}
	return false, true
}

// answers tells whether a listener on l answers what is sent to s, port 53.
func answers(l netip.AddrPort, s netip.Addr) bool {
	if l.Port() != 53 {
		return false
	}
	a := l.Addr().Unmap()
	return a == s || a.IsUnspecified() && a.Is4() == s.Is4() && s.IsLoopback()
}

// nameservers lists the servers of a resolv.conf, the one that is meant where
// none is named included.
func nameservers(r io.Reader) ([]netip.Addr, error) {
	servers, err := named(r)
	if len(servers) == 0 && err == nil {
		servers = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	return servers, err
}

// named lists the servers that a resolv.conf names. Lines that it cannot read
// are passed over, as the C library does.
func named(r io.Reader) ([]netip.Addr, error) {
	var servers []netip.Addr
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 || words[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(words[1]); err == nil {
			servers = append(servers, a.Unmap().WithZone(""))
		}
	}
	return servers, lines.Err()
}
