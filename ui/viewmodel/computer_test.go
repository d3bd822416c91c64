package viewmodel

import (
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

func TestComputer(t *testing.T) {
	refused := &control.Problem{Code: control.CodeSystemDNS, Message: "It was refused.", Hint: "Allow it."}
	for name, c := range map[string]struct {
		state   control.State
		wanted  bool
		status  control.Status
		caption string
		tone    Tone
		repair  bool
	}{
		"off":           {control.Protected, false, control.Status{}, "Off: nothing on this computer is changed", Neutral, false},
		"one network":   {control.Protected, true, control.Status{SystemDNS: true, Networks: []string{"Wired (eth0)"}}, "Wired (eth0)", Neutral, false},
		"two":           {control.Protected, true, control.Status{SystemDNS: true, Networks: []string{"Wi-Fi", "Ethernet"}}, "Wi-Fi and Ethernet", Neutral, false},
		"three":         {control.Degraded, true, control.Status{SystemDNS: true, Networks: []string{"A", "B", "C"}}, "A, B and C", Neutral, false},
		"a file":        {control.Protected, true, control.Status{SystemDNS: true}, "This computer asks DoT Proxy", Neutral, false},
		"paused":        {control.Paused, true, control.Status{}, "Off while paused", Neutral, false},
		"sign-in":       {control.SignIn, true, control.Status{}, "Off until you have signed in", Neutral, false},
		"stopped":       {control.Stopped, true, control.Status{}, "Off while stopped", Neutral, false},
		"starting":      {control.Starting, true, control.Status{}, "Off until DoT Proxy has started", Neutral, false},
		"failed":        {control.Failed, true, control.Status{}, "Off until DoT Proxy works again", Neutral, false},
		"lost":          {control.Protected, true, control.Status{}, "This computer asks another DNS server", Neutral, true},
		"left behind":   {control.Protected, false, control.Status{SystemDNS: true}, "This computer’s DNS still points here.", Warn, true},
		"refused":       {control.Protected, true, control.Status{Problem: refused}, "It was refused. Allow it.", Bad, true},
		"not put back":  {control.Stopped, false, control.Status{Problem: refused}, "It was refused. Allow it.", Bad, true},
		"other trouble": {control.Protected, false, control.Status{Problem: &control.Problem{Code: control.CodeCertificate}}, "Off: nothing on this computer is changed", Neutral, false},
	} {
		c.status.State = c.state
		v := connected(c.status)
		v.Settings.SystemDNS, v.HasSettings = c.wanted, true
		want := Computer{c.wanted, c.caption, c.tone, c.repair}
		if got, ok := ComputerOf(v); got != want || !ok {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if _, ok := ComputerOf(connected(control.Status{State: control.Protected, Demo: true})); ok {
		t.Error("a demo offers to become this computer's DNS")
	}
	if _, ok := ComputerOf(View{Link: Gone}); ok {
		t.Error("the switch stands without an engine")
	}
	if c, _ := ComputerOf(connected(control.Status{State: control.Protected, SystemDNS: true})); !c.On {
		t.Error("before the settings are read the switch tells what is")
	}
	if ComputerWorking(true) == ComputerWorking(false) {
		t.Error("one caption for both ways")
	}
}

// TestNetworksKeepTheirNames in any language, though one is called as a view of
// the window is.
func TestNetworksKeepTheirNames(t *testing.T) {
	words.Use("de")
	t.Cleanup(func() { words.Use() })
	for network, want := range map[string]string{"Home": "Home", "{{1}}": "{{1}}", "all networks": "alle Netzwerke"} {
		c, _ := ComputerOf(connected(control.Status{State: control.Protected, SystemDNS: true, Networks: []string{network}}))
		if c.Caption != want {
			t.Errorf("%q is shown as %q", network, c.Caption)
		}
	}
}
