package viewmodel

import (
	"slices"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Computer is the switch “Use as this computer’s DNS”.
type Computer struct {
	// On is where it stands: what the user wants, which a pause does not change.
	On bool
	// Caption stands beneath; Tone is Bad where it says what went wrong.
	Caption string
	Tone    Tone
	// Repair offers to put right what is amiss.
	Repair bool
}

// ComputerOf is the switch for a connected engine; ok is false where it can
// have no effect: a demo never becomes this computer's DNS.
func ComputerOf(v View) (c Computer, ok bool) {
	s := v.Status
	if v.Link != Connected || s.Demo {
		return Computer{}, false
	}
	c.On = s.SystemDNS
	if v.HasSettings {
		c.On = v.Settings.SystemDNS
	}
	switch p := s.Problem; {
	case p != nil && p.Code == control.CodeSystemDNS:
		c.Caption, c.Tone, c.Repair = Told(p), Bad, true
	case !c.On && s.SystemDNS:
		c.Caption, c.Tone, c.Repair = words.T("This computer’s DNS still points here."), Warn, true
	case !c.On:
		c.Caption = words.T("Off: nothing on this computer is changed")
	case s.SystemDNS:
		c.Caption = covered(s.Networks)
	default:
		c.Caption, c.Repair = absentWords(s.State)
	}
	return c, true
}

// everyNetwork stands in a status where the system does not tell networks apart.
const everyNetwork = "all networks"

// covered names the networks whose DNS points here.
func covered(networks []string) string {
	networks = slices.Clone(networks)
	for i, n := range networks {
		if n == everyNetwork { // any other is a name
			networks[i] = words.T(n)
		}
	}
	switch n := len(networks); n {
	case 0:
		return words.T("This computer asks DoT Proxy")
	case 1:
		return networks[0]
	default:
		return words.T("{{.Networks}} and {{.Last}}", "Networks", words.List(networks[:n-1]), "Last", networks[n-1])
	}
}

// absentWords say why what is wanted is not so just now; repair is set where
// the state does not explain it.
func absentWords(s control.State) (caption string, repair bool) {
	switch s {
	case control.Paused:
		return words.T("Off while paused"), false
	case control.SignIn:
		return words.T("Off until you have signed in"), false
	case control.Stopped:
		return words.T("Off while stopped"), false
	case control.Starting:
		return words.T("Off until DoT Proxy has started"), false
	case control.Failed:
		return words.T("Off until DoT Proxy works again"), false
	}
	return words.T("This computer asks another DNS server"), true
}

// ComputerWorking is the caption while the switch takes effect; a system may
// ask for a password first.
func ComputerWorking(on bool) string {
	if on {
		return words.T("Setting this computer’s DNS; a password may be asked for…")
	}
	return words.T("Putting the old DNS back…")
}

// ComputerRepairing is the caption while what is amiss is put right.
func ComputerRepairing() string {
	return words.T("Putting this computer’s DNS right; a password may be asked for…")
}
