package resolver

import (
	"crypto/tls"
	"strings"
	"testing"

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
			if again := <-events; again.Over == nil || again.Over == first.Over || !again.Over.Resumed {
				t.Errorf("on the next connection: %+v", again.Over)
			}
		})
	}
}
