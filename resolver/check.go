package resolver

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/net/idna"
)

// maxRoutes bounds the routes.
const maxRoutes = 1000

// Check tells what is wrong with rules that people wrote, Hosts left aside: an
// error is one sentence, without a final full stop, that begins with the value.
// own are the addresses that the engine listens on, so that no route leads back
// to it; an unspecified one stands for all of this computer's that are known
// without asking it.
func (r NameRules) Check(own []netip.AddrPort) error {
	for _, o := range r.Overrides {
		if _, _, err := o.check(); err != nil {
			return err
		}
	}
	if len(r.Routes) > maxRoutes {
		return fmt.Errorf("%d routes are too many; at most %d are allowed", len(r.Routes), maxRoutes)
	}
	seen := make(map[string]bool)
	for _, rt := range r.Routes {
		name, err := rt.check()
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("“%s” is routed twice; name all its servers in one route", rt.Suffix)
		}
		seen[name] = true
		for _, s := range rt.Plain {
			if leadsBack(s, own) {
				return fmt.Errorf("“%s” is this program’s own address, so the route of %s would lead back to it; name another server", s, rt.Suffix)
			}
		}
	}
	return nil
}

// check returns the override's name in wire format, without its asterisk.
func (o Override) check() (name string, wildcard bool, err error) {
	text, wildcard := strings.CutPrefix(o.Name, "*.")
	if name, err = parseName(text); err != nil {
		return "", false, fmt.Errorf("“%s” %w", o.Name, err)
	}
	if name == "\x00" {
		return "", false, fmt.Errorf("“%s” stands for every name there is; name a domain", o.Name)
	}
	if s, _, ok := specials.longest([]byte(name)); ok && s == loopback {
		return "", false, fmt.Errorf("“%s” is always this computer and cannot have another address", o.Name)
	}
	if len(o.Addrs) > maxOverrideAddrs {
		return "", false, fmt.Errorf("“%s” has %d addresses; at most %d are allowed", o.Name, len(o.Addrs), maxOverrideAddrs)
	}
	for _, a := range o.Addrs {
		switch {
		case !a.IsValid():
			return "", false, fmt.Errorf("“%s” has an address that is none", o.Name)
		case a.Zone() != "":
			return "", false, fmt.Errorf("“%s” has the address %s, whose zone DNS cannot carry; give one without", o.Name, a)
		}
	}
	return name, wildcard, nil
}

// check returns the route's domain in wire format.
func (rt Route) check() (name string, err error) {
	if name, err = rt.domain(); err != nil {
		return "", err
	}
	return name, rt.checkServers(name)
}

func (rt Route) domain() (string, error) {
	if strings.HasPrefix(rt.Suffix, "*.") {
		return "", fmt.Errorf("“%s” begins with an asterisk; a route covers all names below its domain without one", rt.Suffix)
	}
	name, err := parseName(rt.Suffix)
	if err != nil {
		return "", fmt.Errorf("“%s” %w", rt.Suffix, err)
	}
	if _, _, ok := stays.longest([]byte(name)); ok {
		return "", fmt.Errorf("“%s” has the same meaning everywhere and is always answered by this program", rt.Suffix)
	}
	return name, nil
}

func (rt Route) checkServers(name string) error {
	switch {
	case len(rt.Plain) == 0 && len(rt.Upstreams) == 0:
		return fmt.Errorf("“%s” is routed to no server; name one", rt.Suffix)
	case len(rt.Plain) > 0 && len(rt.Upstreams) > 0:
		return fmt.Errorf("“%s” is routed to servers in clear text and over TLS; choose one of them", rt.Suffix)
	case len(rt.Plain) > 0 && name == "\x00":
		return fmt.Errorf("“%s” stands for every name there is, and those are not asked in clear text; name a domain", rt.Suffix)
	}
	for _, s := range rt.Plain {
		a := s.Addr()
		if !a.IsValid() || s.Port() == 0 || a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
			return fmt.Errorf("“%s”, which %s is routed to, is no server’s address", s, rt.Suffix)
		}
	}
	return nil
}

// leadsBack tells whether a server is one of the addresses listened on, as far
// as the addresses tell.
func leadsBack(server netip.AddrPort, own []netip.AddrPort) bool {
	server = sameFamily(server)
	for _, o := range own {
		o = sameFamily(o)
		everywhere := o.Addr().IsUnspecified() && o.Addr().Is4() == server.Addr().Is4() && server.Addr().IsLoopback()
		if o.Port() == server.Port() && (o.Addr() == server.Addr() || everywhere) {
			return true
		}
	}
	return false
}

var errBadName = errors.New("is no valid domain name")

// parseName reads a domain name as people write it, with or without the final
// dot, and returns it in wire format and lower case. International names get
// their ASCII form (RFC 5891).
func parseName(text string) (string, error) {
	for _, c := range text {
		if c <= ' ' || c == 0x7f || strings.ContainsRune("*\"'`();,@#", c) {
			return "", errBadName
		}
		if c > 0x7f {
			ascii, err := idna.Lookup.ToASCII(text)
			if err != nil {
				return "", errBadName
			}
			text = ascii
			break
		}
	}
	if text == "" {
		return "", errBadName
	}
	var buf [maxName]byte
	n, err := dns.PackDomainName(dns.Fqdn(text), buf[:], 0, nil, false)
	if err != nil {
		return "", errBadName
	}
	return string(lower(nil, buf[:n])), nil
}
