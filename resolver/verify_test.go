package resolver

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"
)

// expectRefusal asks a question that srv must not see: the client hears
// SERVFAIL and why, and so does the status.
func expectRefusal(t *testing.T, e *Engine, at netip.AddrPort, srv *resolvertest.Server, kind FaultKind, text string) {
	t.Helper()
	q := new(dns.Msg).SetQuestion("secret.example.", dns.TypeA)
	q.SetEdns0(1232, false)
	m, _, err := (&dns.Client{Timeout: 5 * time.Second}).Exchange(q, at.String())
	if err != nil {
		t.Fatal(err)
	}
	if m.Rcode != dns.RcodeServerFailure || m.IsEdns0() == nil || len(m.IsEdns0().Option) != 1 {
		t.Fatalf("answer %v", m)
	}
	if ede := m.IsEdns0().Option[0].(*dns.EDNS0_EDE); !strings.Contains(ede.ExtraText, text) {
		t.Errorf("EDE says %q, want %q in it", ede.ExtraText, text)
	}
	h := e.Health()
	if f := h.Servers[0].Fault; h.Answering != -1 || f == nil || f.Kind != kind || !strings.Contains(f.Text, text) {
		t.Errorf("health %+v, fault %v", h, f)
	}
	if n := srv.Stats().Queries; n != 0 {
		t.Errorf("%d queries were sent to a server that was not verified", n)
	}
}

func expectAnswer(t *testing.T, at netip.AddrPort, name string) {
	t.Helper()
	if m := dig(t, "udp", at, name); m.Rcode != dns.RcodeSuccess || len(m.Answer) != 1 {
		t.Errorf("%s: %v", name, m)
	}
}

const unpinned = "its key is not one of the pinned ones"

// TestPins: text is empty where the server is to be trusted.
func TestPins(t *testing.T) {
	ca, stranger := resolvertest.NewCA(t), resolvertest.NewCA(t)
	now := time.Now()
	expired := resolvertest.Cert{Names: []string{"dot.test"}, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(-1, 0, 0)}
	unborn := resolvertest.Cert{Names: []string{"dot.test"}, NotBefore: now.AddDate(1, 0, 0)}
	named := resolvertest.Cert{Names: []string{"dot.test"}}
	sub, subOfStranger := ca.Intermediate(resolvertest.Cert{}), stranger.Intermediate(resolvertest.Cert{})
	oldSub := stranger.Intermediate(resolvertest.Cert{NotAfter: now.Add(-time.Hour)})

	known, knownBySub := ca.Issue(named), sub.Issue(named)
	unknown, unknownBySub := stranger.Issue(named), subOfStranger.Issue(named)
	misnamed := stranger.Issue(resolvertest.Cert{Names: []string{"other.test"}})
	self := stranger.Issue(resolvertest.Cert{Names: []string{"dot.test"}, SelfSigned: true})
	other := resolvertest.NewCA(t).Issue(named)
	forClients := stranger.Issue(resolvertest.Cert{Client: true})
	// with sends more along than the server's own chain.
	with := func(c tls.Certificate, more ...[]byte) tls.Certificate {
		c.Certificate = append(append([][]byte{}, c.Certificate...), more...)
		return c
	}
	pins := func(p ...[32]byte) [][32]byte { return p }
	for _, c := range []struct {
		about string
		cert  tls.Certificate
		pins  [][32]byte
		only  bool
		text  string
	}{
		{"right pin", known, pins(resolvertest.Pin(known)), false, ""},
		{"second pin", known, pins(resolvertest.Pin(other), resolvertest.Pin(known)), false, ""},
		{"pin of the authority", known, pins(ca.Pin()), false, ""},
		{"pin of the intermediate authority", knownBySub, pins(sub.Pin()), false, ""},
		{"wrong pin", known, pins(resolvertest.Pin(other)), false, unpinned},
		{"digest of the certificate, not of its key", known, pins(resolvertest.CertHash(known)), false, unpinned},
		{"a pinned certificate is sent along", with(known, other.Certificate[0]), pins(resolvertest.Pin(other)), false, unpinned},
		{"right pin, unknown authority", unknown, pins(resolvertest.Pin(unknown)), false, "unknown authority"},
		{"right pin, wrong name", ca.Issue(resolvertest.Cert{Names: []string{"other.test"}}), pins(ca.Pin()), false, "is for other.test, not for dot.test"},

		{"only: right pin, unknown authority", unknown, pins(resolvertest.Pin(unknown)), true, ""},
		{"only: wrong name", misnamed, pins(resolvertest.Pin(misnamed)), true, ""},
		{"only: self-signed", self, pins(resolvertest.Pin(self)), true, ""},
		{"only: second pin", self, pins(resolvertest.Pin(other), resolvertest.Pin(self)), true, ""},
		{"only: pin of the authority", unknown, pins(stranger.Pin()), true, ""},
		{"only: pin of the intermediate authority", unknownBySub, pins(subOfStranger.Pin()), true, ""},
		{"only: pin of the root behind it", unknownBySub, pins(stranger.Pin()), true, ""},
		{"only: a chain in the wrong order", with(tls.Certificate{Certificate: unknownBySub.Certificate[:1], PrivateKey: unknownBySub.PrivateKey},
			unknownBySub.Certificate[2], unknownBySub.Certificate[1]), pins(stranger.Pin()), true, ""},
		{"only: wrong pin", unknown, pins(resolvertest.Pin(other)), true, unpinned},
		{"only: wrong pin, trusted authority", known, pins(resolvertest.Pin(other)), true, unpinned},
		{"only: no pin at all", known, nil, true, unpinned},
		{"only: a pinned certificate is sent along", with(unknown, other.Certificate[0]), pins(resolvertest.Pin(other)), true, unpinned},
		{"only: a pinned authority is sent along", with(self, known.Certificate[1]), pins(ca.Pin()), true, unpinned},
		{"only: a namesake of the authority", with(tls.Certificate{Certificate: unknown.Certificate[:1], PrivateKey: unknown.PrivateKey}, known.Certificate[1]),
			pins(ca.Pin()), true, unpinned},
		{"only: a pinned server vouches for another", with(tls.Certificate{Certificate: self.Certificate, PrivateKey: self.PrivateKey}, known.Certificate[0]),
			pins(resolvertest.Pin(known)), true, unpinned},
		{"only: expired", stranger.Issue(expired), pins(stranger.Pin()), true, "its certificate expired on " + expired.NotAfter.UTC().Format(dayFormat)},
		{"only: not yet valid", stranger.Issue(unborn), pins(stranger.Pin()), true, "computer’s clock"},
		{"only: the pinned authority expired", oldSub.Issue(named), pins(oldSub.Pin()), true, "the certificate of its authority expired on"},
		{"only: not for servers", forClients, pins(resolvertest.Pin(forClients)), true, "its certificate is not valid: certificate specifies an incompatible key usage"},
	} {
		t.Run(c.about, func(t *testing.T) {
			srv := resolvertest.New(t, resolvertest.WithCA(ca), resolvertest.WithCertificate(c.cert))
			up := srv.Upstream()
			up.Pins, up.PinsOnly = c.pins, c.only
			e, at := dotEngine(t, ca.Pool(), up)
			if c.text == "" {
				expectAnswer(t, at, "a.example")
			} else {
				expectRefusal(t, e, at, srv, FaultCertificate, c.text)
			}
		})
	}
}

