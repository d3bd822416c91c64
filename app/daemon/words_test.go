package daemon

import (
	"net/netip"
	"testing"
	"time"

	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

func TestWords(t *testing.T) {
	now := time.Date(2026, 11, 22, 15, 4, 0, 0, time.UTC)
	morning, yesterday := now.Add(-5*time.Hour), now.Add(-24*time.Hour)
	timeout, expired := fault(resolver.FaultTimeout, "it does not answer"), fault(resolver.FaultCertificate, "its certificate expired")
	clock := fault(resolver.FaultCertificate, "this computer’s clock says 1 January 1970, which is wrong; set it")
	client := fault(resolver.FaultClientCert, "it wants a client certificate")
	cases := map[string]struct {
		got            words
		sentence, hint string
	}{
		"stopped":                          {stoppedWords("Cloudflare", false), "Your DNS is not encrypted.", "Start to send it to Cloudflare over TLS."},
		"stopped demo":                     {stoppedWords("Demo", true), "The demo is stopped; your DNS is not encrypted.", "Start to send queries to the demo’s own server."},
		"starting":                         {startingWords("Cloudflare"), "Connecting to Cloudflare and checking its certificate.", "This takes about a second."},
		"protected":                        {protectedWords("Cloudflare", "TLS 1.3", proofWords(provider.Upstream{Name: "one.one.one.one"}), morning, now), "Your DNS goes to Cloudflare over TLS 1.3.", "Since 10:04. Certificate of one.one.one.one verified."},
		"since before":                     {protectedWords("Quad9", "", "", yesterday, now), "Your DNS goes to Quad9 over TLS.", "Since 21 November, 15:04."},
		"pinned":                           {protectedWords("Mine", "TLS 1.3", proofWords(provider.Upstream{Name: "10.0.0.53", PinsOnly: true}), morning, now), "Your DNS goes to Mine over TLS 1.3.", "Since 10:04. Its key is one of those pinned."},
		"demo":                             {demoWords("TLS 1.3", proofWords(provider.Upstream{Name: "dot.demo.test"}), morning, now), "Demo: queries go to a server inside this program over TLS 1.3.", "Since 10:04. Certificate of dot.demo.test verified."},
		"not in use":                       {notInUseWords(netip.MustParseAddrPort("127.0.0.1:53"), false), "This computer still asks another DNS server, not encrypted.", "Set this computer’s DNS to 127.0.0.1; the README tells how."},
		"on a high port":                   {notInUseWords(netip.MustParseAddrPort("[::1]:5353"), false), "This computer still asks another DNS server, not encrypted.", "Choose port 53, then set this computer’s DNS to ::1; the README tells how."},
		"not in use, but could be":         {notInUseWords(netip.MustParseAddrPort("[::1]:5353"), true), "This computer still asks another DNS server, not encrypted.", "Turn on “Use as this computer’s DNS”, or run: dot-proxy system-dns on"},
		"paused":                           {pausedWords(pause{Until: now}, now), "Your DNS goes to this network’s server, not encrypted.", "It resumes by itself at " + now.Format("15:04") + "."},
		"paused on this network":           {pausedWords(pause{Until: now, Network: "x"}, yesterday), "Your DNS goes to this network’s server, not encrypted.", "It resumes by itself when the network changes, at " + now.Format("2 January, 15:04") + " at the latest."},
		"degraded":                         {degradedWords("Cloudflare", timeout, "Quad9", "TLS 1.3"), "Cloudflare does not answer; your DNS goes to Quad9 over TLS 1.3.", "Nothing to do: Cloudflare is tried again by itself."},
		"degraded by a certificate":        {degradedWords("Quad9", expired, "Google", "TLS 1.3"), "Quad9’s certificate could not be verified; your DNS goes to Google over TLS 1.3.", "Check this computer’s clock, or choose another provider."},
		"degraded by the clock":            {degradedWords("Quad9", clock, "Google", ""), "Quad9’s certificate could not be verified; your DNS goes to Google over TLS.", "Set this computer’s clock."},
		"degraded by a client certificate": {degradedWords("Quad9", client, "Google", "TLS 1.3"), "This computer could not prove to Quad9 who it is; your DNS goes to Google over TLS 1.3.", hintClientCert},
		"from memory":                      {memoryWords("Cloudflare", timeout, false), "Cloudflare does not answer; known names are answered from memory.", "Nothing to do: Cloudflare is tried again by itself."},
		"from memory, no fault known":      {memoryWords("Cloudflare", nil, false), "Cloudflare does not answer; known names are answered from memory.", "Nothing to do: Cloudflare is tried again by itself."},
		"from memory, by a certificate":    {memoryWords("Cloudflare", expired, false), "Cloudflare’s certificate could not be verified; known names are answered from memory.", "Check this computer’s clock, or choose another provider."},
		"from memory, no network":          {memoryWords("Cloudflare", nil, true), "There is no network; known names are answered from memory.", hintOffline},
	}
	for about, c := range cases {
		if c.got.sentence != c.sentence || c.got.hint != c.hint {
			t.Errorf("%s:\n got %q\n     %q\nwant %q\n     %q", about, c.got.sentence, c.got.hint, c.sentence, c.hint)
		}
	}
}
