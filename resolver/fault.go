package resolver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
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
	if text, ok := proofText(err); ok {
		f.Kind, f.Text = FaultClientCert, text
		return f
	}
	alert, alerted := remoteAlert(err)
	var record tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.Is(err, errRefused):
		f.Kind, f.Text = FaultRefused, "it refuses connections"
	case errors.Is(err, errNoNetwork), errors.Is(err, errNoHost),
		errors.Is(err, errNetDown), errors.Is(err, errNoAddress):
		f.Kind, f.Text = FaultUnreachable, "there is no route to it"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errTimedOut):
		f.Kind, f.Text = FaultTimeout, "it does not answer"
	case alerted:
		f.Kind, f.Text = FaultTLS, alertText(alert)
	case errors.As(err, &record):
		f.Kind, f.Text = FaultTLS, "it does not speak TLS"
	case strings.Contains(err.Error(), "protocol version"), strings.Contains(err.Error(), "unsupported version"):
		f.Kind, f.Text = FaultTLS, alertText(alertProtocolVersion)
	case errors.As(err, &op), errors.Is(err, errClosedByPeer), strings.Contains(err.Error(), "EOF"):
		f.Kind, f.Text = FaultClosed, "it closes the connection"
	default:
		f.Kind, f.Text = FaultTLS, "TLS with it failed: "+strings.TrimPrefix(err.Error(), "tls: ")
	}
	return f
}

// proofText says why a server does not take us, for people.
func proofText(err error) (string, bool) {
	if file, ok := errors.AsType[*fileError](err); ok {
		return file.text, true
	}
	alert, _ := remoteAlert(err)
	proof, ok := errors.AsType[*proofError](err)
	switch {
	case ok && proof.had:
		return "it refuses our client certificate (" + plainAlert(alert) + ")", true
	case ok || alert == alertCertificateRequired:
		return alertText(alertCertificateRequired), true
	}
	return "", false
}
