package resolver

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"

	"github.com/miekg/dns"
)

// tells answers as a server that validates and says which one it is.
func tells(nsid string, validates bool) resolvertest.Handler {
	return func(q *dns.Msg) *dns.Msg {
		m := new(dns.Msg)
		m.SetReply(q)
		m.AuthenticatedData = validates
		m.SetEdns0(1232, true)
		if nsid != "" {
			opt := m.IsEdns0()
			opt.Option = append(opt.Option, &dns.EDNS0_NSID{Code: dns.EDNS0NSID, Nsid: nsid})
		}
		return m
	}
}

func measured(t *testing.T, s *resolvertest.Server, change func(*provider.Upstream)) Measurement {
	t.Helper()
	up := s.Upstream()
	if change != nil {
		change(&up)
	}
	e := New(Config{Upstreams: []provider.Upstream{s.Upstream()}, Roots: s.CA().Pool()})
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	return e.Measure(t.Context(), up)
}

func TestMeasure(t *testing.T) {
	s := resolvertest.New(t, resolvertest.WithHandler(tells("6c6f6e2d31", true)))
	m := measured(t, s, nil)
	if m.Fault != nil || m.Addr != s.Addr() || m.Connect <= 0 || m.First <= 0 || m.Warm <= 0 {
		t.Errorf("%+v", m)
	}
	if m.TLS != "TLS 1.3" || m.KeyExchange == "" || !m.Resumed || m.Issuer != "Test authority" || !m.Expires.After(time.Now()) || m.NSID != "lon-1" || !m.Validates {
		t.Errorf("%+v", m)
	}
}

const noFault = ^FaultKind(0)

func TestMeasuredFaults(t *testing.T) {
	dead := netip.MustParseAddrPort("127.0.0.1:1")
	for _, c := range []struct {
		name   string
		opts   []resolvertest.Option
		change func(*provider.Upstream)
		kind   FaultKind
		made   bool // a connection was
	}{
		{"another name", nil, func(u *provider.Upstream) { u.Name = "other.test" }, FaultCertificate, false},
		{"another key", nil, func(u *provider.Upstream) { u.Pins = [][32]byte{{1}} }, FaultCertificate, false},
		{"nobody", nil, func(u *provider.Upstream) { u.Addrs = []netip.AddrPort{dead} }, FaultRefused, false},
		{"the first is dead", nil, func(u *provider.Upstream) { u.Addrs = append([]netip.AddrPort{dead}, u.Addrs...) }, noFault, true},
		{"an alert", []resolvertest.Option{resolvertest.WithFaults(resolvertest.Faults{HandshakeAlert: true})}, nil, FaultTLS, false},
		{"closed", []resolvertest.Option{resolvertest.WithFaults(resolvertest.Faults{CloseBefore: true})}, nil, FaultClosed, true},
		{"closed after two", []resolvertest.Option{resolvertest.WithFaults(resolvertest.Faults{CloseAfterAnswers: 2})}, nil, FaultClosed, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := measured(t, resolvertest.New(t, c.opts...), c.change)
			kind := noFault
			if m.Fault != nil {
				kind = m.Fault.Kind
			}
			if kind != c.kind || (m.TLS != "") != c.made {
				t.Errorf("%d, %+v", kind, m)
			}
		})
	}
}

// A trial that is given up ends at once, whatever the server does.
func TestMeasureEnds(t *testing.T) {
	for name, faults := range map[string]resolvertest.Faults{"handshake": {HangHandshake: true}, "query": {Mute: true}} {
		t.Run(name, func(t *testing.T) {
			s := resolvertest.New(t, resolvertest.WithFaults(faults))
			e := New(Config{Upstreams: []provider.Upstream{s.Upstream()}, Roots: s.CA().Pool()})
			t.Cleanup(func() { _ = e.Close(context.Background()) })
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan Measurement)
			go func() { done <- e.Measure(ctx, s.Upstream()) }()
			stop()
			if m := <-done; m.Fault == nil {
				t.Errorf("%+v", m)
			}
		})
	}
}

func TestNSID(t *testing.T) {
	for nsid, want := range map[string]string{
		"6c6f6e2d31": "lon-1",
		"00ff":       "00ff",
		"6c0a":       "6c0a",
		"":           "",
	} {
		if got := nsidOf(tells(nsid, false)(new(dns.Msg).SetQuestion(".", dns.TypeNS))); got != want {
			t.Errorf("%s is %q, want %q", nsid, got, want)
		}
	}
}
