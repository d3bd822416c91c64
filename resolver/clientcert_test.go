package resolver

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dotproxy/resolver/resolvertest"
)

var tlsVersions = []uint16{tls.VersionTLS12, tls.VersionTLS13}

// clientCA is a server that wants certificates of ca, at one version of TLS.
func clientCA(t *testing.T, ca *resolvertest.CA, version uint16) *resolvertest.Server {
	t.Helper()
	return resolvertest.New(t, resolvertest.WithClientCA(ca), resolvertest.WithTLS(func(c *tls.Config) { c.MaxVersion = version }))
}

func TestClientCertificate(t *testing.T) {
	ca := resolvertest.NewCA(t)
	good := ca.Issue(resolvertest.Cert{Client: true})
	dir := t.TempDir()
	cert, key := resolvertest.WritePEM(t, dir, good)
	both := filepath.Join(dir, "both.pem")
	writeFile(t, both, append(readAll(t, key), readAll(t, cert)...))
	strangers, strangersKey := resolvertest.WritePEM(t, t.TempDir(), resolvertest.NewCA(t).Issue(resolvertest.Cert{Client: true}))
	old, oldKey := resolvertest.WritePEM(t, t.TempDir(), ca.Issue(resolvertest.Cert{Client: true, NotAfter: time.Now().Add(-time.Hour)}))
	missing := filepath.Join(dir, "gone.pem")
	for _, c := range []struct {
		about, cert, key, text string
	}{
		{"two files", cert, key, ""},
		{"one file", both, "", ""},
		{"none", "", "", "it wants a client certificate"},
		{"of another authority", strangers, strangersKey, "it refuses our client certificate ("},
		{"expired", old, oldKey, "it refuses our client certificate ("},
		{"no such file", missing, key, "the client certificate file " + missing + " does not exist"},
		{"another key", cert, strangersKey, "the client certificate in " + cert + " cannot be used with the key in " + strangersKey},
	} {
		for _, version := range tlsVersions {
			t.Run(c.about+", "+tls.VersionName(version), func(t *testing.T) {
				srv := clientCA(t, ca, version)
				up := srv.Upstream()
				up.ClientCert, up.ClientKey = c.cert, c.key
				e, at := dotEngine(t, srv.CA().Pool(), up)
				if c.text != "" {
					expectRefusal(t, e, at, srv, FaultClientCert, c.text)
					return
				}
				expectAnswer(t, at, "a.example")
				if st := srv.Stats(); st.ClientCerts[resolvertest.CertHash(good)] != st.Handshakes {
					t.Errorf("%+v", st)
				}
			})
		}
	}
}

// A server that does not ask is not told who we are, and the files do not
// matter to it.
func TestClientCertificateIsNotAskedFor(t *testing.T) {
	srv := resolvertest.New(t)
	up := srv.Upstream()
	up.ClientCert = filepath.Join(t.TempDir(), "gone.pem")
	_, at := dotEngine(t, srv.CA().Pool(), up)
	expectAnswer(t, at, "a.example")
}

// Our certificate is not shown to a server that is not verified.
func TestClientCertificateStaysHere(t *testing.T) {
	ca := resolvertest.NewCA(t)
	for _, version := range tlsVersions {
		srv := clientCA(t, ca, version)
		up := srv.Upstream()
		up.ClientCert, up.ClientKey = resolvertest.WritePEM(t, t.TempDir(), ca.Issue(resolvertest.Cert{Client: true}))
		e, at := dotEngine(t, ca.Pool(), up)
		expectRefusal(t, e, at, srv, FaultCertificate, "unknown authority")
		if st := srv.Stats(); st.Handshakes != 0 || len(st.ClientCerts) != 0 {
			t.Errorf("%+v", st)
		}
	}
}

