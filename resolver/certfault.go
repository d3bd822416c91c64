package resolver

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode"
)

// dayFormat is how faults write a date.
const dayFormat = "2 January 2006"

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
		return unknownText(err), true
	case errors.As(err, &invalid):
		return invalidText(invalid, time.Now()), true
	case errors.As(err, &roots):
		return "this computer has no list of certificate authorities", true
	case errors.Is(err, errCertHash):
		return "its certificate is not the one that the stamp names", true
	case errors.Is(err, errPin):
		return "its key is not one of the pinned ones", true
	case errors.As(err, &verify):
		return "its certificate could not be verified: " + strings.TrimPrefix(verify.Err.Error(), "x509: "), true
	}
	return "", false
}

// unknownText tells a certificate that nobody else vouches for from one whose
// authority is not trusted here.
func unknownText(err error) string {
	verify, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if ok && len(verify.UnverifiedCertificates) > 0 && selfSigned(verify.UnverifiedCertificates[0]) {
		return "its certificate is self-signed, so no authority vouches for it"
	}
	return "its certificate was signed by an unknown authority"
}

// selfSigned tells whether a certificate is signed with its own key. Unlike
// CheckSignatureFrom, it does not ask for the right to sign others.
func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, c.RawIssuer) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

func invalidText(e x509.CertificateInvalidError, now time.Time) string {
	if e.Reason != x509.Expired {
		return "its certificate is not valid: " + strings.TrimPrefix(e.Error(), "x509: ")
	}
	whose := "its certificate"
	if e.Cert.IsCA {
		whose = "the certificate of its authority"
	}
	switch {
	case clockIsWrong(now):
		return clockText(now)
	case now.Before(e.Cert.NotBefore):
		return fmt.Sprintf("%s is valid only from %s on, and this computer’s clock says %s, which is probably wrong",
			whose, e.Cert.NotBefore.Format(dayFormat), now.Format(dayFormat))
	case !now.After(e.Cert.NotAfter):
		// Some systems' own verifiers name the server's certificate instead.
		return "the certificate of its authority is out of date"
	}
	return whose + " expired on " + e.Cert.NotAfter.Format(dayFormat)
}

// releaseDay is a day before which no release of this program ran.
var releaseDay = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)

// builtAt is when the program's source was written, as far as it is known: the
// clock cannot be right where it says an earlier time.
var builtAt = sync.OnceValue(func() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return releaseDay
	}
	return sourceTime(info.Settings)
})

// sourceTime is the time of the commit in a build's settings, or releaseDay
// where that is later or none is there.
func sourceTime(settings []debug.BuildSetting) time.Time {
	for _, s := range settings {
		if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil && t.After(releaseDay) {
			return t
		}
	}
	return releaseDay
}

// clockIsWrong tells whether the clock is surely wrong; a day of grace is left
// for the clock of whoever wrote the source.
func clockIsWrong(now time.Time) bool { return now.Before(builtAt().AddDate(0, 0, -1)) }

func clockText(now time.Time) string {
	return "this computer’s clock says " + now.Format(dayFormat) + ", which is wrong; set it"
}

// certNames lists at most three of the names a certificate is for. Nobody
// vouches for them yet, so what cannot be shown is replaced.
func certNames(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	for i := range names {
		names[i] = printable(names[i])
	}
	switch {
	case len(names) == 0:
		return "no name"
	case len(names) > 3:
		return strings.Join(names[:3], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

// printable makes a server's text safe and short enough to show.
func printable(s string) string {
	const most = 80
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