// The digests of a stamp are looked for in the chain that the pins prove.
func TestPinsWithCertHashes(t *testing.T) {
	ca := resolvertest.NewCA(t)
	srv := resolvertest.New(t, resolvertest.WithCA(ca))
	up := srv.Upstream()
	up.Pins, up.PinsOnly, up.CertHashes = [][32]byte{ca.Pin()}, true, [][32]byte{ca.Hash()}
	_, at := dotEngine(t, nil, up)
	expectAnswer(t, at, "a.example")
	up.CertHashes[0][0]++
	e, at := dotEngine(t, nil, up)
	before := srv.Stats().Queries
	if m := dig(t, "udp", at, "b.example"); m.Rcode != dns.RcodeServerFailure {
		t.Errorf("answer %v", m)
	}
	if f := e.Health().Servers[0].Fault; f == nil || f.Text != "its certificate is not the one that the stamp names" {
		t.Errorf("fault %v", f)
	}
	if srv.Stats().Queries != before {
		t.Error("a query was sent")
	}
}

// A resumed session is checked as well: TLS shows no certificate then, and the
// ones of its beginning count.
func TestPinsWhereSessionsAreResumed(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, only := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, only %v", tls.VersionName(version), only), func(t *testing.T) {
				srv := resolvertest.New(t, resolvertest.WithTLS(func(c *tls.Config) { c.MaxVersion = version }))
				up := srv.Upstream()
				up.Pins, up.PinsOnly = [][32]byte{srv.CA().Pin()}, only
				f := newForwarder(forwarderConfig{upstreams: []provider.Upstream{up}, roots: srv.CA().Pool(), dial: dialTCP})
				t.Cleanup(f.close)
				for i := range 3 {
					if _, _, err := try(f, fmt.Sprintf("n%d.example", i)); err != nil {
						t.Fatal(err)
					}
					srv.ResetConns()
				}
				if st := srv.Stats(); st.Resumed == 0 {
					t.Fatalf("no session was resumed: %+v", st)
				}
				queries := srv.Stats().Queries
				// The same sessions and another pin: what resumes is not trusted.
				conf := f.ups[0].conf.Clone()
				up.Pins = [][32]byte{{1}}
				conf.VerifyConnection = verifier(up)
				conn, err := dialTCP(t.Context(), srv.Addr())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				client := tls.Client(conn, conf)
				err = client.HandshakeContext(t.Context())
				if text, _ := certificateText("", err); text != unpinned {
					t.Errorf("a resumed session ended with %v", err)
				}
				if !client.ConnectionState().DidResume || srv.Stats().Queries != queries {
					t.Errorf("resumed: %v, %d queries more", client.ConnectionState().DidResume, srv.Stats().Queries-queries)
				}
			})
		}
	}
}
