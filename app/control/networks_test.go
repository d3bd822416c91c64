package control_test

import (
	"strings"
	"testing"

	"dotproxy/app/control"
)

const router = "00:00:5e:00:53:01"

func TestRulesForNetworks(t *testing.T) {
	quad9 := []string{"quad9"}
	for _, c := range []struct {
		name string
		rule control.NetworkRule
		says string // of the problem, empty for none
	}{
		{"provider", control.NetworkRule{Name: "Office", Gateway: router, Upstreams: quad9}, ""},
		{"router without a link-layer address", control.NetworkRule{Name: "Office", Gateway: "192.0.2.1", Upstreams: quad9}, ""},
		{"confirmed pause", control.NetworkRule{Name: "Café", Gateway: router, Pause: true, Confirmed: true}, ""},
		{"pause", control.NetworkRule{Name: "Café", Gateway: router, Pause: true}, control.PauseWarning},
		{"both", control.NetworkRule{Name: "Café", Gateway: router, Pause: true, Confirmed: true, Upstreams: quad9}, "both pauses and names providers"},
		{"neither", control.NetworkRule{Name: "Office", Gateway: router}, "In the rule for “Office”: there is no provider"},
		{"no name", control.NetworkRule{Name: " ", Gateway: router, Upstreams: quad9}, "names no network"},
		{"name of many lines", control.NetworkRule{Name: "a\nb", Gateway: router, Upstreams: quad9}, "is not the name of a network"},
		{"long name", control.NetworkRule{Name: strings.Repeat("x", 129), Gateway: router, Upstreams: quad9}, "is not the name of a network"},
		{"no router", control.NetworkRule{Name: "Office", Upstreams: quad9}, "names no router"},
		{"nonsense for a router", control.NetworkRule{Name: "Office", Gateway: "router", Upstreams: quad9}, "“router” is not its address"},
		{"empty provider", control.NetworkRule{Name: "Office", Gateway: router, Upstreams: []string{""}}, "the name of a provider is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := control.Default()
			s.Networks = []control.NetworkRule{c.rule}
			switch found := s.Check(); {
			case c.says == "" && len(found) > 0:
				t.Errorf("it says %v", found[0])
			case c.says != "" && (len(found) != 1 || found[0].Field != "networks" || !strings.Contains(found[0].Message, c.says)):
				t.Errorf("it says %v", found)
			}
		})
	}
	s := control.Default()
	s.Networks = []control.NetworkRule{{Name: "Office", Gateway: router, Upstreams: quad9}, {Name: "Office", Gateway: "00-00-5E-00-53-01", Upstreams: quad9}}
	if found := s.Check(); len(found) != 1 || !strings.Contains(found[0].Message, "two rules") {
		t.Errorf("twice: %v", found)
	}
	for range control.MaxNetworks {
		s.Networks = append(s.Networks, s.Networks[0])
	}
	if found := s.Check(); len(found) != 1 || !strings.Contains(found[0].Message, "66 rules") {
		t.Errorf("too many: %v", found)
	}
}

func TestRuleForANetwork(t *testing.T) {
	s := control.Default().WithRule(control.NetworkRule{Name: "Office", Gateway: router, Upstreams: []string{"google"}}).
		WithRule(control.NetworkRule{Name: "Office", Gateway: "192.0.2.9", Upstreams: []string{"adguard"}}).
		WithRule(control.NetworkRule{Name: "Office", Gateway: strings.ToUpper(router), Upstreams: []string{"quad9"}})
	if len(s.Networks) != 2 {
		t.Fatalf("there are %+v", s.Networks)
	}
	for _, c := range []struct {
		name string
		here control.Network
		want string
	}{
		{"by its router", control.Network{Name: "Office", Gateway: router, Address: "192.0.2.1"}, "quad9"},
		{"written otherwise", control.Network{Name: "Office", Gateway: "00-00-5e-00-53-01"}, "quad9"},
		{"by the router's IP address", control.Network{Name: "Office", Gateway: "00:00:5e:00:53:02", Address: "192.0.2.9"}, "adguard"},
		{"another name", control.Network{Name: "Home", Gateway: router}, ""},
		{"another router", control.Network{Name: "Office", Gateway: "00:00:5e:00:53:02", Address: "192.0.2.1"}, ""},
		{"an unknown router", control.Network{Name: "Office"}, ""},
		{"no network", control.Network{}, ""},
	} {
		got := ""
		if r := s.RuleFor(c.here); r != nil {
			got = r.Upstreams[0]
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
