package viewmodel

import (
	"slices"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// LabelNetworks is the title of the section on networks.
func LabelNetworks() string { return words.T("Networks") }

// AsElsewhere is the choice of no rule, which stands before the providers.
func AsElsewhere() string { return words.T("Same as elsewhere") }

// NotEncrypted is the choice of a pause, which stands behind the providers.
func NotEncrypted() string { return words.T("Not encrypted") }

// NetworksDemo stands in place of the section in a demo.
func NetworksDemo() string {
	return words.T("The demo does not look at what network this computer is on, so it has no rules for networks.")
}

// NetworksEmpty stands where there is no rule.
func NetworksEmpty() string {
	return words.T("There are no rules for networks: the same provider is asked on all of them.")
}

// PauseQuestion asks before a rule pauses: a title, a text and the button that
// does it.
func PauseQuestion() (title, text, yes string) {
	return words.T("Do not encrypt on this network?"), words.Said(control.PauseWarning), words.T("Do not encrypt")
}

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
	n := Networks{Here: words.T("This network"), HereHint: words.T("One moment…")}
	for _, r := range s.Networks {
		n.Rules = append(n.Rules, ruleLine(r, r.Is(here), list))
	}
	switch {
	case !known:
		return n
	case here.Name == "" || here.Gateway == "":
		n.HereHint = words.T("This computer is on no network that has a name and a router.")
		return n
	}
	n.Here = words.T("On this network: {{.Network}}", "Network", control.Quote(here.Name))
	n.HereHint = words.T("Router {{.Address}}", "Address", here.Gateway)
	rule := s.RuleFor(here)
	n.Choices = networkChoices(s, rule, list)
	if rule != nil {
		n.Chosen = slices.IndexFunc(n.Choices, func(c NetworkChoice) bool {
			return c.Pause == rule.Pause && slices.Equal(c.Upstreams, rule.Upstreams)
		})
		if n.Warns = rule.Pause; n.Warns {
			n.HereHint = words.T("This network’s own server is asked, not encrypted.")
		}
	}
	return n
}

// networkChoices lists what can be chosen: the known providers, and one's own
// that are in the settings or in the rule.
func networkChoices(s control.Settings, rule *control.NetworkRule, list []control.Provider) []NetworkChoice {
	choices := []NetworkChoice{{Label: AsElsewhere()}}
	add := func(upstreams []string) {
		if slices.ContainsFunc(choices, func(c NetworkChoice) bool { return slices.Equal(c.Upstreams, upstreams) }) {
			return
		}
		label := askedNames(upstreams, list)
		if slices.ContainsFunc(choices, func(c NetworkChoice) bool { return c.Label == label }) {
			label = words.List(upstreams) // a label is what is chosen by
		}
		choices = append(choices, NetworkChoice{Label: label, Upstreams: upstreams})
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
	return append(choices, NetworkChoice{Label: NotEncrypted(), Pause: true})
}

// askedNames names upstreams in order.
func askedNames(upstreams []string, list []control.Provider) string {
	names := make([]string, 0, len(upstreams))
	for _, u := range upstreams {
		names = append(names, labelOf(u, list))
	}
	return words.List(names)
}

func ruleLine(r control.NetworkRule, here bool, list []control.Provider) RuleLine {
	l := RuleLine{Name: r.Name, Pause: r.Pause, Rule: r, Hint: words.T("Asks {{.Providers}}.", "Providers", askedNames(r.Upstreams, list))}
	if r.Pause {
		l.Hint = words.T("Paused there: the network’s own server is asked, not encrypted.")
	}
	l.Hint = words.Join(l.Hint, words.T("Router {{.Address}}.", "Address", r.Gateway))
	if here {
		l.Name = words.T("{{.Network}}, this network", "Network", l.Name)
	}
	return l
}

// WithNetwork returns the saved settings with a choice made for a network; did
// says what was done once they are saved.
func (f *Form) WithNetwork(here control.Network, c NetworkChoice) (s control.Settings, did string) {
	if !c.Pause && len(c.Upstreams) == 0 {
		s = f.base.Clone()
		s.Networks = slices.DeleteFunc(s.Networks, func(r control.NetworkRule) bool { return r.Is(here) })
		return s, words.T("On {{.Network}} the same is done as elsewhere.", "Network", control.Quote(here.Name))
	}
	r := control.NetworkRule{Name: here.Name, Gateway: here.Gateway, Upstreams: slices.Clone(c.Upstreams), Pause: c.Pause, Confirmed: c.Pause}
	s = f.base.Clone()
	s.Networks = slices.DeleteFunc(s.Networks, func(r control.NetworkRule) bool { return r.Is(here) }) // may name the router otherwise
	did = words.T("On {{.Network}} {{.Providers}} is asked.", "Network", control.Quote(here.Name), "Providers", askedNames(c.Upstreams, f.providers))
	if c.Pause {
		did = words.T("On {{.Network}} DNS is not encrypted.", "Network", control.Quote(here.Name))
	}
	return s.WithRule(r), did
}

// WithoutRule returns the saved settings without one rule; did is as for
// WithNetwork.
func (f *Form) WithoutRule(r control.NetworkRule) (s control.Settings, did string) {
	s = f.base.Clone()
	s.Networks = slices.DeleteFunc(s.Networks, func(o control.NetworkRule) bool { return o.Name == r.Name && o.Gateway == r.Gateway })
	return s, words.T("The rule for {{.Network}} was removed.", "Network", control.Quote(r.Name))
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
