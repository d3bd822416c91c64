package provider

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// endpoint is an address or, where addr is not valid, a host as written.
type endpoint struct {
	addr netip.Addr
	host string
	port uint16
}

// parseEndpoint reads HOST, HOST:PORT or HOST@PORT, where HOST is a name, an
// IPv4 address, or an IPv6 address (in brackets before a colon and a port).
func parseEndpoint(s string) (endpoint, error) {
	e := endpoint{port: DefaultPort}
	if s == "" {
		return e, errors.New("has no address; give " + allowed)
	}
	host, port, hasPort, err := splitPort(s)
	if err != nil {
		return e, err
	}
	if hasPort {
		if e.port, err = parsePort(port); err != nil {
			return e, err
		}
	}
	e.host = host
	addr, err := netip.ParseAddr(host)
	if err == nil {
		e.addr, err = usable(addr)
		return e, err
	}
	if strings.HasPrefix(s, "[") || strings.Contains(host, ":") {
		return e, errors.New("holds no valid IPv6 address; with a port write it as [2620:fe::fe]:853")
	}
	return e, nil
}

// splitPort separates host and port; the port may follow a colon or an @.
func splitPort(s string) (host, port string, hasPort bool, err error) {
	if rest, ok := strings.CutPrefix(s, "["); ok {
		host, rest, ok = strings.Cut(rest, "]")
		if !ok || !strings.Contains(host, ":") {
			return "", "", false, errors.New("needs an IPv6 address between the brackets, as in [2620:fe::fe]:853")
		}
		if rest == "" {
			return host, "", false, nil
		}
		if rest[0] != ':' && rest[0] != '@' {
			return "", "", false, errors.New("needs a colon between the bracket and the port, as in [2620:fe::fe]:853")
		}
		return host, rest[1:], true, nil
	}
	if host, port, ok := strings.Cut(s, "@"); ok {
		return host, port, true, nil
	}
	if strings.Count(s, ":") == 1 {
		host, port, _ = strings.Cut(s, ":")
		return host, port, true, nil
	}
	return s, "", false, nil // a name, or IPv6 without brackets
}

func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("has “%s” as its port; a port is a number from 1 to 65535", printable(s))
	}
	return uint16(n), nil
}

// usable refuses addresses at which no server can be reached.
func usable(addr netip.Addr) (netip.Addr, error) {
	if addr.Zone() != "" {
		return addr, errors.New("has an IPv6 scope zone, which is not supported; give an address that needs none")
	}
	addr = addr.Unmap()
	switch {
	case addr.IsUnspecified():
		return addr, fmt.Errorf("holds %s, which is no server’s address", addr)
	case addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return addr, fmt.Errorf("holds %s, which is no single server’s address", addr)
	case addr.Is6() && addr.IsLinkLocalUnicast():
		return addr, fmt.Errorf("holds the link-local address %s, which is not supported; give one that is valid on every network", addr)
	}
	return addr, nil
}

// hosts turns international names into their ASCII form (RFC 5891) and checks
// letters and lengths (RFC 1123 section 2.1, RFC 1035 section 2.3.4).
var hosts = idna.New(
	idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.CheckJoiners(true),
	idna.CheckHyphens(false), idna.StrictDomainName(true), idna.VerifyDNSLength(true),
)

// hostName returns s in lower-case ASCII without a final dot.
func hostName(s string) (string, error) {
	host, err := hosts.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil {
		return "", fmt.Errorf("holds “%s”, which is no valid host name", printable(s))
	}
	if again, err := hosts.ToASCII(host); err != nil || again != host {
		return "", fmt.Errorf("holds “%s”, which is no valid host name", printable(s)) // letters that have no one ASCII form
	}
	for label := range strings.SplitSeq(host, ".") {
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return "", fmt.Errorf("holds “%s”, which is no valid host name", printable(s))
		}
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if strings.Trim(last, "0123456789") == "" {
		// No top-level domain is a number: this is a mistyped address.
		return "", fmt.Errorf("holds “%s”, which is no valid IP address", printable(s))
	}
	return host, nil
}
