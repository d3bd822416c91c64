package viewmodel

import (
	"slices"
	"testing"

	"dotproxy/app/control"
)

func TestRemedies(t *testing.T) {
	type way struct{ title, command, button string }
	port := way{"Listen on port 5300 instead", "", "Use port 5300"}
	for name, c := range map[string]struct {
		code, hint string
		listen     []string
		want       []way
	}{
		"permission": {control.CodePermission, "Run the command below once, or choose a port above 1023.\nsudo setcap 'cap_net_bind_service=+ep' /usr/bin/dot-proxy", nil,
			[]way{{"Give the permission once, then try again. Run this in a terminal:", "sudo setcap 'cap_net_bind_service=+ep' /usr/bin/dot-proxy", ""}, port}},
		"permission of a service": {control.CodePermission, "Add AmbientCapabilities=CAP_NET_BIND_SERVICE to the service, or choose a port above 1023.", nil,
			[]way{{"Add AmbientCapabilities=CAP_NET_BIND_SERVICE to the service, then try again.", "", ""}, port}},
		"a service": {control.CodePortInUse, "Stop it with “sudo systemctl disable --now dnsmasq.service”, or choose another port.", nil,
			[]way{{"Stop what holds the port, then try again. Run this in a terminal:", "sudo systemctl disable --now dnsmasq.service", ""}, port}},
		"a program": {control.CodePortInUse, "Stop dnsmasq, or choose another port.", nil, []way{{"Stop dnsmasq, then try again.", "", ""}, port}},
		"a container": {control.CodePortInUse, "“docker ps --filter publish=53” names the container; stop it, or choose another port.", nil,
			[]way{{"“docker ps --filter publish=53” names the container; stop it, then try again.", "docker ps --filter publish=53", ""}, port}},
		"resolved": {control.CodePortInUse, "Choose another port, which it can ask as well.", nil, []way{port}},
		"all addresses": {control.CodePortInUse, "Listen on 127.0.0.1, which it leaves free, or put DNSStubListener=no into /etc/systemd/resolved.conf.", []string{"0.0.0.0", "::"},
			[]way{{"Listen on 127.0.0.1, which it leaves free, or put DNSStubListener=no into /etc/systemd/resolved.conf, then try again.", "", ""}, {"Listen on this computer alone", "", "Use 127.0.0.1"}}},
		"address":     {control.CodeAddress, "Correct it.", []string{"192.0.2.1"}, []way{{"Listen on this computer’s own addresses", "", "Use 127.0.0.1"}}},
		"certificate": {control.CodeCertificate, "Check this computer’s clock, or choose another provider.", nil, []way{{"Check this computer’s clock, then try again.", "", ""}, {"Ask another provider", "", "Choose a provider"}}},
		"no answer":   {control.CodeNoAnswer, "This network may block it; choose a provider on port 443.", nil, []way{{"Ask another provider", "", "Choose a provider"}}},
		"offline":     {control.CodeOffline, "DoT Proxy continues when it is back.", nil, nil},
		"settings":    {control.CodeSettings, "Correct the line.", nil, nil},
	} {
		v := failedBy(c.code)
		v.Status.Problem.Hint = c.hint
		v.Settings, v.HasSettings = control.Default(), true
		if c.listen != nil {
			v.Settings.Listen = c.listen
		}
		var got []way
		for _, r := range RemediesOf(v) {
			got = append(got, way{r.Title, r.Command, r.Button})
			if r.Change == nil {
				continue
			}
			if after := r.Change(v.Settings.Clone()); after.Equal(v.Settings) || len(after.Check()) > 0 {
				t.Errorf("%s: %s makes the settings %+v", name, r.Button, after)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestRemediesAreForWhatFailed(t *testing.T) {
	v := failedBy(control.CodePortInUse)
	v.Status.Problem.Hint = "Stop dnsmasq, or choose another port."
	if got := RemediesOf(v); len(got) != 1 {
		t.Errorf("without settings to change: %+v", got)
	}
	v.Status.State = control.Protected
	if got := RemediesOf(v); got != nil {
		t.Errorf("a notice has remedies: %+v", got)
	}
	demo := failedBy(control.CodeNoAnswer)
	demo.Status.Demo = true
	if got := RemediesOf(demo); got != nil {
		t.Errorf("a demo has no other provider: %+v", got)
	}
	if RemediesOf(View{Link: Gone}) != nil {
		t.Error("remedies without an engine")
	}
}

func TestRemedyOfAPortThatIsTakenAsWell(t *testing.T) {
	v := failedBy(control.CodePortInUse)
	v.Status.Problem.Hint = "Choose another port, which it can ask as well."
	v.Settings, v.HasSettings = control.Default(), true
	v.Settings.Port = otherPort
	r := RemediesOf(v)[0]
	if r.Button != "Use port 5301" || r.Change(v.Settings).Port != 5301 || r.Caption != "Works here: systemd-resolved can ask another port." {
		t.Errorf("got %+v", r)
	}
	for n, want := range map[int]string{1: "A way to fix this", 2: "Two ways to fix this", 3: "Ways to fix this"} {
		if got := RemediesTitle(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
