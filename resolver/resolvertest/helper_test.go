package resolvertest

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// trusting returns a client configuration for s.
func trusting(s *Server) *tls.Config {
	return &tls.Config{RootCAs: s.CA().Pool(), ServerName: "dot.test", NextProtos: []string{"dot"}}
}

// dial connects with TLS over the loopback interface.
func dial(t *testing.T, s *Server, cfg *tls.Config) (*dns.Conn, error) {
	t.Helper()
	raw, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	c := tls.Client(raw, cfg)
	return &dns.Conn{Conn: c}, c.HandshakeContext(t.Context())
}

func mustDial(t *testing.T, s *Server) *dns.Conn {
	t.Helper()
	c, err := dial(t, s, trusting(s))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// pipe connects with TLS through Server.Dial.
func pipe(t *testing.T, s *Server) *dns.Conn {
	t.Helper()
	raw, _ := s.Dial(t.Context(), "", "")
	c := tls.Client(raw, trusting(s))
	if err := c.HandshakeContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	return &dns.Conn{Conn: c}
}

func query(name string, qtype uint16) *dns.Msg {
	return new(dns.Msg).SetQuestion(name, qtype)
}

func write(t *testing.T, c *dns.Conn, q *dns.Msg) {
	t.Helper()
	if err := c.WriteMsg(q); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c *dns.Conn) *dns.Msg {
	t.Helper()
	m, err := c.ReadMsg()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func ask(t *testing.T, c *dns.Conn, name string, qtype uint16) *dns.Msg {
	t.Helper()
	q := query(name, qtype)
	write(t, c, q)
	m := read(t, c)
	if m.Id != q.Id || m.Question[0] != q.Question[0] {
		t.Fatalf("the answer to %s is %s", q, m)
	}
	return m
}
