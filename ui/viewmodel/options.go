package viewmodel

import (
	"net/netip"
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// proof is how a server proves who it is, as far as the options behind the ?
// of its text say.
type proof struct {
	// pinned: one of some keys must be in its certificate's chain; pinsOnly:
	// nothing else counts, its name neither.
	pinned, pinsOnly bool
}

// cutOptions parts an upstream's text from its options.
func cutOptions(upstream string) (server string, p proof) {
	server, options, _ := strings.Cut(upstream, "?")
	for option := range strings.SplitSeq(options, "&") {
		key, value, _ := strings.Cut(option, "=")
		p.pinned = p.pinned || key == "pin-sha256" && value != ""
		p.pinsOnly = p.pinsOnly || key == "verify" && value == "pins"
	}
	return server, p
}

// labelOf is the short name of an upstream with what its options mean: "Quad9,
// certificate pinned".
func labelOf(upstream string, list []control.Provider) string {
	server, p := cutOptions(upstream)
	switch name := nameOf(server, list); {
	case p.pinned:
		return words.T("{{.Name}}, certificate pinned", "Name", name)
	case server != upstream:
		return words.T("{{.Name}}, with options", "Name", name)
	default:
		return name
	}
}

// proofOf is how u proves who it is. Of several texts that may mean u the one
// that demands least counts, so that nothing is claimed that was not verified.
func proofOf(u control.Upstream, texts []string) proof {
	var found []proof
	for _, text := range texts {
		if server, p := cutOptions(text); meansServer(server, u) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return proof{}
	}
	return proof{
		pinned:   !slices.ContainsFunc(found, func(p proof) bool { return !p.pinned }),
		pinsOnly: slices.ContainsFunc(found, func(p proof) bool { return p.pinsOnly }),
	}
}

// meansServer tells whether an upstream's text without options may mean u.
func meansServer(server string, u control.Upstream) bool {
	if strings.EqualFold(server, u.Provider) {
		return true
	}
	if at, err := netip.ParseAddrPort(u.Address); err == nil && strings.Contains(server, at.Addr().String()) {
		return true
	}
	return u.Name != "" && strings.Contains(strings.ToLower(server), strings.ToLower(u.Name))
}
