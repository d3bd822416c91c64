// Package resolvertest is a DNS-over-TLS server for tests: with a certificate
// authority of its own, faults that a test scripts, and counters of what
// clients did. It is for tests alone.
package resolvertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// CA is a certificate authority made for one test. It is safe for concurrent
// use.
type CA struct {
	tb     testing.TB
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	above  [][]byte // the certificates from the one that signed it to the root
	serial atomic.Int64
}

// NewCA makes an authority that nobody else trusts, valid for ten years around
// now.
func NewCA(tb testing.TB) *CA {
	tb.Helper()
	ca := &CA{tb: tb}
	now := time.Now()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(ca.serial.Add(1)), Subject: pkix.Name{CommonName: "Test authority"},
		NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(5, 0, 0),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	ca.key = ca.newKey()
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, ca.key.Public(), ca.key)
	ca.must(err)
	ca.cert, err = x509.ParseCertificate(der)
	ca.must(err)
	return ca
}

// Intermediate makes an authority that ca vouches for, valid as c says; the
// rest of c does not matter.
func (ca *CA) Intermediate(c Cert) *CA {
	ca.tb.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(ca.serial.Add(1)), Subject: pkix.Name{CommonName: "Test intermediate"},
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	tmpl.NotBefore, tmpl.NotAfter = c.validity(time.Now())
	sub := &CA{tb: ca.tb, key: ca.newKey(), above: append([][]byte{ca.cert.Raw}, ca.above...)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, ca.cert, sub.key.Public(), ca.key)
	ca.must(err)
	sub.cert, err = x509.ParseCertificate(der)
	ca.must(err)
	return sub
}

// Pool returns a pool that holds this authority only.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// PEM returns the authority's certificate.
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
}

// WriteFile writes PEM into a file that lives as long as tb and returns its
// path.
func (ca *CA) WriteFile(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "ca.pem")
	if err := os.WriteFile(path, ca.PEM(), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// Hash returns the SHA-256 digest of the authority's TBS certificate, as in
// provider.Upstream.CertHashes.
func (ca *CA) Hash() [32]byte { return sha256.Sum256(ca.cert.RawTBSCertificate) }

// Pin returns the SHA-256 digest of the authority's key, as in
// provider.Upstream.Pins.
func (ca *CA) Pin() [32]byte { return sha256.Sum256(ca.cert.RawSubjectPublicKeyInfo) }

// Cert says what certificate to issue. The zero value has no name and is valid
// from an hour ago for a day.
type Cert struct {
	// Names and IPs become subject alternative names.
	Names []string
	IPs   []netip.Addr
	// NotBefore and NotAfter, where only one is set, lie a day apart.
	NotBefore, NotAfter time.Time
	// SelfSigned leaves the authority out.
	SelfSigned bool
	// Client is for client authentication.
	Client bool
}

// Issue makes a certificate with a new key. Its Leaf is set. The chain holds
// the authority too and those above it, unless it is self-signed, so that Hash
// can be met.
func (ca *CA) Issue(c Cert) tls.Certificate {
	ca.tb.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(ca.serial.Add(1)), Subject: pkix.Name{CommonName: "Test server"},
		DNSNames: c.Names, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	tmpl.NotBefore, tmpl.NotAfter = c.validity(time.Now())
	for _, ip := range c.IPs {
		tmpl.IPAddresses = append(tmpl.IPAddresses, ip.AsSlice())
	}
	if c.Client {
		tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	key := ca.newKey()
	parent, signer := ca.cert, ca.key
	if c.SelfSigned {
		parent, signer = tmpl, key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	ca.must(err)
	leaf, err := x509.ParseCertificate(der)
	ca.must(err)
	chain := [][]byte{der}
	if !c.SelfSigned {
		chain = append(append(chain, ca.cert.Raw), ca.above...)
	}
	return tls.Certificate{Certificate: chain, PrivateKey: key, Leaf: leaf}
}

// CertHash returns the SHA-256 digest of a certificate's TBS part, as in
// provider.Upstream.CertHashes.
func CertHash(c tls.Certificate) [32]byte { return sha256.Sum256(c.Leaf.RawTBSCertificate) }

// Pin returns the SHA-256 digest of a certificate's key, as in
// provider.Upstream.Pins.
func Pin(c tls.Certificate) [32]byte { return sha256.Sum256(c.Leaf.RawSubjectPublicKeyInfo) }

// WritePEM writes a certificate's chain and its key into the files cert.pem and
// key.pem in dir, over what is there, and returns their paths.
func WritePEM(tb testing.TB, dir string, c tls.Certificate) (certFile, keyFile string) {
	tb.Helper()
	var chain []byte
	for _, der := range c.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		tb.Fatal(err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, data := range map[string][]byte{certFile: chain, keyFile: key} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return certFile, keyFile
}

func (c Cert) validity(now time.Time) (from, to time.Time) {
	const day = 24 * time.Hour
	switch from, to = c.NotBefore, c.NotAfter; {
	case from.IsZero() && to.IsZero():
		return now.Add(-time.Hour), now.Add(day)
	case from.IsZero():
		return to.Add(-day), to
	case to.IsZero():
		return from, from.Add(day)
	}
	return from, to
}

func (ca *CA) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ca.must(err)
	return key
}

func (ca *CA) must(err error) {
	if err != nil {
		ca.tb.Helper()
		ca.tb.Fatal(err)
	}
}
