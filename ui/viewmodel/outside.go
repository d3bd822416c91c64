package viewmodel

import (
	"strings"

	"dotproxy/app/control"
)

// Outside is a switch of what is not in the settings form: this computer's DNS,
// and the start at login. It shows what is, and what was asked for until that is
// done. The zero Outside is off.
type Outside struct {
	on      bool
	hint    string
	warns   bool
	busy    bool
	wanted  bool
	failure string
}

// See takes what is.
func (o *Outside) See(on bool, hint string, warns bool) {
	if on != o.on {
		o.failure = "" // it came about after all
	}
	o.on, o.hint, o.warns = on, hint, warns
}

// Turn puts the switch; false while it is still being turned.
func (o *Outside) Turn(on bool) bool {
	if o.busy {
		return false
	}
	o.busy, o.wanted, o.failure = true, on, ""
	return true
}

// Done ends what Turn began: err is why it was refused, which gives the switch
// its old position back, or nil.
func (o *Outside) Done(err error) {
	o.busy = false
	if err != nil {
		o.failure = err.Error()
		return
	}
	o.on = o.wanted
}

// On is the position of the switch.
func (o *Outside) On() bool {
	if o.busy {
		return o.wanted
	}
	return o.on
}

// Text is the line under the label.
func (o *Outside) Text() (string, Tone) {
	switch {
	case o.failure != "":
		return o.failure, Bad
	case o.busy && o.wanted:
		return "Being turned on…", Neutral
	case o.busy:
		return "Being turned off…", Neutral
	case o.warns:
		return o.hint, Warn
	}
	return o.hint, Neutral
}

// ComputerDNS is what the switch “Use as this computer’s DNS” shows; ok is false
// in a demo, which never is that. It keeps its position while something
// interrupts it.
func ComputerDNS(v View) (on bool, hint string, warns, ok bool) {
	s, wanted := v.Status, v.Settings.SystemDNS
	switch {
	case s.Demo:
		return false, "", false, false
	case s.SystemDNS && len(s.Networks) > 0:
		return true, "On " + strings.Join(s.Networks, ", "), false, true
	case s.SystemDNS:
		return true, "Every program of this computer asks DoT Proxy", false, true
	case !wanted && s.Variant == control.VariantNotInUse:
		return false, "This computer still asks another DNS server, not encrypted", true, true
	case !wanted:
		return false, "Points this computer’s DNS here while DoT Proxy runs, and puts the old one back after", false, true
	}
	return true, interrupted(s), true, true
}

// interrupted says why this computer's DNS is not here although it shall be.
func interrupted(s control.Status) string {
	switch {
	case s.State == control.Paused:
		return "Off while paused"
	case s.State == control.SignIn:
		return "Off until you are signed in to this network"
	case s.State == control.Stopped:
		return "Off while stopped"
	case s.Problem != nil && s.Problem.Code == control.CodeSystemDNS:
		return s.Problem.Message
	}
	return "Not in use: this computer still asks another DNS server, not encrypted"
}

// AtLogin is what the switch “Start at login” says.
func AtLogin(on bool) string {
	if on {
		return "The tray starts when you log in, and with it the engine"
	}
	return "The tray does not start when you log in"
}
