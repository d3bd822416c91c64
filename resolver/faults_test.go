package resolver

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"
)

// dotEngine is an engine whose upstreams are TLS servers on loopback.
func dotEngine(t *testing.T, roots *x509.CertPool, ups ...provider.Upstream) (*Engine, netip.AddrPort) {
	t.Helper()
	e := New(Config{Roots: roots, Rules: Rules{Cache: CacheRules{Bytes: 1 << 20}}, Upstreams: ups})
	t.Cleanup(func() { _ = e.Close(t.Context()) })
	return e, listenOn(t, e, "127.0.0.1:0")[0]
}

// askMany asks n different names at once and returns how many were answered.
func askMany(t *testing.T, at netip.AddrPort, n int, prefix string) int {
	t.Helper()
	var mu sync.Mutex
	good := 0
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			c := dns.Client{Timeout: 5 * time.Second}
			m, _, err := c.Exchange(new(dns.Msg).SetQuestion(fmt.Sprintf("%s%d.example.", prefix, i), dns.TypeA), at.String())
			if err != nil {
				t.Errorf("%s%d: %v", prefix, i, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if m.Rcode == dns.RcodeSuccess && len(m.Answer) == 1 {
				good++
			}
		})
	}
	wg.Wait()
	return good
}

// A connection may end at any moment: whoever asked hears nothing of it.
func TestFaultsOfConnectionsAreUnseen(t *testing.T) {
	every := func(f resolvertest.Faults) resolvertest.Script {
		return func(int, int) resolvertest.Faults { return f }
	}
	// odd spoils every third query of each connection.
	odd := func(f resolvertest.Faults) resolvertest.Script {
		return func(_, query int) resolvertest.Faults {
			if query%3 == 2 {
				return f
			}
			return resolvertest.Faults{}
		}
	}
	for name, script := range map[string]resolvertest.Script{
		"one answer a connection, then FIN":  every(resolvertest.Faults{CloseAfterAnswers: 1}),
		"one answer a connection, then RST":  every(resolvertest.Faults{ResetAfterAnswers: 1}),
		"five answers, no close_notify":      every(resolvertest.Faults{CloseAfterAnswers: 5, NoCloseNotify: true}),
		"FIN instead of an answer":           odd(resolvertest.Faults{CloseBefore: true}),
		"RST instead of an answer":           odd(resolvertest.Faults{ResetBefore: true}),
		"alert instead of an answer":         odd(resolvertest.Faults{Alert: true}),
		"half a frame":                       odd(resolvertest.Faults{HalfFrame: true}),
		"zero-length frame":                  odd(resolvertest.Faults{ZeroFrame: true}),
		"garbage":                            odd(resolvertest.Faults{Garbage: true}),
		"cut message":                        odd(resolvertest.Faults{TruncatedFrame: true}),
		"wrong id":                           odd(resolvertest.Faults{WrongID: true}),
		"wrong question":                     odd(resolvertest.Faults{WrongQuestion: true}),
		"every answer twice":                 every(resolvertest.Faults{Duplicate: true}),
		"idle close after every pause":       every(resolvertest.Faults{IdleClose: time.Millisecond}),
		"keepalive 0":                        every(resolvertest.Faults{Keepalive: new(time.Duration)}),
		"answers in reverse order":           every(resolvertest.Faults{Reorder: 7}),
		"answers byte by byte":               every(resolvertest.Faults{SlowBytes: time.Microsecond}),
		"first three connections die at TLS": func(conn, _ int) resolvertest.Faults { return resolvertest.Faults{ResetOnAccept: conn <= 3} },
	} {
		t.Run(name, func(t *testing.T) {
			srv := resolvertest.New(t)
			srv.SetScript(script)
			_, at := dotEngine(t, srv.CA().Pool(), srv.Upstream())
			if good := askMany(t, at, 40, "burst"); good != 40 {
				t.Errorf("%d of 40 at once answered", good)
			}
			for i := range 10 {
				if askMany(t, at, 1, fmt.Sprintf("single%d-", i)) != 1 {
					t.Errorf("single query %d not answered", i)
				}
			}
		})
	}
}

