package resolver

import (
	"crypto/tls"
	"fmt"
	"testing"

	"dotproxy/resolver/resolvertest"
)

// reconnect asks through n connections, one after another.
func reconnect(t *testing.T, srv *resolvertest.Server, n int) resolvertest.Stats {
	t.Helper()
	_, at := dotEngine(t, srv.CA().Pool(), srv.Upstream())
	for i := range n {
		if askMany(t, at, 1, fmt.Sprint("n", i, "-")) != 1 {
			t.Errorf("query %d not answered", i)
		}
		if i < n-1 {
			srv.ResetConns()
			srv.Await(t, "the end of the connection", func(st resolvertest.Stats) bool { return st.Open == 0 })
		}
	}
	return srv.Stats()
}

// A connection that is opened again takes up the session of one before
// (RFC 8446 section 2.2, RFC 5077).
func TestResumption(t *testing.T) {
	const conns = 61
	for _, c := range []struct {
		name    string
		change  func(*tls.Config)
		version uint16
		resumed int
	}{
		{"TLS 1.3", func(*tls.Config) {}, tls.VersionTLS13, conns - 2},
		{"TLS 1.2", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, tls.VersionTLS12, conns - 2},
		{"no tickets", func(c *tls.Config) { c.SessionTicketsDisabled = true }, tls.VersionTLS13, 0},
		{"no tickets, TLS 1.2", func(c *tls.Config) { c.SessionTicketsDisabled, c.MaxVersion = true, tls.VersionTLS12 }, tls.VersionTLS12, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := reconnect(t, resolvertest.New(t, resolvertest.WithTLS(c.change)), conns)
			if st.Handshakes < conns || st.Versions[c.version] != st.Handshakes {
				t.Errorf("%d handshakes, versions %v", st.Handshakes, st.Versions)
			}
			if c.resumed == 0 && st.Resumed != 0 || st.Resumed < c.resumed {
				t.Errorf("%d of %d connections resumed a session, want %d", st.Resumed, st.Handshakes, c.resumed)
			}
		})
	}
}

// A server that forgets its ticket keys, as one does that is restarted, gets a
// full handshake and loses nothing.
func TestResumptionWithForgottenKeys(t *testing.T) {
	srv := resolvertest.New(t)
	_, at := dotEngine(t, srv.CA().Pool(), srv.Upstream())
	askMany(t, at, 1, "first") // else the connection of the start may come after all were closed
	for i := range 5 {
		srv.SetTLS(func(c *tls.Config) { c.SetSessionTicketKeys([][32]byte{{byte(i)}}) })
		srv.CloseConns()
		srv.Await(t, "the end of the connection", func(st resolvertest.Stats) bool { return st.Open == 0 })
		if askMany(t, at, 1, fmt.Sprint("n", i, "-")) != 1 {
			t.Errorf("query %d not answered", i)
		}
	}
	if st := srv.Stats(); st.Resumed != 0 {
		t.Errorf("%d sessions resumed under forgotten keys", st.Resumed)
	}
}

// Connections to one server share its tickets: all but the first resume, also
// those that are open at the same time.
func TestResumptionOfConnectionsAtOnce(t *testing.T) {
	srv := resolvertest.New(t)
	_, at := dotEngine(t, srv.CA().Pool(), srv.Upstream())
	askMany(t, at, 1, "first")
	srv.SetFaults(resolvertest.Faults{CloseAfterAnswers: 1})
	for i := range 3 {
		if good := askMany(t, at, 30, fmt.Sprint("burst", i, "-")); good != 30 {
			t.Errorf("%d of 30 answered", good)
		}
	}
	st := srv.Stats()
	if st.Handshakes < 30 || st.Resumed < st.Handshakes-1 {
		t.Errorf("%d of %d connections resumed, want all but the first", st.Resumed, st.Handshakes)
	}
}
