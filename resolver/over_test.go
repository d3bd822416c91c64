package resolver

import (
	"crypto/tls"
	"strings"
	"syscall"
	"testing"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"
)

// TestEventTellsOfItsConnection: a query that was asked over TLS says on what
// connection its answer came, one from the cache does not.
func TestEventTellsOfItsConnection(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*tls.Config)
		version string
		cipher  string
	}{
		{"TLS 1.3", func(*tls.Config) {}, "TLS 1.3", ""},
		{"TLS 1.2", func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}
		}, "TLS 1.2", "AES_256_GCM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := resolvertest.New(t, resolvertest.WithTLS(c.change))
			events := make(chan Event, 10)
			e := New(Config{Roots: srv.CA().Pool(), Rules: Rules{Cache: CacheRules{Bytes: 1 << 20}}, Upstreams: []provider.Upstream{srv.Upstream()}, OnQuery: func(ev *Event) { events <- *ev }})
			t.Cleanup(func() { _ = e.Close(t.Context()) })
			at := listenOn(t, e, "127.0.0.1:0")[0]

			dig(t, "udp", at, "one.example.")
			first := <-events
			if first.Over == nil || first.Over.TLS != c.version || first.Over.KeyExchange == "" || !strings.Contains(first.Over.Cipher, c.cipher) || first.Tries != 1 {
				t.Fatalf("asked: %+v, %d tries", first.Over, first.Tries)
			}
			dig(t, "udp", at, "one.example.")
			if cached := <-events; cached.Over != nil || cached.Tries != 0 {
				t.Errorf("from the cache: %+v, %d tries", cached.Over, cached.Tries)
			}
			srv.ResetConns()
			srv.Await(t, "the end of the connection", func(st resolvertest.Stats) bool { return st.Open == 0 })
			dig(t, "udp", at, "two.example.")
			if again := <-events; again.Over == nil || again.Over == first.Over || !again.Over.Resumed || again.Over.KeyExchange != first.Over.KeyExchange {
				t.Errorf("on the next connection: %+v", again.Over)
			}
		})
	}
}

// TestEventTellsOfTries: each time that a server was asked counts, whether it
// answered or not.
func TestEventTellsOfTries(t *testing.T) {
	refuses := func(s *pipeServer) { s.down = syscall.ECONNREFUSED }
	answers := func(s *pipeServer) { s.handle = zone }
	errs := func(s *pipeServer) { s.handle = rcode(dns.RcodeServerFailure) }
	for name, c := range map[string]struct {
		first, second func(*pipeServer)
		asked         string
		least, most   int
		over          bool
	}{
		"answered at once":        {answers, answers, "a.example", 1, 1, true},
		"answered by the second":  {errs, answers, "a.example", 2, 2, true},
		"no answer":               {refuses, refuses, "a.example", leastTries, 20, false},
		"an error and no answer":  {errs, refuses, "a.example", leastTries, 20, true},
		"no answer by a route":    {answers, refuses, "a.corp.example", leastTries, 20, false},
		"answered by a route":     {refuses, answers, "a.corp.example", 1, 1, true},
		"nobody was asked for it": {answers, answers, "localhost", 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				n.add("192.0.2.1:853").set(c.first)
				n.add("192.0.2.2:853").set(c.second)
				e := pipeEngine(t, n, func(g *Config) {
					g.Rules = onlyNames(NameRules{Routes: []Route{{Suffix: "corp.example", Upstreams: pipeUpstreams("192.0.2.2:853")}}})
				}, "192.0.2.1:853", "192.0.2.2:853")
				_, ev := from(t, e, "127.0.0.1", c.asked, dns.TypeA)
				if ev.Tries < c.least || ev.Tries > c.most || (ev.Over != nil) != c.over {
					t.Errorf("%d tries, over %+v: %+v", ev.Tries, ev.Over, ev.EDE)
				}
			})
		})
	}
}
