package resolver

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"
)

// In a bubble it is the year 2000, in which this program cannot have run: then
// the clock is named, not the certificate.
func TestFaultOfTheClock(t *testing.T) {
	later := time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		about string
		cert  func(ca *resolvertest.CA) tls.Certificate
		pins  func(ca *resolvertest.CA) [][32]byte
		text  string
	}{
		{"not yet valid", func(ca *resolvertest.CA) tls.Certificate {
			return ca.Issue(resolvertest.Cert{Names: []string{"dot.test"}, NotBefore: later})
		}, nil, "this computer’s clock says 1 January 2000, which is wrong; set it"},
		{"expired", func(ca *resolvertest.CA) tls.Certificate {
			return ca.Issue(resolvertest.Cert{Names: []string{"dot.test"}, NotAfter: time.Now().AddDate(-1, 0, 0)})
		}, nil, "this computer’s clock says 1 January 2000, which is wrong; set it"},
		{"the authority is not yet valid", func(ca *resolvertest.CA) tls.Certificate {
			return ca.Intermediate(resolvertest.Cert{NotBefore: later}).Issue(resolvertest.Cert{Names: []string{"dot.test"}})
		}, nil, "this computer’s clock says 1 January 2000, which is wrong; set it"},
		{"not yet valid, pins only", func(ca *resolvertest.CA) tls.Certificate {
			return ca.Issue(resolvertest.Cert{Names: []string{"dot.test"}, NotBefore: later})
		}, func(ca *resolvertest.CA) [][32]byte { return [][32]byte{ca.Pin()} }, "this computer’s clock says 1 January 2000, which is wrong; set it"},
		{"another fault", func(ca *resolvertest.CA) tls.Certificate {
			return ca.Issue(resolvertest.Cert{Names: []string{"dot.test"}, SelfSigned: true})
		}, nil, "its certificate is self-signed, so no authority vouches for it"},
	} {
		t.Run(c.about, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				ca := resolvertest.NewCA(t)
				srv := resolvertest.New(t, resolvertest.WithCA(ca), resolvertest.WithoutListener(), resolvertest.WithCertificate(c.cert(ca)))
				up := srv.Upstream()
				if c.pins != nil {
					up.Pins, up.PinsOnly = c.pins(ca), true
				}
				f := newForwarder(forwarderConfig{
					upstreams: []provider.Upstream{up}, roots: ca.Pool(), log: slog.New(slog.DiscardHandler),
					dial: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
						raw, err := srv.Dial(ctx, "", "")
						return flightConn{raw, bufio.NewReaderSize(raw, 1<<16)}, err
					},
				})
				defer f.close()
				_, _, err := try(f, "secret.example")
				fault, ok := asFault(err)
				if !ok || fault.Kind != FaultCertificate || fault.Text != c.text {
					t.Errorf("error %v", err)
				}
				if n := srv.Stats().Queries; n != 0 {
					t.Errorf("%d queries were sent", n)
				}
			})
		})
	}
}

// flightConn takes all that the server sends in one go: over a bare pipe the
// two would wait for each other where the client ends the handshake half-way.
type flightConn struct {
	net.Conn
	r *bufio.Reader
}

func (c flightConn) Read(p []byte) (int, error) { return c.r.Read(p) }

func TestSourceTime(t *testing.T) {
	commit := releaseDay.AddDate(0, 3, 0)
	for about, c := range map[string]struct {
		settings []debug.BuildSetting
		want     time.Time
	}{
		"nothing known":     {nil, releaseDay},
		"a commit":          {[]debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.time", Value: commit.Format(time.RFC3339)}}, commit},
		"an earlier commit": {[]debug.BuildSetting{{Key: "vcs.time", Value: "1980-01-01T00:00:00Z"}}, releaseDay},
		"no time":           {[]debug.BuildSetting{{Key: "vcs.time", Value: "soon"}}, releaseDay},
	} {
		if got := sourceTime(c.settings); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", about, got, c.want)
		}
	}
	if !clockIsWrong(time.Unix(0, 0)) || clockIsWrong(time.Now()) {
		t.Errorf("the clock is judged by %v", builtAt())
	}
}

// A system's own verifier may blame the server's certificate for another one's
// dates.
func TestFaultOfDatesThatHold(t *testing.T) {
	now := time.Now()
	c := &x509.Certificate{NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	text, ok := certificateText("dot.test", &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: c, Reason: x509.Expired}})
	if !ok || text != "the certificate of its authority is out of date" {
		t.Errorf("%q, %v", text, ok)
	}
}

// What a server says of itself before it is verified can be shown.
func TestNamesOfCertificatesAreSafe(t *testing.T) {
	c := &x509.Certificate{DNSNames: []string{"a\x1b[2Jb", strings.Repeat("x", 79) + "é", "c\n"}}
	if got, want := certNames(c), "a\uFFFD[2Jb, "+strings.Repeat("x", 79)+"\uFFFD…, c\uFFFD"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The alerts of a server are known by their numbers.
func TestFaultsOfAlerts(t *testing.T) {
	for _, c := range []struct {
		alert  tls.AlertError
		asked  bool
		had    bool
		during FaultKind // in the handshake
		after  FaultKind // once it is over
		text   string    // of the first
	}{
		{alertHandshakeFailure, false, false, FaultTLS, FaultTLS, "it refused the TLS connection (handshake failure)"},
		{alertHandshakeFailure, true, false, FaultClientCert, FaultTLS, "it wants a client certificate"},
		{alertHandshakeFailure, true, true, FaultClientCert, FaultTLS, "it refuses our client certificate (handshake failure)"},
		{alertCertificateRequired, false, false, FaultClientCert, FaultClientCert, "it wants a client certificate"},
		{alertUnknownCA, true, true, FaultClientCert, FaultClientCert, "it refuses our client certificate (unknown certificate authority)"},
		{alertUnknownCA, false, false, FaultTLS, FaultTLS, "it refused the TLS connection (unknown certificate authority)"},
		{alertAccessDenied, false, false, FaultTLS, FaultTLS, "it refused the TLS connection (access denied)"},
		{alertProtocolVersion, false, false, FaultTLS, FaultTLS, "it speaks no TLS version from 1.2 up"},
		{112, false, false, FaultTLS, FaultTLS, "it refused the TLS connection (unrecognized name)"},
		{200, false, false, FaultTLS, FaultTLS, "it refused the TLS connection (alert(200))"},
	} {
		t.Run(fmt.Sprint(c.alert, c.asked, c.had), func(t *testing.T) {
			// The text of an alert that arrived is all that the library shows of it.
			err := error(&net.OpError{Op: "remote error", Err: errors.New(c.alert.Error())})
			up := provider.Upstream{Name: "dot.test"}
			if c.had {
				up.ClientCert = "cert.pem"
			}
			during := newFault(netip.AddrPort{}, up.Name, inHandshake(err, up, c.asked))
			after := newFault(netip.AddrPort{}, up.Name, afterHandshake(err, up))
			if during.Kind != c.during || after.Kind != c.after || during.Text != c.text {
				t.Errorf("%v %q, then %v %q", during.Kind, during.Text, after.Kind, after.Text)
			}
		})
	}
	if _, ok := remoteAlert(&net.OpError{Op: "read", Err: io.EOF}); ok {
		t.Error("the end of a connection is no alert")
	}
}
