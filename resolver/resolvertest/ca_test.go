package resolvertest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
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

func TestPinsAreOfTheChain(t *testing.T) {
	s := New(t)
	sub := s.CA().Intermediate(Cert{}).Intermediate(Cert{})
	cert := sub.Issue(Cert{Names: []string{"dot.test"}})
	s.SetCertificate(cert)
	chain := mustDial(t, s).Conn.(*tls.Conn).ConnectionState().VerifiedChains[0]
	if len(chain) != 4 {
		t.Fatalf("a verified chain of %d", len(chain))
	}
	for i, pin := range map[int][32]byte{0: Pin(cert), 1: sub.Pin(), 3: s.CA().Pin()} {
		if Pin(tls.Certificate{Leaf: chain[i]}) != pin {
			t.Errorf("the pin of certificate %d differs", i)
		}
	}
}

func TestIntermediateExpires(t *testing.T) {
	s := New(t)
	s.SetCertificate(s.CA().Intermediate(Cert{NotAfter: time.Now().Add(-time.Hour)}).Issue(Cert{Names: []string{"dot.test"}}))
	if _, err := dial(t, s, trusting(s)); err == nil {
		t.Error("an expired authority vouches for the server")
	}
}

func TestClientCertificates(t *testing.T) {
	ca := NewCA(t)
	s := New(t, WithClientCA(ca))
	good := ca.Issue(Cert{Client: true})
	pair, err := tls.LoadX509KeyPair(WritePEM(t, t.TempDir(), good))
	if err != nil {
		t.Fatal(err)
	}
	for about, certs := range map[string][]tls.Certificate{
		"none": nil, "other authority": {NewCA(t).Issue(Cert{Client: true})}, "not for clients": {ca.Issue(Cert{Names: []string{"dot.test"}})},
	} {
		cfg := trusting(s)
		cfg.Certificates = certs
		c, err := dial(t, s, cfg)
		if err == nil { // TLS 1.3 tells at the first read
			_, err = c.Read(make([]byte, 1))
		}
		if op := new(net.OpError); !errors.As(err, &op) || op.Op != "remote error" {
			t.Errorf("%s: %v", about, err)
		}
	}
	cfg := trusting(s)
	cfg.Certificates = []tls.Certificate{pair}
	c, err := dial(t, s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ask(t, c, "a.example.", dns.TypeA)
	if st := s.Stats(); st.ClientCerts[CertHash(good)] != 1 || len(st.ClientCerts) != 1 || st.Handshakes != 1 {
		t.Errorf("%+v", st)
	}
}
