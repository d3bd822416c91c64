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
	"strings"
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
	// Addrs are where it answers, in the order given.
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
			d.Err = f.verify(ctx, d)
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
func ask(ctx context.Context, server netip.AddrPort, name string, kind uint16) (*dns.Msg, error) {
	q := new(dns.Msg)
	q.SetQuestion(name, kind)
	q.SetEdns0(1232, false)
	var err error
	for _, network := range []string{"udp", "udp", "tcp"} {
		var m *dns.Msg
		c := dns.Client{Net: network, Timeout: askPatience}
		m, _, err = c.ExchangeContext(ctx, q, server.String())
		if err != nil || m.Truncated {
			continue
		}
		if m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
			return nil, errors.New("it answers " + dns.RcodeToString[m.Rcode])
		}
		return m, nil
	}
	if err == nil {
		err = errors.New("its answer is cut short")
	}
	return nil, fmt.Errorf("it does not answer: %w", err)
}

// verify connects to a designated resolver and looks at its certificate (RFC
// 9462 section 4.2): a chain to a trusted authority, for its name, that also
// names the address of the one that designated it.
func (f Finder) verify(ctx context.Context, d Designated) error {
	name := d.Name
	if name == "" {
		name = d.By.String()
	}
	ctx, cancel := context.WithTimeout(ctx, tlsPatience)
	defer cancel()
	var last error
	for _, a := range d.Addrs {
		dialer := tls.Dialer{Config: &tls.Config{ServerName: name, RootCAs: f.Roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"dot"}}}
		conn, err := dialer.DialContext(ctx, "tcp", a.String())
		if err != nil {
			last = err
			continue
		}
		leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
		_ = conn.Close()
		if leaf.VerifyHostname(d.By.String()) != nil {
			return fmt.Errorf("its certificate does not name %s, so that nobody vouches for the designation", d.By)
		}
		return nil
	}
	return words(last)
}

// words puts the error of a connection into plain ones.
func words(err error) error {
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
	return fmt.Errorf("it cannot be reached over TLS: %w", err)
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
