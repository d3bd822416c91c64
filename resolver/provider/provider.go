// Package provider knows the public DNS-over-TLS services and reads the ways
// to name one (--dns).
package provider

import (
	"net/netip"
	"slices"
	"strings"
)

// DefaultPort is the port of DNS over TLS (RFC 7858 section 3.1).
const DefaultPort = 853

// Default is the id of the provider to use where the user chose none.
const Default = "cloudflare"

// Upstream is one DNS-over-TLS service to ask: where it is and who it must
// prove to be.
type Upstream struct {
	// Spec is the text it was parsed from: an id or any form of --dns. Parse
	// makes the same Upstream of it again, so it is the text to keep.
	Spec string
	// ID is the known provider's id, empty for any other server. It is also set
	// where the user named one server of a known provider by its address or
	// name: it tells whose server this is, Spec what was asked for.
	ID string
	// Label is the name to show to people.
	Label string
	// Name is what the certificate must carry: a host name, or the text of an
	// IP address where nothing else is known.
	Name string
	// Addrs are the addresses in order of preference. It is empty for a bare
	// name, which is looked up over verified TLS when it is first needed.
	Addrs []netip.AddrPort
	// Port is used with the addresses that a look-up of Name gives.
	Port uint16
	// AltPorts are documented ports that are tried where the network lets
	// nothing through to Port.
	AltPorts []uint16
	// CertHashes are SHA-256 digests of a certificate's TBS part, one of which
	// must be in the verified chain (DNS stamps); none means no such check.
	CertHashes [][32]byte
	// Pins are SHA-256 digests of a certificate's SubjectPublicKeyInfo, one of
	// which must be in the chain (RFC 7858 section 4.2); none means no such
	// check. With PinsOnly they alone prove who the server is: neither authority
	// nor name is checked, and so an authority's pin trusts every server that it
	// ever vouched for. Dates are checked in any case.
	Pins     [][32]byte
	PinsOnly bool
	// ClientCert and ClientKey are the absolute paths of PEM files with which we
	// prove who we are to a server that asks for it (RFC 8446 section 4.4.2),
	// empty for none. ClientKey alone is empty where ClientCert holds the key too.
	ClientCert, ClientKey string
}

// Provider is a public DNS-over-TLS service. Filter, DNSSEC and LogPolicy are
// its operator's claims.
type Provider struct {
	// ID is what users write: lower-case words joined by hyphens.
	ID string
	// Name is the name to show, Operator who runs the service.
	Name     string
	Operator string
	// Addrs are the addresses in order of preference, IPv4 before IPv6.
	Addrs []netip.Addr
	// TLSName is the host name its certificate must carry.
	TLSName string
	// Ports are documented ports for DNS over TLS besides DefaultPort.
	Ports []uint16
	// Filter lists what is blocked, joined by ", ": malware, ads, adult (adult
	// content), family (adult content, and safe search enforced), social;
	// "none" alone, or "profile" where the user's account decides.
	Filter string
	// DNSSEC tells whether answers are validated (RFC 4035).
	DNSSEC bool
	// LogPolicy is one sentence.
	LogPolicy string
	// Source names the documents that the facts were taken from.
	Source string
}

// All returns the known providers in the order to show them. The result is the
// caller's own.
func All() []Provider {
	all := slices.Clone(known)
	for i := range all {
		all[i] = all[i].clone()
	}
	return all
}

// ByID returns the known provider with that id; letter case does not matter.
func ByID(id string) (Provider, bool) {
	for i := range known {
		if strings.EqualFold(known[i].ID, id) {
			return known[i].clone(), true
		}
	}
	return Provider{}, false
}

// Upstream returns the provider as a server to ask, with all its addresses on
// DefaultPort and its other documented ports.
func (p Provider) Upstream() Upstream {
	u := Upstream{Spec: p.ID, ID: p.ID, Label: p.Name, Name: p.TLSName, Port: DefaultPort, AltPorts: slices.Clone(p.Ports)}
	for _, a := range p.Addrs {
		u.Addrs = append(u.Addrs, netip.AddrPortFrom(a, DefaultPort))
	}
	return u
}

func (p Provider) clone() Provider {
	p.Addrs = slices.Clone(p.Addrs)
	p.Ports = slices.Clone(p.Ports)
	return p
}

// byAddr returns the first known provider with that address.
func byAddr(addr netip.Addr) (Provider, bool) {
	for _, p := range known {
		if slices.Contains(p.Addrs, addr) {
			return p, true
		}
	}
	return Provider{}, false
}

// owner returns the known provider that a server belongs to: its certificate
// name must be the provider's, and so must the address, if there is one.
func owner(name string, addr netip.Addr) (Provider, bool) {
	for _, p := range known {
		if p.TLSName == name && (!addr.IsValid() || slices.Contains(p.Addrs, addr)) {
			return p, true
		}
	}
	return Provider{}, false
}
