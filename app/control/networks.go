package control

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Network tells the network that the computer is on from others, for rules. Name
// and router can both be imitated by whoever makes a network.
type Network struct {
	// Name is that of its connection where NetworkManager runs, else that of
	// the interface; empty where there is no network.
	Name string `json:"name"`
	// Gateway is the router's link-layer address, or its IP address where the
	// former is not known; Address is the latter.
	Gateway string `json:"gateway"`
	Address string `json:"address"`
}

// NetworkRule is what holds on one network in place of what holds elsewhere.
type NetworkRule struct {
	// Name and Gateway are those of the Network; Gateway may also be its
	// Address.
	Name    string `toml:"name" json:"name"`
	Gateway string `toml:"gateway" json:"gateway"`
	// Upstreams are asked there instead of Settings.Upstreams; none with Pause.
	Upstreams []string `toml:"upstreams" json:"upstreams"`
	// Pause has the network's own server asked, not encrypted, as a pause does.
	// Confirmed tells that the user was warned.
	Pause     bool `toml:"pause" json:"pause"`
	Confirmed bool `toml:"confirmed" json:"confirmed"`
}

// PauseWarning is what somebody must have read who lets a rule pause.
const PauseWarning = "Anybody can make a network with this name and router, and there your DNS would not be encrypted."

// Limits of NetworkRule.
const (
	// MaxNetworks is how many rules there may be.
	MaxNetworks    = 64
	maxNetworkName = 128 // bytes
)

// Is tells whether the rule is about a network.
func (r NetworkRule) Is(n Network) bool {
	return n.Name != "" && r.Name == n.Name && r.Gateway != "" && (sameGateway(r.Gateway, n.Gateway) || sameGateway(r.Gateway, n.Address))
}

// sameGateway compares addresses however they are written.
func sameGateway(a, b string) bool {
	if x, err := netip.ParseAddr(a); err == nil {
		y, err := netip.ParseAddr(b)
		return err == nil && x == y
	}
	x, err := net.ParseMAC(a)
	y, alsoErr := net.ParseMAC(b)
	return err == nil && alsoErr == nil && slices.Equal(x, y)
}

// RuleFor is the first rule about a network, nil where none is.
func (s Settings) RuleFor(n Network) *NetworkRule {
	for _, r := range s.Networks {
		if r.Is(n) {
			r.Upstreams = slices.Clone(r.Upstreams)
			return &r
		}
	}
	return nil
}

// WithRule returns the settings with a rule in place of those about the same
// network.
func (s Settings) WithRule(r NetworkRule) Settings {
	s = s.Clone()
	s.Networks = slices.DeleteFunc(s.Networks, func(o NetworkRule) bool { return o.Name == r.Name && sameGateway(o.Gateway, r.Gateway) })
	s.Networks = append(s.Networks, r)
	return s
}

func (r NetworkRule) equal(o NetworkRule) bool {
	return r.Name == o.Name && r.Gateway == o.Gateway && slices.Equal(r.Upstreams, o.Upstreams) && r.Pause == o.Pause && r.Confirmed == o.Confirmed
}

func cloneRules(list []NetworkRule) []NetworkRule {
	all := make([]NetworkRule, len(list))
	for i, r := range list {
		r.Upstreams = append([]string{}, r.Upstreams...)
		all[i] = r
	}
	return all
}

func checkNetworks(list []NetworkRule) *Problem {
	if n := len(list); n > MaxNetworks {
		return BadValue("networks", fmt.Sprintf("There are %d rules for networks; %d are possible.", n, MaxNetworks), "Remove some.")
	}
	for i, r := range list {
		if p := r.check(); p != nil {
			p.Entry = r.Name
			return p
		}
		if slices.ContainsFunc(list[:i], func(o NetworkRule) bool { return o.Name == r.Name && sameGateway(o.Gateway, r.Gateway) }) {
			p := BadValue("networks", "There are two rules for "+Quote(r.Name)+".", "Remove one of them.")
			p.Entry = r.Name
			return p
		}
	}
	return nil
}

func (r NetworkRule) check() *Problem {
	switch {
	case strings.TrimSpace(r.Name) == "":
		return BadValue("networks", "A rule names no network.", "Give the name that dot-proxy networks shows.")
	case len(r.Name) > maxNetworkName || !utf8.ValidString(r.Name) || strings.ContainsFunc(r.Name, unicode.IsControl):
		return BadValue("networks", Quote(r.Name)+" is not the name of a network.", "Give the name that dot-proxy networks shows.")
	case !isGateway(r.Gateway):
		return BadValue("networks", "The rule for "+Quote(r.Name)+" names no router: "+Quote(r.Gateway)+" is not its address.", "Give the address that dot-proxy networks shows, such as 00:00:5e:00:53:01.")
	case r.Pause && len(r.Upstreams) > 0:
		return BadValue("networks", "The rule for "+Quote(r.Name)+" both pauses and names providers.", "Let it do one of the two.")
	case r.Pause && !r.Confirmed:
		return BadValue("networks", "The rule for "+Quote(r.Name)+" pauses and is not confirmed. "+PauseWarning, "Confirm it (confirmed = true) if you accept that, or name a provider instead.")
	case r.Pause:
		return nil
	}
	if p := checkUpstreams(r.Upstreams); p != nil {
		return BadValue("networks", "In the rule for "+Quote(r.Name)+": "+strings.ToLower(p.Message[:1])+p.Message[1:], p.Hint)
	}
	return nil
}

func isGateway(text string) bool {
	_, err := net.ParseMAC(text)
	if err != nil {
		_, err = netip.ParseAddr(text)
	}
	return err == nil
}
