package control

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Limits of Settings about names and clients.
const (
	// MaxEntries is how many routes, and how many overrides, may be set.
	MaxEntries = 1000
	// MaxAccess is how many prefixes Access may list.
	MaxAccess = 1000

	maxRouteServers  = 16
	maxOverrideAddrs = 100
	plainPort        = 53
)

// PlainServer reads a route's server that is asked in clear text: an IP address,
// whose port is 53 then, or IP:PORT. ok is false for all others, which are asked
// over TLS.
func PlainServer(text string) (server netip.AddrPort, ok bool) {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddrPort(text); err == nil {
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), true
	}
	if inner, found := strings.CutPrefix(text, "["); found {
		if inner, found = strings.CutSuffix(inner, "]"); !found {
			return netip.AddrPort{}, false
		}
		text = inner
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(a.Unmap(), plainPort), true
}

// entry is a problem of one key of a table.
func entry(field, key, message, hint string) *Problem {
	p := BadValue(field, message, hint)
	p.Entry = key
	return p
}

func checkRoutes(routes map[string][]string) *Problem {
	if n := len(routes); n > MaxEntries {
		return BadValue("routes", fmt.Sprintf("There are %d routes; %d are possible.", n, MaxEntries), "Remove some.")
	}
	for _, domain := range slices.Sorted(maps.Keys(routes)) {
		if p := checkRoute(domain, routes[domain]); p != nil {
			return p
		}
	}
	return nil
}

func checkRoute(domain string, servers []string) *Problem {
	if strings.TrimSpace(domain) == "" {
		return entry("routes", domain, "A route has no domain.", "Name one, such as home.arpa, or remove the route.")
	}
	switch n := len(servers); {
	case n == 0:
		return entry("routes", domain, Quote(domain)+" is routed to no server.", "Name one, or remove the route.")
	case n > maxRouteServers:
		return entry("routes", domain, fmt.Sprintf("%s is routed to %d servers; %d are possible.", Quote(domain), n, maxRouteServers), "Remove some.")
	}
	plain := 0
	for _, s := range servers {
		if strings.TrimSpace(s) == "" {
			return entry("routes", domain, "A server that "+Quote(domain)+" is routed to is empty.", "Remove it, or enter an address.")
		}
		if _, ok := PlainServer(s); ok {
			plain++
		}
	}
	if plain > 0 && plain < len(servers) {
		return entry("routes", domain, Quote(domain)+" is routed to servers in clear text and over TLS.",
			"Choose one of them: IP and IP:PORT are asked in clear text, tls://IP and the other forms over TLS.")
	}
	return nil
}

func checkOverrides(overrides map[string][]string) *Problem {
	if n := len(overrides); n > MaxEntries {
		return BadValue("overrides", fmt.Sprintf("There are %d overrides; %d are possible.", n, MaxEntries), "Remove some, or use the system’s hosts file.")
	}
	for _, name := range slices.Sorted(maps.Keys(overrides)) {
		if p := checkOverride(name, overrides[name]); p != nil {
			return p
		}
	}
	return nil
}

func checkOverride(name string, values []string) *Problem {
	if strings.TrimSpace(name) == "" {
		return entry("overrides", name, "An override has no name.", "Enter one, such as printer.home.arpa, or remove the override.")
	}
	switch n := len(values); {
	case n == 0:
		return entry("overrides", name, Quote(name)+" has no address.", "Enter one, or NXDOMAIN to say that the name does not exist.")
	case n > maxOverrideAddrs:
		return entry("overrides", name, fmt.Sprintf("%s has %d addresses; %d are possible.", Quote(name), n, maxOverrideAddrs), "Remove some.")
	case n == 1 && values[0] == NXDOMAIN:
		return nil
	}
	for _, v := range values {
		if v == NXDOMAIN {
			return entry("overrides", name, Quote(name)+" has addresses and NXDOMAIN.", "Choose one: NXDOMAIN says that the name does not exist.")
		}
		if a, err := netip.ParseAddr(v); err != nil || a.Zone() != "" {
			return entry("overrides", name, Quote(v)+", which "+Quote(name)+" is to have, is not an IP address.",
				"Enter addresses such as 192.168.1.10, or NXDOMAIN to say that the name does not exist.")
		}
	}
	return nil
}

// private are the prefixes that AccessPrivate stands for.
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"),
}

// AccessPrefixes returns what access stands for. A text that it does not know
// gives a *Problem with Field "access" and nothing else.
func AccessPrefixes(access []string) ([]netip.Prefix, error) {
	if n := len(access); n > MaxAccess {
		return nil, BadValue("access", fmt.Sprintf("There are %d entries of who may ask; %d are possible.", n, MaxAccess), "Remove some, or put them together.")
	}
	var list []netip.Prefix
	for _, text := range access {
		switch text {
		case AccessPrivate:
			list = append(list, private...)
			continue
		case AccessAny:
			list = append(list, netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"))
			continue
		}
		if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
			a = a.Unmap()
			list = append(list, netip.PrefixFrom(a, a.BitLen()))
		} else if p, err := netip.ParsePrefix(text); err == nil {
			list = append(list, p.Masked())
		} else {
			return nil, BadValue("access", Quote(text)+" is neither an IP address nor a prefix.",
				"Enter addresses, prefixes such as 192.168.1.0/24, private for all private networks, or any.")
		}
	}
	return list, nil
}

func checkAccess(access []string) *Problem {
	_, err := AccessPrefixes(access)
	p, _ := err.(*Problem)
	return p
}
