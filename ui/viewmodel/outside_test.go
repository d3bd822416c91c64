package viewmodel

import (
	"errors"
	"strings"
	"testing"

	"dotproxy/app/control"
)

func TestOutside(t *testing.T) {
	var o Outside
	o.See(false, "It is off", false)
	if !o.Turn(true) || o.Turn(false) || !o.On() {
		t.Error("a switch that is being turned can be turned again, or does not show it")
	}
	o.See(false, "It is off", false) // what is known meanwhile
	if text, _ := o.Text(); !o.On() || text != "Being turned on…" {
		t.Errorf("on %v, %q", o.On(), text)
	}
	o.Done(errors.New("It was refused."))
	if text, tone := o.Text(); o.On() || text != "It was refused." || tone != Bad {
		t.Errorf("on %v, %q", o.On(), text)
	}
	o.See(false, "It is off", false)
	if text, _ := o.Text(); text != "It was refused." {
		t.Errorf("the reason goes before it can be read: %q", text)
	}
	o.See(true, "It is on", true) // somebody else did it
	if text, tone := o.Text(); !o.On() || text != "It is on" || tone != Warn {
		t.Errorf("on %v, %q", o.On(), text)
	}
	o.Turn(false)
	if o.Done(nil); o.On() {
		t.Error("what was turned off is on until it is looked at")
	}
}

func TestComputerDNS(t *testing.T) {
	for about, c := range map[string]struct {
		wanted    bool
		change    func(*control.Status)
		on, warns bool
		says      string
	}{
		"covered":    {true, func(s *control.Status) { s.SystemDNS, s.Networks = true, []string{"Wired (eth0)", "Wi-Fi"} }, true, false, "On Wired (eth0), Wi-Fi"},
		"a file":     {true, func(s *control.Status) { s.SystemDNS = true }, true, false, "Every program of this computer asks DoT Proxy"},
		"off":        {false, func(*control.Status) {}, false, false, "Points this computer’s DNS here"},
		"not in use": {false, func(s *control.Status) { s.Variant = control.VariantNotInUse }, false, true, "still asks another DNS server, not encrypted"},
		"paused":     {true, func(s *control.Status) { s.State = control.Paused }, true, true, "Off while paused"},
		"sign-in":    {true, func(s *control.Status) { s.State = control.SignIn }, true, true, "Off until you are signed in"},
		"stopped":    {true, func(s *control.Status) { s.State = control.Stopped }, true, true, "Off while stopped"},
		"refused": {true, func(s *control.Status) {
			s.Problem = &control.Problem{Code: control.CodeSystemDNS, Message: "The change was refused."}
		}, true, true, "The change was refused."},
		"elsewhere": {true, func(*control.Status) {}, true, true, "Not in use"},
	} {
		v := View{Link: Connected, HasSettings: true, Status: control.Status{State: control.Protected}}
		v.Settings.SystemDNS = c.wanted
		c.change(&v.Status)
		on, hint, warns, ok := ComputerDNS(v)
		if on != c.on || warns != c.warns || !ok || !strings.Contains(hint, c.says) {
			t.Errorf("%s: on %v, warns %v, %q", about, on, warns, hint)
		}
	}
	if _, _, _, ok := ComputerDNS(View{Status: control.Status{Demo: true}}); ok {
		t.Error("a demo offers to become this computer's DNS")
	}
	if AtLogin(true) == AtLogin(false) {
		t.Error("start at login says the same on and off")
	}
}
