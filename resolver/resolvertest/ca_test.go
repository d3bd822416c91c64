package resolvertest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

func TestCertificates(t *testing.T) {
	s := New(t)
	now := time.Now()
	var invalid x509.CertificateInvalidError
	var wrongName x509.HostnameError
	var unknown x509.UnknownAuthorityError
	for _, tc := range []struct {
		about string
		cert  tls.Certificate
		as    any
	}{
		{"expired", s.CA().Issue(Cert{Names: []string{"dot.test"}, NotAfter: now.Add(-time.Hour)}), &invalid},
		{"not yet valid", s.CA().Issue(Cert{Names: []string{"dot.test"}, NotBefore: now.Add(time.Hour)}), &invalid},
		{"wrong name", s.CA().Issue(Cert{Names: []string{"other.test"}}), &wrongName},
		{"no name", s.CA().Issue(Cert{}), &wrongName},
		{"self-signed", s.CA().Issue(Cert{Names: []string{"dot.test"}, SelfSigned: true}), &unknown},
		{"unknown authority", NewCA(t).Issue(Cert{Names: []string{"dot.test"}}), &unknown},
		{"good", s.CA().Issue(Cert{Names: []string{"dot.test"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}), nil},
	} {
		t.Run(tc.about, func(t *testing.T) {
			s.SetCertificate(tc.cert)
			_, err := dial(t, s, trusting(s))
			if tc.as == nil {
				if err != nil {
					t.Fatal(err)
				}
			} else if !errors.As(err, tc.as) {
				t.Errorf("the client says %v", err)
			}
		})
	}
}

func TestAuthorityFileAndAddress(t *testing.T) {
	ca := NewCA(t)
	s := New(t, WithCA(ca), WithName("other.test"))
	pem, err := os.ReadFile(ca.WriteFile(t))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("the file holds %q", pem)
	}
	for _, name := range []string{"127.0.0.1", "other.test"} {
		if _, err := dial(t, s, &tls.Config{RootCAs: pool, ServerName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	u := s.Upstream()
	if u.Name != "other.test" || len(u.Addrs) != 1 || u.Addrs[0] != s.Addr() || !strings.HasSuffix(u.Spec, "#other.test") {
		t.Errorf("upstream %+v", u)
	}
}

func TestHashesAreOfTheChain(t *testing.T) {
	s := New(t)
	cert := s.CA().Issue(Cert{Names: []string{"dot.test"}, IPs: []netip.Addr{netip.IPv6Loopback()}})
	s.SetCertificate(cert)
	c := mustDial(t, s)
	chain := c.Conn.(*tls.Conn).ConnectionState().VerifiedChains[0]
	if len(chain) != 2 || CertHash(cert) != CertHash(tls.Certificate{Leaf: chain[0]}) || s.CA().Hash() != CertHash(tls.Certificate{Leaf: chain[1]}) {
		t.Errorf("the hashes do not match the verified chain of %d", len(chain))
	}
}
