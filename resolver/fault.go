package resolver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"
)

// Error returns the address and the text.
func (f *Fault) Error() string {
	if !f.Addr.IsValid() {
		return f.Text
	}
	return f.Addr.String() + ": " + f.Text
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Error names the address and the system's reason.
func (e *ListenError) Error() string {
	return fmt.Sprintf("listen on %s/%s: %v", e.Addr, e.Network, e.Err)
}

// Unwrap returns the system's error.
func (e *ListenError) Unwrap() error { return e.Err }

// newFault says in words why a connection to addr failed.
func newFault(addr netip.AddrPort, name string, err error) *Fault {
	f := &Fault{Addr: addr, Err: err}
	if text, ok := certificateText(name, err); ok {
		f.Kind, f.Text = FaultCertificate, text
		return f
	}
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Kind, f.Text = FaultRefused, "it refuses connections"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH),
		errors.Is(err, syscall.ENETDOWN), errors.Is(err, syscall.EADDRNOTAVAIL):
		f.Kind, f.Text = FaultUnreachable, "there is no route to it"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		f.Kind, f.Text = FaultTimeout, "it does not answer"
	case errors.As(err, &alert):
		f.Kind, f.Text = FaultTLS, alertText(alert)
	case errors.As(err, &record):
		f.Kind, f.Text = FaultTLS, "it does not speak TLS"
	case strings.Contains(err.Error(), "protocol version"), strings.Contains(err.Error(), "unsupported version"):
		f.Kind, f.Text = FaultTLS, "it speaks no TLS version from 1.2 up"
	case errors.As(err, &op), errors.Is(err, errClosedByPeer), strings.Contains(err.Error(), "EOF"):
		f.Kind, f.Text = FaultClosed, "it closes the connection"
	default:
		f.Kind, f.Text = FaultTLS, "TLS with it failed: "+strings.TrimPrefix(err.Error(), "tls: ")
	}
	return f
}

func alertText(a tls.AlertError) string {
	switch {
	case a == 70: // protocol_version (RFC 8446 section 6)
		return "it speaks no TLS version from 1.2 up"
	case a == 116: // certificate_required
		return "it wants a client certificate"
	default:
		return "it refused the TLS connection (" + strings.TrimPrefix(a.Error(), "tls: ") + ")"
	}
}

// errCertHash says that no certificate of the chain is the one of the stamp.
var errCertHash = errors.New("no certificate of the chain matches the stamp")

// certificateText says what is wrong with a certificate, for people.
func certificateText(name string, err error) (string, bool) {
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	var roots x509.SystemRootsError
	switch {
	case errors.As(err, &host):
		return fmt.Sprintf("its certificate is for %s, not for %s", certNames(host.Certificate), name), true
	case errors.As(err, &unknown):
		return "its certificate was signed by an unknown authority", true
	case errors.As(err, &invalid):
		return invalidText(invalid), true
	case errors.As(err, &roots):
		return "this computer has no list of certificate authorities", true
	case errors.Is(err, errCertHash):
		return "its certificate is not the one that the stamp names", true
	case errors.As(err, &verify):
		return "its certificate could not be verified: " + strings.TrimPrefix(verify.Err.Error(), "x509: "), true
	}
	return "", false
}

func invalidText(e x509.CertificateInvalidError) string {
	if e.Reason != x509.Expired {
		return "its certificate is not valid: " + strings.TrimPrefix(e.Error(), "x509: ")
	}
	const day = "2 January 2006"
	if now := time.Now(); now.Before(e.Cert.NotBefore) {
		return fmt.Sprintf("its certificate is valid only from %s, and this computer’s clock says %s",
			e.Cert.NotBefore.Format(day), now.Format(day))
	}
	return "its certificate expired on " + e.Cert.NotAfter.Format(day)
}

// certNames lists at most three of the names a certificate is for.
func certNames(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	switch {
	case len(names) == 0:
		return "no name"
	case len(names) > 3:
		return strings.Join(names[:3], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
