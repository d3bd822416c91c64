package resolver

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"

	"dotproxy/resolver/provider"
)

var (
	// errCertHash says that no certificate of the chain is the one of the stamp.
	errCertHash = errors.New("no certificate of the chain matches the stamp")
	// errPin says that no key of the chain is pinned.
	errPin = errors.New("no key of the chain is pinned")
)

// verifier checks what a server must prove besides authority and name, or
// instead of them. It returns nil where there is nothing to check. TLS calls
// the function in each handshake before anything is sent, and also where a
// session is resumed, with the certificates of the first one.
func verifier(up provider.Upstream) func(tls.ConnectionState) error {
	if len(up.Pins) == 0 && !up.PinsOnly && len(up.CertHashes) == 0 {
		return nil
	}
	return func(st tls.ConnectionState) (err error) {
		chains := st.VerifiedChains
		if up.PinsOnly {
			if chains, err = pinnedChains(st.PeerCertificates, up.Pins); err != nil {
				return err
			}
		}
		if len(up.Pins) > 0 && !inChains(chains, up.Pins, keyDigest) {
			return errPin
		}
		if len(up.CertHashes) > 0 && !inChains(chains, up.CertHashes, tbsDigest) {
			return errCertHash
		}
		return nil
	}
}

// keyDigest is what a pin holds (RFC 7469 section 2.4).
func keyDigest(c *x509.Certificate) [32]byte { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// tbsDigest is what a DNS stamp holds.
func tbsDigest(c *x509.Certificate) [32]byte { return sha256.Sum256(c.RawTBSCertificate) }

// inChains tells whether a certificate of a verified chain has one of the
// digests.
func inChains(chains [][]*x509.Certificate, want [][32]byte, digest func(*x509.Certificate) [32]byte) bool {
	for _, chain := range chains {
		for _, c := range chain {
			if slices.Contains(want, digest(c)) {
				return true
			}
		}
	}
	return false
}

// pinnedChains verifies certs, the server's own first, with those that have a
// pinned key as the only authorities. Anybody may send a certificate that is
// not his: so it is not enough that a pinned one is among them, its key must
// have signed the chain down to the server's certificate, whose key the
// handshake proves. Dates and purpose count as ever; a certificate that expired
// is refused, since a lost key is commonly left to expire. The name is not
// looked at.
func pinnedChains(certs []*x509.Certificate, pins [][32]byte) ([][]*x509.Certificate, error) {
	opts := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool()}
	pinned := false
	for _, c := range certs {
		if slices.Contains(pins, keyDigest(c)) {
			pinned = true
			opts.Roots.AddCert(c)
		} else {
			opts.Intermediates.AddCert(c)
		}
	}
	if !pinned {
		return nil, errPin
	}
	chains, err := certs[0].Verify(opts)
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return nil, errPin
	}
	return chains, err
}
