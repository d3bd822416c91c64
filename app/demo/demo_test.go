package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"dotproxy/resolver/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) *Server {
	t.Helper()
	s, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func dial(t *testing.T, s *Server) *dns.Conn {
	t.Helper()
	u := s.Upstream()
	c, err := tls.Dial("tcp", u.Addrs[0].String(), &tls.Config{RootCAs: s.Roots(), ServerName: u.Name, NextProtos: []string{"dot"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if p := c.ConnectionState().NegotiatedProtocol; p != "dot" {
		t.Errorf("ALPN %q", p)
	}
	return &dns.Conn{Conn: c}
}

func TestUpstream(t *testing.T) {
	s := start(t)
	u := s.Upstream()
	if u.ID != "demo" || u.Label != "Demo" || u.Spec != "demo" || len(u.Addrs) != 1 || !u.Addrs[0].Addr().IsLoopback() || u.Port != u.Addrs[0].Port() {
		t.Errorf("upstream %+v", u)
	}
	if _, ok := provider.ByID(ID); ok {
		t.Errorf("a real provider is called %s", ID)
	}
}

func TestExchange(t *testing.T) {
	s := start(t)
	u := s.Upstream()
	client := &dns.Client{Net: "tcp-tls", TLSConfig: &tls.Config{RootCAs: s.Roots(), ServerName: u.Name}}
	m, took, err := client.Exchange(new(dns.Msg).SetQuestion("example.com.", dns.TypeA), u.Addrs[0].String())
	if err != nil || len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "192.0.2.10" {
		t.Fatalf("%v, %v", m, err)
	}
	if took < minDelay {
		t.Errorf("answered in %s", took)
	}
}

// TestSlowAnswerHoldsUpNobody asks the slow name first.
func TestSlowAnswerHoldsUpNobody(t *testing.T) {
	c := dial(t, start(t))
	for i, name := range []string{"slow.demo.", "a.demo.test.", "b.demo.test."} {
		q := new(dns.Msg).SetQuestion(name, dns.TypeA)
		q.Id = uint16(i)
		if err := c.WriteMsg(q); err != nil {
			t.Fatal(err)
		}
	}
	var last uint16
	for range 3 {
		m, err := c.ReadMsg()
		if err != nil || m.Rcode != 0 {
			t.Fatalf("%v, %v", m, err)
		}
		last = m.Id
	}
	if last != 0 {
		t.Errorf("query %d was answered after the slow one", last)
	}
}

func TestDelays(t *testing.T) {
	if d := delay(new(dns.Msg).SetQuestion("SLOW.demo.", dns.TypeA)); d != slowDelay {
		t.Errorf("the slow name takes %s", d)
	}
	for range 1000 {
		if d := delay(new(dns.Msg).SetQuestion("example.com.", dns.TypeA)); d < minDelay || d >= maxDelay {
			t.Errorf("another takes %s", d)
		}
	}
}

func TestNobodyElseIsTrustedOrTrustsIt(t *testing.T) {
	s, other := start(t), start(t)
	u := s.Upstream()
	for about, cfg := range map[string]*tls.Config{
		"another run's authority": {RootCAs: other.Roots(), ServerName: u.Name},
		"no authority":            {RootCAs: x509.NewCertPool(), ServerName: u.Name},
	} {
		_, err := tls.Dial("tcp", u.Addrs[0].String(), cfg)
		if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
			t.Errorf("%s: %v", about, err)
		}
	}
	_, err := tls.Dial("tcp", u.Addrs[0].String(), &tls.Config{RootCAs: s.Roots(), ServerName: "example.com"})
	if _, ok := errors.AsType[x509.HostnameError](err); !ok {
		t.Errorf("another name: %v", err)
	}
}

func TestEnds(t *testing.T) {
	for _, about := range []string{"Close", "context"} {
		t.Run(about, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s, err := Start(ctx)
			if err != nil {
				t.Fatal(err)
			}
			c := dial(t, s)
			if err := c.WriteMsg(new(dns.Msg).SetQuestion("slow.demo.", dns.TypeA)); err != nil {
				t.Fatal(err)
			}
			if about == "context" {
				cancel()
			}
			s.Close()
			if m, err := c.ReadMsg(); err == nil {
				t.Errorf("answered after the end: %s", m)
			}
			if raw, err := net.DialTimeout("tcp", s.Upstream().Addrs[0].String(), time.Second); err == nil {
				raw.Close()
				t.Error("still listens")
			}
		})
	}
}

func TestGarbageEndsTheConnection(t *testing.T) {
	s := start(t)
	c := dial(t, s)
	if _, err := c.Write([]byte("no DNS message")); err != nil {
		t.Fatal(err)
	}
	if m, err := c.ReadMsg(); err == nil {
		t.Errorf("answered: %s", m)
	}
	c = dial(t, s)
	if err := c.WriteMsg(new(dns.Msg).SetQuestion("example.org.", dns.TypeA)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReadMsg(); err != nil {
		t.Errorf("another client got %v", err)
	}
}
