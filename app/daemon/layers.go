package daemon

import (
	"crypto/x509"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

// Flags are settings given on the command line. They are never saved and hold
// until the same setting is changed.
type Flags struct {
	// Listen and Upstreams replace the saved lists, nil for none given.
	Listen    []string
	Upstreams []string
	// Port and CABundle replace the saved values, nil for none given.
	Port     *int
	CABundle *string
}

// Demo is the embedded server that a demonstration asks instead of a provider.
type Demo struct {
	Upstream provider.Upstream
	// Roots hold the authority made for it, which nothing else trusts.
	Roots *x509.CertPool
}

// layers are all that is set, one over the other: what is saved, the defaults
// of the listen addresses and the port, flags, and the demo.
type layers struct {
	saved         control.Settings
	defaultListen []string
	defaultPort   uint16 // 0: that of the settings
	flags         Flags
	// rule is what holds on the present network, nil for nothing.
	rule *control.NetworkRule
	demo *Demo
}

// effective is what the engine is to run with.
func (l layers) effective() control.Settings {
	s := l.saved.Clone()
	if len(l.defaultListen) > 0 && slices.Equal(s.Listen, control.Default().Listen) {
		s.Listen = slices.Clone(l.defaultListen)
	}
	if l.defaultPort != 0 && s.Port == control.Default().Port {
		s.Port = int(l.defaultPort)
	}
	if l.flags.Listen != nil {
		s.Listen = slices.Clone(l.flags.Listen)
	}
	if l.rule != nil && !l.rule.Pause {
		s.Upstreams = slices.Clone(l.rule.Upstreams)
	}
	if l.flags.Upstreams != nil {
		s.Upstreams = slices.Clone(l.flags.Upstreams)
	}
	if l.flags.Port != nil {
		s.Port = *l.flags.Port
	}
	if l.flags.CABundle != nil {
		s.CABundle = *l.flags.CABundle
	}
	return s
}

// withSaved replaces what is saved; the flags of what changed by it end.
func (l layers) withSaved(s control.Settings) layers {
	if !slices.Equal(s.Listen, l.saved.Listen) {
		l.flags.Listen = nil
	}
	if !slices.Equal(s.Upstreams, l.saved.Upstreams) {
		l.flags.Upstreams = nil
	}
	if s.Port != l.saved.Port {
		l.flags.Port = nil
	}
	if s.CABundle != l.saved.CABundle {
		l.flags.CABundle = nil
	}
	l.saved = s.Clone()
	return l
}

// withUpstream makes spec the preferred upstream. One of the user's backups
// changes places with the others; a new one takes the place of the present
// first, which nobody chose as a backup: behind a family filter, an unfiltered
// provider would answer what the filter does not.
//
// One server stands in the list once: its options (a ? and what follows) are
// replaced by new ones, and kept where spec has none, so that a click on a
// provider's name does not drop its pins.
func (l layers) withUpstream(spec string) layers {
	list := slices.Clone(l.saved.Upstreams)
	server, _, hasOptions := strings.Cut(spec, "?")
	i := slices.IndexFunc(list, func(have string) bool {
		have, _, _ = strings.Cut(have, "?")
		return have == server
	})
	if i >= 0 && !hasOptions {
		spec = list[i]
	}
	switch {
	case i >= 0:
		list = slices.Insert(slices.Delete(list, i, i+1), 0, spec)
	case len(list) > 0:
		list[0] = spec
	default:
		list = []string{spec}
	}
	l.flags.Upstreams = nil
	s := l.saved.Clone()
	s.Upstreams = list
	return l.withSaved(s)
}

// plan is what the engine is given.
type plan struct {
	settings  control.Settings
	listen    []resolver.ListenAddr
	upstreams []provider.Upstream
	roots     *x509.CertPool
	rules     resolver.Rules
}

// plan validates everything and reads the certificate file. The problem names
// the field.
func (l layers) plan() (plan, *control.Problem) {
	p := plan{settings: l.effective()}
	if found := p.settings.Check(); len(found) > 0 {
		return plan{}, found[0]
	}
	p.listen = l.listenAddrs(p.settings)
	var problem *control.Problem
	if p.rules, problem = rules(p.settings, own(p.listen), usableUpstream); problem != nil {
		return plan{}, problem
	}
	for _, r := range p.settings.Networks {
		for _, spec := range r.Upstreams {
			if _, problem := usableUpstream("networks", spec); problem != nil {
				problem.Entry = r.Name
				return plan{}, problem
			}
		}
	}
	if l.demo != nil {
		p.upstreams, p.roots = []provider.Upstream{l.demo.Upstream}, l.demo.Roots
		return p, nil
	}
	for _, spec := range p.settings.Upstreams {
		u, problem := usableUpstream("upstreams", spec)
		if problem != nil {
			return plan{}, problem
		}
		p.upstreams = append(p.upstreams, u)
	}
	roots, err := control.LoadRoots(p.settings.CABundle)
	if problem, ok := errors.AsType[*control.Problem](err); ok {
		return plan{}, problem
	}
	p.roots = roots
	return p, nil
}

// listenAddrs marks addresses that nobody asked for as optional.
func (l layers) listenAddrs(s control.Settings) []resolver.ListenAddr {
	defaults := control.Default().Listen
	if len(l.defaultListen) > 0 {
		defaults = l.defaultListen
	}
	optional := l.flags.Listen == nil && slices.Equal(s.Listen, defaults)
	var addrs []resolver.ListenAddr
	for _, text := range s.Listen {
		ip, _ := netip.ParseAddr(text) // Check saw that it is one
		addrs = append(addrs, resolver.ListenAddr{Addr: netip.AddrPortFrom(ip.Unmap(), uint16(s.Port)), Optional: optional})
	}
	return addrs
}

// upstreamValue is the problem of an upstream that provider.Parse refused.
func upstreamValue(field string, err error) *control.Problem {
	return control.BadValue(field, err.Error()+".", "The command dot-proxy providers lists those that are known.")
}
