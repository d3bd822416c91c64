package systemdns

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// linkDNS is what systemd-resolved knows of a link.
type linkDNS struct {
	Servers []linkServer `json:"servers,omitempty"`
	Domains []linkDomain `json:"domains,omitempty"`
	// DefaultRoute: names of no link's domain may be asked of it.
	DefaultRoute bool `json:"default_route,omitempty"`
	// TLS is “yes”, “opportunistic” or “no”.
	TLS string `json:"tls,omitempty"`
}

// linkServer is one server; port 0 is the default one, and Name that of its
// certificate.
type linkServer struct {
	Addr netip.Addr `json:"addr"`
	Port uint16     `json:"port,omitempty"`
	Name string     `json:"name,omitempty"`
}

// linkDomain is a domain to ask the link for; one that routes only is not tried
// for short names.
type linkDomain struct {
	Name  string `json:"name"`
	Route bool   `json:"route,omitempty"`
}

// everything is the domain of all names.
var everything = linkDomain{".", true}

func (l linkDNS) equal(o linkDNS) bool {
	return slices.Equal(l.Servers, o.Servers) && slices.Equal(l.Domains, o.Domains) && l.DefaultRoute == o.DefaultRoute && l.TLS == o.TLS
}

// ours tells whether a link names our addresses alone, for all names.
func (l linkDNS) ours(t Target) bool {
	same := func(s linkServer, a netip.AddrPort) bool {
		return s.Addr == a.Addr() && (s.Port == a.Port() || s.Port == 0 && a.Port() == 53)
	}
	return slices.EqualFunc(l.Servers, t.Addrs, same) && slices.Contains(l.Domains, everything)
}

func (l linkDNS) namesLoopback() bool {
	return slices.ContainsFunc(l.Servers, func(s linkServer) bool {
		return (s.Addr.IsLoopback() || s.Addr.IsUnspecified()) && !slices.Contains(stubs, s.Addr)
	})
}

// pointed is the link with our addresses, for all names. Its own domains stay.
func (l linkDNS) pointed(t Target) linkDNS {
	mine := linkDNS{Domains: slices.Clone(l.Domains), DefaultRoute: true, TLS: "no"}
	for _, a := range t.Addrs {
		mine.Servers = append(mine.Servers, linkServer{Addr: a.Addr(), Port: a.Port()})
	}
	if !slices.Contains(mine.Domains, everything) {
		mine.Domains = append(mine.Domains, everything)
	}
	return mine
}

// The servers and domains as D-Bus has them: a(iayqs) and a(sb).
type (
	busServer struct {
		Family int32
		Addr   []byte
		Port   uint16
		Name   string
	}
	busDomain struct {
		Name  string
		Route bool
	}
)

// noSuchLink is systemd-resolved's error for a link that it does not know, and
// managedLink that for one that systemd-networkd manages.
const (
	noSuchLink  = resolvedName + ".NoSuchLink"
	managedLink = resolvedName + ".LinkBusy"
)

// linkDNS reads a link.
func (s speaker) linkDNS(index int32) (linkDNS, error) {
	var path dbus.ObjectPath
	if err := s.call(object{resolvedName, resolvedPath}, resolvedName+".Manager.GetLink", []any{&path}, index); err != nil {
		return linkDNS{}, err
	}
	p, err := s.properties(object{resolvedName, path}, resolvedName+".Link")
	if err != nil {
		return linkDNS{}, err
	}
	var servers []busServer
	var domains []busDomain
	if err := errors.Join(p["DNSEx"].Store(&servers), p["Domains"].Store(&domains)); err != nil {
		return linkDNS{}, err
	}
	l := linkDNS{DefaultRoute: property[bool](p, "DefaultRoute"), TLS: property[string](p, "DNSOverTLS")}
	for _, server := range servers {
		if a, ok := netip.AddrFromSlice(server.Addr); ok {
			l.Servers = append(l.Servers, linkServer{a, server.Port, server.Name})
		}
	}
	for _, d := range domains {
		l.Domains = append(l.Domains, linkDomain(d))
	}
	return l, nil
}

// setLinkDNS changes a link.
func (s speaker) setLinkDNS(index int32, l linkDNS) error {
	err := s.setLinkAt(object{resolvedName, resolvedPath}, resolvedName, index, l)
	if failedAs(err, managedLink) {
		err = s.setLinkAt(object{networkdName, networkdPath}, networkdName, index, l)
	}
	return err
}

// setLinkAt changes a link at systemd-resolved or systemd-networkd, which have
// the same methods.
func (s speaker) setLinkAt(at object, name string, index int32, l linkDNS) error {
	servers, domains := []busServer{}, []busDomain{}
	for _, server := range l.Servers {
		family := int32(unix.AF_INET6)
		if server.Addr.Is4() {
			family = unix.AF_INET
		}
		servers = append(servers, busServer{family, server.Addr.AsSlice(), server.Port, server.Name})
	}
	for _, d := range l.Domains {
		domains = append(domains, busDomain(d))
	}
	for _, step := range []struct {
		method string
		value  any
	}{{"SetLinkDNSOverTLS", l.TLS}, {"SetLinkDomains", domains}, {"SetLinkDefaultRoute", l.DefaultRoute}, {"SetLinkDNSEx", servers}} {
		if err := s.change(at, name+".Manager."+step.method, index, step.value); err != nil {
			return err
		}
	}
	return s.flush()
}

// flush has systemd-resolved forget the answers of another resolver.
func (s speaker) flush() error {
	return s.call(object{resolvedName, resolvedPath}, resolvedName+".Manager.FlushCaches", nil)
}

// revertLink puts a link back. What systemd-networkd configured comes back by
// itself; what somebody else told systemd-resolved does not, and is told again.
func (s speaker) revertLink(index int32, before *linkDNS, networkd bool) error {
	if networkd {
		if err := s.change(object{networkdName, networkdPath}, networkdName+".Manager.RevertLinkDNS", index); err != nil {
			return err
		}
		return s.flush()
	}
	if err := s.change(object{resolvedName, resolvedPath}, resolvedName+".Manager.RevertLink", index); err != nil {
		return err
	}
	if before != nil && len(before.Servers) > 0 {
		return s.setLinkDNS(index, *before)
	}
	return s.flush()
}

// networkdManages tells whether systemd-networkd configures a link, by what it
// writes down for others.
func networkdManages(t tree, index int32) bool {
	text, _ := os.ReadFile(t.at(filepath.Join("/run/systemd/netif/links", strconv.Itoa(int(index)))))
	for line := range strings.Lines(string(text)) {
		if state, ok := strings.CutPrefix(strings.TrimSpace(line), "ADMIN_STATE="); ok {
			return state != "unmanaged"
		}
	}
	return false
}

// forget removes what systemd-resolved, which is not running, has written down
// of links that were told of us: it would read that when it starts again.
func (r *resolved) forget(b resolvedBackup, t Target) error {
	for _, l := range b.Links {
		path := r.tree.at(filepath.Join("/run/systemd/resolve/netif", strconv.Itoa(int(l.Index))))
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), "SERVERS="+t.Addrs[0].Addr().String()) {
			err = os.Remove(path)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
