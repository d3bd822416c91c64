package daemon

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

// rules is how the engine is to answer. own are the addresses it listens on; no
// route may lead back to them; parse reads an upstream. What lies outside of
// the settings, such as the hosts file, is not in it (see outside).
func rules(s control.Settings, own []netip.AddrPort, parse upstreamParser) (resolver.Rules, *control.Problem) {
	access, err := control.AccessPrefixes(s.Access)
	if p, ok := errors.AsType[*control.Problem](err); ok {
		return resolver.Rules{}, p
	}
	names := resolver.NameRules{Overrides: overrides(s.Overrides), Canary: s.Canary, BlockRebinding: s.RebindingProtection}
	for _, o := range names.Overrides {
		if err := (resolver.NameRules{Overrides: []resolver.Override{o}}).Check(own); err != nil {
			return resolver.Rules{}, entryValue("overrides", o.Name, err)
		}
	}
	var problem *control.Problem
	if names.Routes, problem = routes(s.Routes, own, parse); problem != nil {
		return resolver.Rules{}, problem
	}
	return resolver.Rules{
		Cache: resolver.CacheRules{
			Bytes: s.CacheMiB << 20, MinTTL: seconds(s.CacheMinTTL), MaxTTL: seconds(s.CacheMaxTTL),
			Stale: time.Duration(s.StaleHours) * time.Hour,
		},
		Names: names,
		Admission: resolver.AdmissionRules{Access: access, Limit: resolver.RateLimit{
			PerSecond: s.RateLimit.PerSecond, Burst: s.RateLimit.Burst, Loopback: s.RateLimit.Loopback,
			BlockAfter: s.RateLimit.BlockAfter, BlockWindow: seconds(s.RateLimit.BlockWindow), BlockFor: seconds(s.RateLimit.BlockFor),
		}},
		Race: s.Race, HideSubnet: s.HideSubnet,
	}, nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// overrides are in the order of their names, so that the same settings always
// give the same rules. Settings.Check saw the addresses.
func overrides(table map[string][]string) []resolver.Override {
	var list []resolver.Override
	for _, name := range slices.Sorted(maps.Keys(table)) {
		o := resolver.Override{Name: strings.TrimSpace(name)}
		for _, text := range table[name] {
			if a, err := netip.ParseAddr(text); err == nil {
				o.Addrs = append(o.Addrs, a.Unmap())
			}
		}
		list = append(list, o)
	}
	return list
}

// routes are in the order of their domains.
func routes(table map[string][]string, own []netip.AddrPort, parse upstreamParser) ([]resolver.Route, *control.Problem) {
	var list []resolver.Route
	for _, domain := range slices.Sorted(maps.Keys(table)) {
		r := resolver.Route{Suffix: strings.TrimSpace(domain)}
		for _, text := range table[domain] {
			if server, ok := control.PlainServer(text); ok {
				r.Plain = append(r.Plain, server)
				continue
			}
			u, problem := parse("routes", text)
			if problem != nil {
				problem.Entry = domain
				return nil, problem
			}
			r.Upstreams = append(r.Upstreams, u)
		}
		list = append(list, r)
		// With those before it, so that one that says the same is found.
		if err := (resolver.NameRules{Routes: list}).Check(own); err != nil {
			return nil, entryValue("routes", domain, err)
		}
	}
	return list, nil
}

// entryValue is the problem of one key of a table that the engine refuses.
func entryValue(field, entry string, err error) *control.Problem {
	hint := "Routes are domains and their servers, such as home.arpa and 192.168.1.1."
	if field == "overrides" {
		hint = "Overrides are names and their addresses, such as nas.home.arpa and 192.168.1.10."
	}
	p := control.BadValue(field, err.Error()+".", hint)
	p.Entry = entry
	return p
}

// upstreamParser reads an upstream of the setting field.
type upstreamParser func(field, spec string) (provider.Upstream, *control.Problem)

func parseUpstream(field, spec string) (provider.Upstream, *control.Problem) {
	u, err := provider.Parse(spec)
	if err != nil {
		return provider.Upstream{}, upstreamValue(field, err)
	}
	return u, nil
}

// usableUpstream is an upstream the files of whose client certificate can be
// used.
func usableUpstream(field, spec string) (provider.Upstream, *control.Problem) {
	u, problem := parseUpstream(field, spec)
	if problem != nil {
		return u, problem
	}
	if err := resolver.CheckClientCert(u.ClientCert, u.ClientKey); err != nil {
		return provider.Upstream{}, control.BadValue(field, "For "+u.Label+", "+err.Error()+".", "Correct client-cert and client-key, or the files.")
	}
	return u, nil
}

// own are the addresses of listen.
func own(listen []resolver.ListenAddr) []netip.AddrPort {
	var list []netip.AddrPort
	for _, l := range listen {
		list = append(list, l.Addr)
	}
	return list
}
