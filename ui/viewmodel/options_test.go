package viewmodel

import (
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func TestPinnedProviderHasAShortName(t *testing.T) {
	const pinned = "quad9?pin-sha256=47DEQpj8HBSa%2B/TImW%2B5JCeuQeRkm5NMpJWZG3hSuFU="
	for spec, want := range map[string]string{
		pinned:                         "Quad9, certificate pinned",
		"quad9?client-cert=/etc/c.pem": "Quad9, with options",
		"10.0.0.53#dns.home?pin-sha256=x&verify=pins": "dns.home, certificate pinned",
		"9.9.9.9": "9.9.9.9",
	} {
		s := control.Status{Provider: spec, ProviderName: "Quad9"}
		if spec[0] == '1' {
			s.ProviderName = "dns.home"
		}
		choices, current := ProviderChoices(s, controltest.Providers())
		if current != 0 || choices[0].Label != want || choices[0].Upstream != spec || len(choices) != 4 {
			t.Errorf("%s: %d of %+v", spec, current, choices)
		}
	}
	f := newForm(pinned)
	if got := f.Value(FieldProvider); got != "Quad9"+pinned[len("quad9"):] {
		t.Errorf("it is typed as %q", got)
	}
	if f.Set(FieldProvider, "google?pin-sha256=x"); f.Error(FieldProvider) != "" || f.Settings().Upstreams[0] != "google?pin-sha256=x" {
		t.Errorf("error %q, upstreams %q", f.Error(FieldProvider), f.Settings().Upstreams)
	}
}

// TestNameIsNotSaidToBeVerified where pins alone count.
func TestNameIsNotSaidToBeVerified(t *testing.T) {
	up := control.Upstream{Address: "9.9.9.9:853", Name: "dns.quad9.net", Provider: "quad9", Connected: true}
	for _, c := range []struct {
		provider  string
		texts     []string
		label, is string
	}{
		{"quad9", nil, "Name verified", "dns.quad9.net"},
		{"quad9?pin-sha256=x", nil, "Certificate pinned", "dns.quad9.net"},
		{"quad9?pin-sha256=x&verify=pins", nil, "Certificate pinned", "name not checked"},
		{"9.9.9.9?verify=pins&pin-sha256=x", nil, "Certificate pinned", "name not checked"},
		{"tls://DNS.quad9.net?verify=pins&pin-sha256=x", nil, "Certificate pinned", "name not checked"},
		{"google?verify=pins&pin-sha256=x", []string{"quad9"}, "Name verified", "dns.quad9.net"},
		{"google", []string{"google", "quad9?verify=pins&pin-sha256=x"}, "Certificate pinned", "name not checked"},
		{"quad9?pin-sha256=x", []string{"9.9.9.9"}, "Name verified", "dns.quad9.net"},
		{"quad9?client-cert=/c.pem", nil, "Name verified", "dns.quad9.net"},
	} {
		got := ConnectionOf(control.Status{State: control.Protected, Provider: c.provider, Upstreams: []control.Upstream{up}}, controltest.Providers(), c.texts)
		if got.NameLabel != c.label || got.Name != c.is {
			t.Errorf("%s %v: %s: %s", c.provider, c.texts, got.NameLabel, got.Name)
		}
	}
}