// A certificate that cannot be verified: no query byte is sent, and the client
// and the status are told why.
func TestFaultsOfCertificates(t *testing.T) {
	ca := resolvertest.NewCA(t)
	local := []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	now := time.Now()
	for _, c := range []struct {
		name string
		opt  resolvertest.Option
		kind FaultKind
		text string
	}{
		{"wrong name", resolvertest.WithCertificate(ca.Issue(resolvertest.Cert{Names: []string{"other.test"}})), FaultCertificate, "is for other.test, not for dot.test"},
		{"expired", resolvertest.WithCertificate(ca.Issue(resolvertest.Cert{Names: []string{"dot.test"}, IPs: local, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(-1, 0, 0)})), FaultCertificate, "expired on"},
		{"not yet valid", resolvertest.WithCertificate(ca.Issue(resolvertest.Cert{Names: []string{"dot.test"}, IPs: local, NotBefore: now.AddDate(1, 0, 0), NotAfter: now.AddDate(2, 0, 0)})), FaultCertificate, "and this computer’s clock says " + now.Format(dayFormat) + ", which is probably wrong"},
		{"self-signed", resolvertest.WithCertificate(ca.Issue(resolvertest.Cert{Names: []string{"dot.test"}, IPs: local, SelfSigned: true})), FaultCertificate, "self-signed, so no authority vouches for it"},
		{"unknown authority", resolvertest.WithCertificate(resolvertest.NewCA(t).Issue(resolvertest.Cert{Names: []string{"dot.test"}, IPs: local})), FaultCertificate, "unknown authority"},
		{"TLS 1.1", resolvertest.WithTLS(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }), FaultTLS, "no TLS version from 1.2 up"},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := resolvertest.New(t, resolvertest.WithCA(ca), c.opt)
			e, at := dotEngine(t, ca.Pool(), srv.Upstream())
			expectRefusal(t, e, at, srv, c.kind, c.text)
		})
	}
}

// What a burst costs the upstream: few handshakes, nothing lost.
func TestBurstUsesFewConnections(t *testing.T) {
	srv := resolvertest.New(t)
	_, at := dotEngine(t, srv.CA().Pool(), srv.Upstream())
	if good := askMany(t, at, 1000, "burst"); good != 1000 {
		t.Errorf("%d of 1000 answered", good)
	}
	if st := srv.Stats(); st.Handshakes > 2 {
		t.Errorf("%d handshakes for 1000 queries at once", st.Handshakes)
	}
}

func TestWhatLeavesIsPrivate(t *testing.T) {
	srv := resolvertest.New(t)
	_, at := dotEngine(t, srv.CA().Pool(), srv.Upstream())
	q := new(dns.Msg).SetQuestion("a.example.", dns.TypeA)
	q.SetEdns0(1232, false)
	q.IsEdns0().Option = []dns.EDNS0{
		&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: []byte{192, 0, 2, 0}},
		&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0011223344556677"},
		&dns.EDNS0_LOCAL{Code: 65001, Data: []byte("client")},
	}
	m, _, err := (&dns.Client{Timeout: 5 * time.Second}).Exchange(q, at.String())
	if err != nil {
		t.Fatal(err)
	}
	if len(m.IsEdns0().Option) != 0 {
		t.Errorf("options towards the client: %v", m.IsEdns0().Option)
	}
	checkPrivacy(t, srv.Stats())
}

func checkPrivacy(t *testing.T, st resolvertest.Stats) {
	t.Helper()
	for _, size := range st.QuerySizes {
		if size%128 != 0 {
			t.Errorf("a query of %d octets left unpadded", size)
		}
	}
	for code := range st.Options {
		if code != optPadding && code != optKeepalive {
			t.Errorf("option %d left this computer", code)
		}
	}
	if st.Options[optPadding] != st.Queries || st.ALPN["dot"] != st.Handshakes {
		t.Errorf("%d of %d queries padded, ALPN %v", st.Options[optPadding], st.Queries, st.ALPN)
	}
}
