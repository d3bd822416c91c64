package daemon

import (
	"errors"
	"testing"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

func fault(kind resolver.FaultKind, text string) *resolver.Fault {
	return &resolver.Fault{Kind: kind, Text: text, Err: errors.New(text)}
}

func TestUpstreamProblem(t *testing.T) {
	timeout := fault(resolver.FaultTimeout, "it does not answer")
	expired := fault(resolver.FaultCertificate, "its certificate expired on 3 May 2026")
	noRoute := fault(resolver.FaultUnreachable, "there is no route to it")
	lookup := &resolver.Fault{Kind: resolver.FaultLookup, Text: "its name could not be looked up", Err: errNoRoute}
	public := []string{"cloudflare", "quad9"}
	cases := []struct {
		about         string
		ups           []string
		health        resolver.Health
		code          string
		message, hint string
	}{
		{"not known yet", public, resolver.Health{}, "", "", ""},
		{"the primary answers", public, answeredBy(0, timeout), "", "", ""},
		{"a backup answers", public, answeredBy(1, timeout), control.CodeNoAnswer, "Cloudflare does not answer.", ""},
		{"a backup answers, the primary refuses", public, answeredBy(1, fault(resolver.FaultRefused, "it refuses connections")), control.CodeNoAnswer, "Cloudflare does not answer: it refuses connections.", ""},
		{"silence", public, answeredBy(-1, timeout, timeout), control.CodeNoAnswer, "No provider answers on port 853.", "This network may block it; choose a provider on port 443."},
		{"refused", public, answeredBy(-1, fault(resolver.FaultRefused, "it refuses connections")), control.CodeNoAnswer,
			"No provider answers on port 853 (Cloudflare: it refuses connections).", "This network may block it; choose a provider on port 443."},
		{"another port", []string{"9.9.9.9:443#dns.quad9.net"}, answeredBy(-1, timeout), control.CodeNoAnswer, "No provider answers on port 443.", "Check the address and the port, or choose another provider."},
		{"one's own server", []string{"192.168.1.2"}, answeredBy(-1, timeout), control.CodeNoAnswer, "No provider answers on port 853.", "Check that this server runs, or choose another provider."},
		{"certificate", public, answeredBy(-1, expired, timeout), control.CodeCertificate,
			"Cloudflare’s certificate could not be verified, so nothing was sent: its certificate expired on 3 May 2026.", hintCertificate},
		{"protocol version", public, answeredBy(-1, fault(resolver.FaultTLS, "it speaks no TLS version from 1.2 up")), control.CodeCertificate,
			"Cloudflare could not be verified, so nothing was sent: it speaks no TLS version from 1.2 up.", "Choose another provider."},
		{"the clock", public, answeredBy(-1, fault(resolver.FaultCertificate, "this computer’s clock says 1 January 1970, which is wrong; set it")), control.CodeCertificate,
			"Cloudflare’s certificate could not be verified, so nothing was sent: this computer’s clock says 1 January 1970, which is wrong.", "Set this computer’s clock."},
		{"a certificate that is not valid yet", public, answeredBy(-1, fault(resolver.FaultCertificate, "its certificate is valid only from 1 May 2026 on, and this computer’s clock says 1 April 2026, which is probably wrong")), control.CodeCertificate,
			"Cloudflare’s certificate could not be verified, so nothing was sent: its certificate is valid only from 1 May 2026 on, and this computer’s clock says 1 April 2026, which is probably wrong.", "Set this computer’s clock."},
		{"client certificate", public, answeredBy(-1, fault(resolver.FaultClientCert, "it wants a client certificate")), control.CodeCertificate,
			"This computer could not prove to Cloudflare who it is: it wants a client certificate.", hintClientCert},
		{"a backup that is reached but wrong", public, answeredBy(-1, timeout, expired), control.CodeNoAnswer, "No provider answers on port 853.", "Choose another provider."},
		{"closes", public, answeredBy(-1, fault(resolver.FaultClosed, "it closes the connection")), control.CodeNoAnswer, "No provider answers on port 853 (Cloudflare: it closes the connection).", "Choose another provider."},
		{"no network", public, answeredBy(-1, noRoute, noRoute), control.CodeOffline, "There is no network.", hintOffline},
		{"no network for a name", []string{"dns.example.net"}, answeredBy(-1, lookup), control.CodeOffline, "There is no network.", hintOffline},
		{"no IPv6 alone", public, answeredBy(-1, noRoute, timeout), control.CodeNoAnswer, "No provider answers on port 853 (Cloudflare: there is no route to it).", "This network may block it; choose a provider on port 443."},
		{"no fault known", public, resolver.Health{Known: true, Answering: -1}, control.CodeNoAnswer, "No provider answers on port 853.", "This network may block it; choose a provider on port 443."},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			got := upstreamProblem(parsed(t, c.ups), c.health)
			if c.code == "" {
				if got != nil {
					t.Errorf("problem %+v", got)
				}
				return
			}
			if got == nil || got.Code != c.code || got.Message != c.message || got.Hint != c.hint {
				t.Errorf("\n got %+v\nwant %s: %s %s", got, c.code, c.message, c.hint)
			}
		})
	}
}

func parsed(t *testing.T, specs []string) []provider.Upstream {
	t.Helper()
	var ups []provider.Upstream
	for _, s := range specs {
		u, err := provider.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		ups = append(ups, u)
	}
	return ups
}
