package provider

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSpec bounds the length of an upstream's text in bytes; the longest real
// ones are stamps of a few hundred, and each pin adds 56.
const maxSpec = 2000

// Parse reads an upstream as users write it:
//
//	cloudflare                       a known provider's id, in any letter case
//	9.9.9.9#dns.quad9.net            an address and the name its certificate must carry,
//	9.9.9.9:8853#dns.quad9.net       with a port: after a colon
//	2620:fe::fe@8853#dns.quad9.net   or after an @ sign (IPv6 with a colon: [2620:fe::fe]:8853)
//	9.9.9.9                          a known provider's address: that provider's name, this address only
//	10.0.0.53:8853                   any other address: the certificate must carry it
//	dns.google, tls://dns.google:853 a name to look up over verified TLS
//	tls://…                          any address form above
//	sdns://…                         a DNS stamp for DNS over TLS
//
// Behind each form, a ? and options joined by & say what the server must prove
// and how we do (percent-encoding works in their values, a + is a +):
//
//	pin-sha256=BASE64                the SHA-256 of a key that must be in the certificate chain; several
//	                                 are alternatives (RFC 7858 section 4.2)
//	verify=pins                      only the pins count, neither authority nor name
//	client-cert=/PATH.pem            our own certificate, for a server that asks for one
//	client-key=/PATH.pem             its key, where it is not in the same file
//
// The port is DefaultPort where none is given. An address that several known
// providers share means the first of them. IPv6 scope zones are refused. An
// error is one sentence, without a final full stop, that begins with the
// value; Parse never panics.
func Parse(spec string) (Upstream, error) {
	s := strings.TrimSpace(spec)
	u, err := parse(s)
	if err != nil {
		return Upstream{}, fmt.Errorf("“%s” %w", printable(s), err)
	}
	u.Spec = s
	server, _, _ := strings.Cut(s, "?")
	if p, ok := ByID(server); ok {
		u.Spec = p.ID + s[len(server):]
	}
	return u, nil
}

// parse does the work of Parse; its errors are the sentence after the value.
func parse(s string) (Upstream, error) {
	switch {
	case s == "":
		return Upstream{}, errors.New("names no server; give " + allowed)
	case len(s) > maxSpec:
		return Upstream{}, fmt.Errorf("is too long: %d bytes, and at most %d are allowed", len(s), maxSpec)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return Upstream{}, errors.New("contains characters that cannot be shown; give " + allowed)
	}
	server, options, ok := strings.Cut(s, "?")
	u, err := parseForm(server)
	if err == nil && ok {
		err = u.setOptions(options)
	}
	return u, err
}

// parseForm reads any form without its options.
func parseForm(s string) (Upstream, error) {
	if p, ok := ByID(s); ok {
		return p.Upstream(), nil
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return parseServer(s)
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "tls":
		rest = strings.TrimSuffix(rest, "/")
		if !strings.ContainsAny(rest, ".:") {
			return Upstream{}, errors.New("needs a full name or an address after tls://, as in tls://dns.google")
		}
		return parseServer(rest)
	case "sdns":
		return parseStamp(rest)
	}
	if kind, ok := otherKinds[scheme]; ok {
		return Upstream{}, errors.New("is " + kind + "; " + onlyTLS)
	}
	return Upstream{}, errors.New("begins with an unknown kind of address; write tls:// for DNS over TLS")
}

const (
	allowed = "a provider’s id such as cloudflare, IP#NAME, a bare IP, tls://NAME or an sdns:// stamp"
	onlyTLS = "DoT Proxy speaks only DNS over TLS"
)

// otherKinds are URL schemes of other transports, as a sentence calls them.
var otherKinds = map[string]string{
	"https":    "DNS over HTTPS",
	"http":     "an address of a web page",
	"doh":      "DNS over HTTPS",
	"h3":       "DNS over HTTP/3",
	"quic":     "DNS over QUIC",
	"doq":      "DNS over QUIC",
	"udp":      "plain DNS over UDP, which is not encrypted",
	"tcp":      "plain DNS over TCP, which is not encrypted",
	"dns":      "plain DNS, which is not encrypted",
	"dnscrypt": "DNSCrypt",
}

// parseServer reads everything but ids and stamps: ADDRESS#NAME, an address
// alone, or a name.
func parseServer(s string) (Upstream, error) {
	where, name, named := strings.Cut(s, "#")
	e, err := parseEndpoint(where)
	switch {
	case err != nil:
		return Upstream{}, err
	case named && !e.addr.IsValid():
		return Upstream{}, errors.New("needs an IP address before the #, as in 9.9.9.9#dns.quad9.net")
	case named:
		certName, err := certificateName(name)
		return newUpstream(certName, e), err
	case e.addr.IsValid():
		return newUpstream(nameOf(e.addr), e), nil
	}
	host, err := hostName(e.host)
	if err != nil {
		host = e.host
	}
	if !strings.Contains(strings.TrimSuffix(host, "."), ".") {
		return Upstream{}, unknownProvider(e) // one word is meant for an id
	}
	return newUpstream(host, e), err
}

// newUpstream labels a server and tells whether a known provider runs it.
func newUpstream(name string, e endpoint) Upstream {
	u := Upstream{Name: name, Label: name, Port: e.port}
	if e.addr.IsValid() {
		u.Addrs = []netip.AddrPort{netip.AddrPortFrom(e.addr, e.port)}
	}
	if p, ok := owner(name, e.addr); ok {
		u.ID, u.Label = p.ID, p.Name
	}
	return u
}

// nameOf returns the name that the certificate at a bare address must carry.
func nameOf(addr netip.Addr) string {
	if p, ok := byAddr(addr); ok {
		return p.TLSName
	}
	return addr.String()
}

// certificateName reads what stands after the #: a host name of any number of
// labels, or an IP address.
func certificateName(s string) (string, error) {
	if s == "" {
		return "", errors.New("has no name after the #; write the name that the certificate must carry")
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		addr, err = usable(addr)
		return addr.String(), err
	}
	return hostName(s)
}

func unknownProvider(e endpoint) error {
	if p, ok := ByID(e.host); ok {
		return fmt.Errorf("gives a port to a provider’s id; write “%s”, or an address with a port such as %s",
			p.ID, netip.AddrPortFrom(p.Addrs[0], e.port))
	}
	if near := nearest(e.host); near != "" {
		return fmt.Errorf("is not a known provider; did you mean “%s”?", near)
	}
	return errors.New("is not a known provider; give " + allowed)
}

// printable makes a value safe and short enough to stand in a sentence.
func printable(s string) string {
	const most = 80
	r := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	if len(r) > most {
		r = append(slices.Clone(r[:most]), '…')
	}
	for i := range r {
		if !unicode.IsPrint(r[i]) {
			r[i] = '\uFFFD'
		}
	}
	return string(r)
}
