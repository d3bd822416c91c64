package resolver

import (
	"context"
	"errors"
	"testing"

	"github.com/miekg/dns"
)

type exchangerFunc func(context.Context, *question) (*answer, error)

func (f exchangerFunc) exchange(ctx context.Context, qu *question) (*answer, error) {
	return f(ctx, qu)
}

var errForwarded = errors.New("forwarded")

func TestLocalNames(t *testing.T) {
	l := localNames{exchangerFunc(func(context.Context, *question) (*answer, error) { return nil, errForwarded })}
	for _, c := range []struct {
		name      string
		typ       uint16
		forwarded bool
		rcode     int
		data      string
	}{
		{name: "localhost", typ: dns.TypeA, data: "127.0.0.1"},                          // RFC 6761 section 6.3
		{name: "a.b.localhost", typ: dns.TypeAAAA, data: "::1"},                         //
		{name: "localhost", typ: dns.TypeMX},                                            // NODATA
		{name: "x.invalid", typ: dns.TypeA, rcode: dns.RcodeNameError},                  // RFC 6761 section 6.4
		{name: "printer.local", typ: dns.TypeA, rcode: dns.RcodeNameError},              // RFC 6762
		{name: "abc.onion", typ: dns.TypeA, rcode: dns.RcodeNameError},                  // RFC 7686
		{name: "nas.home.arpa", typ: dns.TypeA, rcode: dns.RcodeNameError},              // RFC 8375
		{name: "_dns.resolver.arpa", typ: dns.TypeSVCB, rcode: dns.RcodeSuccess},        // RFC 9462 section 6.4
		{name: "1.0.168.192.in-addr.arpa", typ: dns.TypePTR, rcode: dns.RcodeNameError}, // RFC 6303 section 4.1
		{name: "9.31.172.in-addr.arpa", typ: dns.TypePTR, rcode: dns.RcodeNameError},    //
		{name: "1.1.127.100.in-addr.arpa", typ: dns.TypePTR, rcode: dns.RcodeNameError}, // RFC 7793
		{name: "2.0.0.d.f.ip6.arpa", typ: dns.TypePTR, rcode: dns.RcodeNameError},       // RFC 6303 section 4.4
		{name: "32.172.in-addr.arpa", typ: dns.TypePTR, forwarded: true},
		{name: "8.8.8.8.in-addr.arpa", typ: dns.TypePTR, forwarded: true},
		{name: "notlocalhost", typ: dns.TypeA, forwarded: true},
		{name: "localhost.example", typ: dns.TypeA, forwarded: true},
		{name: "x.test", typ: dns.TypeA, forwarded: true}, // used in labs
		{name: ".", typ: dns.TypeNS, forwarded: true},
	} {
		t.Run(c.name+" "+dns.TypeToString[c.typ], func(t *testing.T) {
			a, err := l.exchange(t.Context(), ask(c.name, c.typ))
			if c.forwarded {
				if !errors.Is(err, errForwarded) {
					t.Error("it was not forwarded")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			m := unpack(t, a.msg)
			if m.Rcode != c.rcode || a.source != SourceLocal {
				t.Errorf("rcode %d, source %d", m.Rcode, a.source)
			}
			switch {
			case c.data == "" && (len(m.Answer) != 0 || len(m.Ns) != 1 || m.Ns[0].Header().Rrtype != dns.TypeSOA):
				t.Errorf("a negative answer carries a SOA and nothing else: %v", m)
			case c.data != "" && (len(m.Answer) != 1 || dns.Field(m.Answer[0], 1) != c.data):
				t.Errorf("answer %v, want %s", m.Answer, c.data)
			}
		})
	}
}