// A renewed file is used by the next connection.
func TestClientCertificateIsRenewed(t *testing.T) {
	ca := resolvertest.NewCA(t)
	for _, version := range tlsVersions {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			srv := clientCA(t, ca, version)
			dir := t.TempDir()
			first, second := ca.Issue(resolvertest.Cert{Client: true}), ca.Issue(resolvertest.Cert{Client: true})
			up := srv.Upstream()
			up.ClientCert, up.ClientKey = resolvertest.WritePEM(t, dir, first)
			_, at := dotEngine(t, srv.CA().Pool(), up)
			expectAnswer(t, at, "first.example")
			resolvertest.WritePEM(t, dir, second)
			before := srv.Stats()
			srv.CloseConns()
			srv.Await(t, "the end of the first connection", func(st resolvertest.Stats) bool { return st.Open == 0 })
			expectAnswer(t, at, "second.example")
			st := srv.Stats()
			if before.ClientCerts[resolvertest.CertHash(first)] == 0 || st.ClientCerts[resolvertest.CertHash(first)] != before.Handshakes ||
				st.ClientCerts[resolvertest.CertHash(second)] != st.Handshakes-before.Handshakes || st.Handshakes == before.Handshakes {
				t.Errorf("before %+v, after %+v", before, st)
			}
		})
	}
}

func TestCheckClientCert(t *testing.T) {
	ca := resolvertest.NewCA(t)
	dir := t.TempDir()
	cert, key := resolvertest.WritePEM(t, dir, ca.Issue(resolvertest.Cert{Client: true}))
	_, otherKey := resolvertest.WritePEM(t, t.TempDir(), ca.Issue(resolvertest.Cert{Client: true}))
	old, oldKey := resolvertest.WritePEM(t, t.TempDir(), ca.Issue(resolvertest.Cert{Client: true, NotAfter: time.Now().Add(-time.Hour)}))
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		writeFile(t, path, data)
		return path
	}
	block := func(b pem.Block) []byte { return pem.EncodeToMemory(&b) }
	both := file("both.pem", append(readAll(t, cert), readAll(t, key)...))
	garbage := file("garbage.pem", []byte("not PEM"))
	empty := file("empty.pem", nil)
	large := file("large.pem", bytes.Repeat([]byte{'\n'}, maxPEM+1))
	locked := file("locked.pem", block(pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}}))
	lockedOld := file("locked-old.pem", block(pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte{1}, Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "x"}}))
	badCert := file("bad.pem", block(pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}))
	missing := filepath.Join(dir, "gone.pem")
	for _, c := range []struct{ about, cert, key, text string }{
		{"nothing", "", "", ""},
		{"two files", cert, key, ""},
		{"one file", both, "", ""},
		{"one file twice", both, both, ""},
		{"expired: it may be renewed", old, oldKey, ""},
		{"no certificate", missing, key, "the client certificate file " + missing + " does not exist"},
		{"no key", cert, missing, "the client key file " + missing + " does not exist"},
		{"a folder", dir, key, "the client certificate file " + dir + " is no regular file"},
		{"a key alone", "", key, "the client key in " + key + " has no client certificate to go with it"},
		{"too large", large, key, "the client certificate file " + large + " is too large for a PEM file"},
		{"empty", empty, key, "the client certificate file " + empty + " holds no certificate in PEM form"},
		{"garbage", cert, garbage, "the client key file " + garbage + " holds no private key in PEM form"},
		{"key not in the one file", cert, "", "the client key file " + cert + " holds no private key in PEM form"},
		{"swapped", key, cert, "the client certificate file " + key + " holds no certificate in PEM form"},
		{"password", cert, locked, "the client key in " + locked + " is locked with a password, which cannot be asked for; store it without one"},
		{"password, old form", cert, lockedOld, "the client key in " + lockedOld + " is locked with a password"},
		{"another key", cert, otherKey, "the client certificate in " + cert + " cannot be used with the key in " + otherKey + ": private key does not match public key"},
		{"damaged", badCert, key, "the client certificate in " + badCert + " cannot be used with the key in " + key},
	} {
		t.Run(c.about, func(t *testing.T) {
			err := CheckClientCert(c.cert, c.key)
			if c.text == "" && err != nil || c.text != "" && (err == nil || !strings.HasPrefix(err.Error(), c.text)) {
				t.Errorf("error %v, want %q", err, c.text)
			}
		})
	}
	if os.Geteuid() > 0 {
		if err := os.Chmod(key, 0); err != nil {
			t.Fatal(err)
		}
		if err := CheckClientCert(cert, key); err == nil || !strings.HasSuffix(err.Error(), "may not be read by the user that DoT Proxy runs as") {
			t.Errorf("error %v", err)
		}
	}
}

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
