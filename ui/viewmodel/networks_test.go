package viewmodel

import (
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

var office = control.Network{Name: "Office", Gateway: "00:00:5e:00:53:01", Address: "192.0.2.1"}

func TestNetworksOf(t *testing.T) {
	rule := func(pause bool, upstreams ...string) []control.NetworkRule {
		return []control.NetworkRule{{Name: "Office", Gateway: "192.0.2.1", Upstreams: upstreams, Pause: pause, Confirmed: pause}}
	}
	for name, c := range map[string]struct {
		rules  []control.NetworkRule
		here   control.Network
		known  bool
		hint   string // part of what stands beneath this network
		chosen string // empty for no choice
		rule   string // part of the rule's line
	}{
		"not asked yet":  {nil, control.Network{}, false, "One moment…", "", ""},
		"no network":     {rule(false, "quad9"), control.Network{}, true, "on no network that has a name", "", "Asks Quad9. Router 192.0.2.1."},
		"no router":      {nil, control.Network{Name: "Office"}, true, "on no network", "", ""},
		"no rule":        {nil, office, true, "Router 00:00:5e:00:53:01", AsElsewhere(), ""},
		"a provider":     {rule(false, "quad9"), office, true, "Router", "Quad9", "Asks Quad9."},
		"two, one's own": {rule(false, "quad9", "tls://dns.home"), office, true, "Router", "Quad9, tls://dns.home", "Asks Quad9, tls://dns.home."},
		"paused":         {rule(true), office, true, "not encrypted", NotEncrypted(), "Paused there: the network’s own server is asked, not encrypted."},
		"another network": {[]control.NetworkRule{{Name: "Home", Gateway: "192.0.2.1", Upstreams: []string{"quad9"}}}, office, true, "Router",
			AsElsewhere(), "Asks Quad9."},
	} {
		t.Run(name, func(t *testing.T) {
			s := control.Default()
			s.Networks = c.rules
			n := NetworksOf(s, c.here, c.known, controltest.Providers())
			if !strings.Contains(n.HereHint, c.hint) || len(n.Rules) != len(c.rules) {
				t.Errorf("%+v", n)
			}
			if chosen := len(n.Choices) > 0; chosen != (c.chosen != "") || chosen && n.Choices[n.Chosen].Label != c.chosen {
				t.Errorf("chosen %d of %+v", n.Chosen, n.Choices)
			}
			if len(c.rules) > 0 {
				l := n.Rules[0]
				if !strings.Contains(l.Hint, c.rule) || strings.HasSuffix(l.Name, "this network") != (c.here == office && l.Rule.Name == "Office") || n.Warns != l.Pause {
					t.Errorf("line %+v, warns %v", l, n.Warns)
				}
			}
		})
	}
}

// TestNetworkIsChosen makes each choice where the rule names the router by its
// address, which is not written twice.
func TestNetworkIsChosen(t *testing.T) {
	f := newForm()
	s := control.Default()
	s.Networks = []control.NetworkRule{
		{Name: "Office", Gateway: "192.0.2.1", Upstreams: []string{"google"}},
		{Name: "Home", Gateway: "192.0.2.1", Upstreams: []string{"google"}},
	}
	f.Load(s, controltest.Providers(), false)
	f.Set(FieldPort, "5353")
	for label, want := range map[string]struct {
		rule control.NetworkRule
		did  string
	}{
		AsElsewhere():  {control.NetworkRule{}, "On “Office” the same is done as elsewhere."},
		"Quad9":        {control.NetworkRule{Name: "Office", Gateway: office.Gateway, Upstreams: []string{"quad9"}}, "On “Office” Quad9 is asked."},
		NotEncrypted(): {control.NetworkRule{Name: "Office", Gateway: office.Gateway, Pause: true, Confirmed: true}, "On “Office” DNS is not encrypted."},
	} {
		n := NetworksOf(s, office, true, controltest.Providers())
		i := slices.IndexFunc(n.Choices, func(c NetworkChoice) bool { return c.Label == label })
		got, did := f.WithNetwork(office, n.Choices[i])
		wanted := control.Default()
		wanted.Networks = s.Networks[1:]
		if want.rule.Name != "" {
			wanted = wanted.WithRule(want.rule)
		}
		if !got.Equal(wanted) || did != want.did || len(got.Check()) > 0 {
			t.Errorf("%s: %+v, %q, wrong %v", label, got.Networks, did, got.Check())
		}
	}
}

// TestChoicesDiffer: two servers that are called alike, for their pins, are told
// apart, since a choice is known by its label.
func TestChoicesDiffer(t *testing.T) {
	s := control.Default()
	const first, second = "tls://dns.home?pin-sha256=AAAA", "tls://dns.home?pin-sha256=BBBB"
	s.Upstreams = []string{first, second}
	labels := map[string][]string{}
	for _, c := range NetworksOf(s, office, true, nil).Choices {
		if other, ok := labels[c.Label]; ok {
			t.Errorf("%q means %q and %q", c.Label, other, c.Upstreams)
		}
		labels[c.Label] = c.Upstreams
	}
	if got := labels[second]; !slices.Equal(got, []string{second}) {
		t.Errorf("the second is not offered: %q", labels)
	}
}

func TestRuleIsForgottenAndPutBack(t *testing.T) {
	f := newForm()
	s := control.Default()
	s.Networks = []control.NetworkRule{
		{Name: "Office", Gateway: "192.0.2.1", Upstreams: []string{"google"}},
		{Name: "Office", Gateway: "192.0.2.9", Pause: true, Confirmed: true},
	}
	f.Load(s, controltest.Providers(), false)
	f.Set(FieldPort, "5353")
	less, did := f.WithoutRule(s.Networks[0])
	if did != "The rule for “Office” was removed." || len(less.Networks) != 1 || !less.Networks[0].Pause || less.Port != 53 {
		t.Errorf("%q, %+v", did, less)
	}
	f.Ruled(less, did)
	if f.Done() != did || !f.CanUndo() || !f.Undo().Equal(s) || f.Value(FieldPort) != "5353" {
		t.Errorf("%q, can undo %v, port %s", f.Done(), f.CanUndo(), f.Value(FieldPort))
	}
}

// TestImportSaysThatARulePauses: nobody is left not encrypted unasked.
func TestImportSaysThatARulePauses(t *testing.T) {
	f := newForm()
	s := control.Default()
	s.Networks = []control.NetworkRule{{Name: "Office", Gateway: "192.0.2.1", Pause: true, Confirmed: true}}
	text, ok := f.ImportQuestion("mine.toml", s)
	if !ok || !strings.Contains(text, "changes 1 setting: Networks.") || !strings.Contains(text, control.PauseWarning) {
		t.Errorf("%v, %q", ok, text)
	}
	f.Imported(s)
	s.Race = true
	if text, _ := f.ImportQuestion("mine.toml", s); strings.Contains(text, control.PauseWarning) {
		t.Errorf("warned of what is so already: %q", text)
	}
}

// TestHeaderNamesTheRule: the header has the words of dot-proxy status.
func TestHeaderNamesTheRule(t *testing.T) {
	s := control.Status{State: control.Protected, Rule: "Office", Sentence: "Your DNS goes to Quad9 over TLS 1.3, by the rule for “Office”."}
	if h := HeaderOf(View{Link: Connected, Status: s}); h.Sentence != s.Sentence {
		t.Errorf("the header says %q", h.Sentence)
	}
}
