package viewmodel

import (
	"slices"
	"strings"

	"dotproxy/app/control"
)

// The words of the section on networks.
const (
	LabelNetworks = "Networks"
	// AsElsewhere and NotEncrypted stand before and behind the providers.
	AsElsewhere  = "Same as elsewhere"
	NotEncrypted = "Not encrypted"
	// NetworksDemo stands in place of the section in a demo.
	NetworksDemo = "The demo does not look at what network this computer is on, so it has no rules for networks."
	// NetworksEmpty stands where there is no rule.
	NetworksEmpty = "There are no rules for networks: the same provider is asked on all of them."
	// PauseTitle, PauseYes and control.PauseWarning ask before a rule pauses.
	PauseTitle = "Do not encrypt on this network?"
	PauseYes   = "Do not encrypt"
)

// Networks is the section on networks.
type Networks struct {
	// Here is the line of the network that the computer is on.
	Here, HereHint string
	// Choices are what may be done there, Chosen the place of what is; there are
	// none where the computer is on no network that a rule could name.
	Choices []NetworkChoice
	Chosen  int
	Rules   []RuleLine
	// Warns tells that what is done there is not encrypted.
	Warns bool
}

// NetworkChoice is one thing to do on a network.
type NetworkChoice struct {
	Label string
	// Upstreams are asked; none with Pause, or where no rule shall hold.
	Upstreams []string
	Pause     bool
}

// RuleLine is one rule that there is.
type RuleLine struct {
	Name, Hint string
	Pause      bool
	Rule       control.NetworkRule
}

// NetworksOf describes the rules for a computer on a network; known is false
// before the engine has said which.
func NetworksOf(s control.Settings, here control.Network, known bool, list []control.Provider) Networks {
	n := Networks{Here: "This network", HereHint: "One moment…"}
	for _, r := range s.Networks {
		n.Rules = append(n.Rules, ruleLine(r, r.Is(here), list))
	}
	switch {
	case !known:
		return n
	case here.Name == "" || here.Gateway == "":
		n.HereHint = "This computer is on no network that has a name and a router."
		return n
	}
	n.Here = "On this network: " + control.Quote(here.Name)
	n.HereHint = "Router " + here.Gateway
	rule := s.RuleFor(here)
	n.Choices = networkChoices(s, rule, list)
	if rule != nil {
		n.Chosen = slices.IndexFunc(n.Choices, func(c NetworkChoice) bool {
			return c.Pause == rule.Pause && slices.Equal(c.Upstreams, rule.Upstreams)
		})
		if n.Warns = rule.Pause; n.Warns {
			n.HereHint = "This network’s own server is asked, not encrypted."
		}
	}
	return n
}

// networkChoices lists what can be chosen: the known providers, and one's own
// that are in the settings or in the rule.
func networkChoices(s control.Settings, rule *control.NetworkRule, list []control.Provider) []NetworkChoice {
	choices := []NetworkChoice{{Label: AsElsewhere}}
	add := func(upstreams []string) {
		if !slices.ContainsFunc(choices, func(c NetworkChoice) bool { return slices.Equal(c.Upstreams, upstreams) }) {
			choices = append(choices, NetworkChoice{Label: askedNames(upstreams, list), Upstreams: upstreams})
		}
	}
	if rule != nil && !rule.Pause {
		add(rule.Upstreams)
	}
	for _, p := range list {
		add([]string{p.ID})
	}
	for _, u := range s.Upstreams {
		add([]string{u})
	}
	return append(choices, NetworkChoice{Label: NotEncrypted, Pause: true})
}

// askedNames names upstreams in order.
func askedNames(upstreams []string, list []control.Provider) string {
	names := make([]string, 0, len(upstreams))
	for _, u := range upstreams {
		names = append(names, labelOf(u, list))
	}
	return strings.Join(names, ", ")
}

func ruleLine(r control.NetworkRule, here bool, list []control.Provider) RuleLine {
	l := RuleLine{Name: r.Name, Pause: r.Pause, Rule: r, Hint: "Asks " + askedNames(r.Upstreams, list)}
	if r.Pause {
		l.Hint = "Paused there: the network’s own server is asked, not encrypted"
	}
	l.Hint += ". Router " + r.Gateway + "."
	if here {
		l.Name += ", this network"
	}
	return l
}

// WithNetwork returns the saved settings with a choice made for a network; did
// says what was done once they are saved.
func (f *Form) WithNetwork(here control.Network, c NetworkChoice) (s control.Settings, did string) {
	if !c.Pause && len(c.Upstreams) == 0 {
		s = f.base.Clone()
		s.Networks = slices.DeleteFunc(s.Networks, func(r control.NetworkRule) bool { return r.Is(here) })
		return s, "On " + control.Quote(here.Name) + " the same is done as elsewhere."
	}
	r := control.NetworkRule{Name: here.Name, Gateway: here.Gateway, Upstreams: slices.Clone(c.Upstreams), Pause: c.Pause, Confirmed: c.Pause}
	s = f.base.Clone()
	s.Networks = slices.DeleteFunc(s.Networks, func(r control.NetworkRule) bool { return r.Is(here) }) // may name the router otherwise
	did = "On " + control.Quote(here.Name) + " " + askedNames(c.Upstreams, f.providers) + " is asked."
	if c.Pause {
		did = "On " + control.Quote(here.Name) + " DNS is not encrypted."
	}
	return s.WithRule(r), did
}

// WithoutRule returns the saved settings without one rule; did is as for
// WithNetwork.
func (f *Form) WithoutRule(r control.NetworkRule) (s control.Settings, did string) {
	s = f.base.Clone()
	s.Networks = slices.DeleteFunc(s.Networks, func(o control.NetworkRule) bool { return o.Name == r.Name && o.Gateway == r.Gateway })
	return s, "The rule for " + control.Quote(r.Name) + " was removed."
}

// Ruled tells the form that the engine took s, which WithNetwork or WithoutRule
// returned. What is typed waits on.
func (f *Form) Ruled(s control.Settings, did string) {
	f.took(s, undo{before: f.base, did: did, back: true})
}

// sameRules tells whether two settings have the same rules.
func sameRules(a, b control.Settings) bool {
	with := a.Clone()
	with.Networks = b.Networks
	return with.Equal(a)
}

// pausesMore tells whether a network would be left not encrypted by s which is
// encrypted now.
func (f *Form) pausesMore(s control.Settings) bool {
	return slices.ContainsFunc(s.Networks, func(r control.NetworkRule) bool {
		return r.Pause && !slices.ContainsFunc(f.base.Networks, func(o control.NetworkRule) bool {
			return o.Pause && o.Name == r.Name && o.Gateway == r.Gateway
		})
	})
}
