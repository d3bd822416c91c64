package resolver

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
)

// TLS alerts (RFC 8446 section 6).
const (
	alertHandshakeFailure    tls.AlertError = 40
	alertBadCertificate      tls.AlertError = 42
	alertCertificateUnknown  tls.AlertError = 46
	alertUnknownCA           tls.AlertError = 48
	alertAccessDenied        tls.AlertError = 49
	alertProtocolVersion     tls.AlertError = 70
	alertCertificateRequired tls.AlertError = 116
)

// remoteAlert returns the alert with which the other side ended a connection.
// The standard library hides its number, but not its text.
func remoteAlert(err error) (tls.AlertError, bool) {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return 0, false
	}
	for n := range 256 {
		if a := tls.AlertError(n); a.Error() == op.Err.Error() {
			return a, true
		}
	}
	return 0, false
}

// aboutProof tells whether an alert from a server is about our certificate:
// its own is not for it to judge.
func aboutProof(a tls.AlertError) bool {
	return a >= alertBadCertificate && a <= alertCertificateUnknown ||
		a == alertUnknownCA || a == alertAccessDenied || a == alertCertificateRequired
}

func alertText(a tls.AlertError) string {
	switch a {
	case alertProtocolVersion:
		return "it speaks no TLS version from 1.2 up"
	case alertCertificateRequired:
		return "it wants a client certificate"
	}
	return "it refused the TLS connection (" + plainAlert(a) + ")"
}

func plainAlert(a tls.AlertError) string { return strings.TrimPrefix(a.Error(), "tls: ") }
