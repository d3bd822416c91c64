// Package ddr finds the encrypted resolvers that a network's own resolver names
// in its place: Discovery of Designated Resolvers (RFC 9462), over TLS and with
// verified discovery (section 4.2) only. What is sent in clear text is the
// question for the designation and, where it comes without addresses, for those
// of the names that it gives; nothing that a user asked for.
package ddr

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/miekg/dns"
)

// question is the name of the designation (RFC 9462 section 4).
const question = "_dns.resolver.arpa."

// Bounds of one discovery.
const (
	askPatience = 2 * time.Second // for each attempt of a question
	tlsPatience = 3 * time.Second
	// maxRecords bounds the designations that are looked at, maxAddrs the
	// addresses of each, maxAliases how often one leads to another.
	maxRecords = 4
	maxAddrs   = 4
	maxAliases = 2
)

// dotPort is where DNS over TLS is spoken (RFC 7858 section 3.1).
const dotPort = 853

// Designated is a resolver that another one names in its place.
type Designated struct {
	// By is the resolver that named it.
	By netip.Addr
	// Name is its own, without a final dot; empty where it is By itself.
	Name string
	// Addrs are where it answers, in the order given; the one that was verified
	// is first.
	Addrs []netip.AddrPort
	// Err says why it is not to be trusted, nil where it is: its certificate
	// holds for its name, and for the address of By.
	Err error
}

// Spec is the upstream in a form of --dns, empty where it is not verified.
func (d Designated) Spec() string {
	if d.Err != nil || len(d.Addrs) == 0 {
		return ""
	}
	a := d.Addrs[0]
	spec := a.Addr().String()
	if a.Port() != dotPort {
		spec += fmt.Sprintf("@%d", a.Port())
	}
	if d.Name != "" {
		spec += "#" + d.Name
	}
	return spec
}

// Finder discovers. The zero value is ready.
type Finder struct {
	// Roots are the authorities to trust, nil for the system's.
	Roots *x509.CertPool
}

// Find asks the resolver at server, in clear text, whom it names. None is no
// error; the error is that it does not answer or makes no sense.
func (f Finder) Find(ctx context.Context, server netip.AddrPort) ([]Designated, error) {
	records, extra, err := designations(ctx, server)
	if err != nil {
		return nil, err
	}
	var found []Designated
	for _, r := range records {
		d := Designated{By: server.Addr().Unmap(), Name: r.name}
		if d.Addrs, err = r.addresses(ctx, server, extra); err != nil {
			d.Err = err
		} else {
			d.Addrs, d.Err = f.verify(ctx, d)
		}
		found = append(found, d)
	}
	return found, nil
}

// designations asks for the records, and follows those that lead to others.
func designations(ctx context.Context, server netip.AddrPort) (records []record, extra []dns.RR, err error) {
	name := question
	for range maxAliases + 1 {
		m, err := ask(ctx, server, name, dns.TypeSVCB)
		if err != nil {
			return nil, nil, err
		}
		var alias string
		if records, alias = read(m, name); alias == "" {
			return records, m.Extra, nil
		}
		name = alias
	}
	return nil, nil, errors.New("its designation leads on too often")
}

// ask asks one question, again over TCP where the answer is cut short.
func ask(ctx context.Context, server netip.AddrPort, name string, kind uint16) (m *dns.Msg, err error) {
	q := new(dns.Msg)
	q.SetQuestion(name, kind)
	q.SetEdns0(1232, false)
	for _, network := range []string{"udp", "udp", "tcp"} {
		if errors.Is(err, errCut) && network == "udp" {
			continue
		}
		c := dns.Client{Net: network, Timeout: askPatience}
		if m, _, err = c.ExchangeContext(ctx, q, server.String()); err != nil {
			continue
		}
		if m.Truncated {
			err = errCut
			continue
		}
		if m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
			return nil, errors.New("it answers " + dns.RcodeToString[m.Rcode])
		}
		return m, nil
	}
	return nil, errors.New("it does not answer" + why(err))
}

// errCut is of an answer that has no room.
var errCut = errors.New("its answer is cut short")

// verify connects to a designated resolver and looks at its certificate (RFC
// 9462 section 4.2): a chain to a trusted authority, for its name, that also
// names the address of the one that designated it. The address for which that
// holds is the first one of addrs.
func (f Finder) verify(ctx context.Context, d Designated) (addrs []netip.AddrPort, err error) {
	ctx, cancel := context.WithTimeout(ctx, tlsPatience)
	defer cancel()
	for i, a := range d.Addrs {
		if err = f.vouches(ctx, d, a); err == nil {
			addrs = slices.Insert(slices.Delete(slices.Clone(d.Addrs), i, i+1), 0, a)
			return addrs, nil
		}
	}
	return d.Addrs, words(err, d.By)
}

// errNotNamed is of a certificate without the address of the designating one.
var errNotNamed = errors.New("the certificate does not name it")

// vouches tells by an error why the certificate at an address does not.
func (f Finder) vouches(ctx context.Context, d Designated, at netip.AddrPort) error {
	name := d.Name
	if name == "" {
		name = d.By.String()
	}
	ctx, cancel := context.WithTimeout(ctx, tlsPatience/2) // another may answer
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{ServerName: name, RootCAs: f.Roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"dot"}}}
	conn, err := dialer.DialContext(ctx, "tcp", at.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	if conn.(*tls.Conn).ConnectionState().PeerCertificates[0].VerifyHostname(d.By.String()) != nil {
		return errNotNamed
	}
	return nil
}

// words puts the error of a connection into plain ones. That a resolver is at a
// private address is no reason to trust it unverified (RFC 9462 section 4.3
// would allow that).
func words(err error, by netip.Addr) error {
	if errors.Is(err, errNotNamed) {
		if by.IsPrivate() || by.IsLinkLocalUnicast() {
			return fmt.Errorf("its certificate does not name %s, and a private address alone is not trusted", by)
		}
		return fmt.Errorf("its certificate does not name %s, so that nobody vouches for the designation", by)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return errors.New("its certificate is signed by an authority that this computer does not trust")
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return errors.New("its certificate is another name’s")
	}
	if _, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return errors.New("its certificate is not valid now, or not for this use")
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return errors.New("it does not answer over TLS")
	}
	return errors.New("it cannot be reached over TLS" + why(err))
}

// why is what the system says of an error, in parentheses, without addresses and
// ports that mean nothing to people; empty for a timeout, which says nothing.
func why(err error) string {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return ""
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		err = e
	}
	return " (" + err.Error() + ")"
}

// plainName is a name as people and certificates write it, empty for one that
// cannot be a computer's.
func plainName(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, ok := dns.IsDomainName(name); !ok || strings.ContainsAny(name, `\ #@?/:`) {
		return ""
	}
	return name
}
