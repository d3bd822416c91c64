package viewmodel

import (
	"slices"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Choice is one line of a list of providers.
type Choice struct {
	// Label is shown, Upstream is what Use takes.
	Label, Upstream string
}

// ProviderChoices lists the known providers by name, and before them the
// current upstream where it is none of them; current is the place of that in
// use, -1 where nothing is.
func ProviderChoices(s control.Status, list []control.Provider) (choices []Choice, current int) {
	current = -1
	for _, p := range list {
		if p.ID == s.Provider {
			current = len(choices)
		}
		choices = append(choices, Choice{Label: p.Name, Upstream: p.ID})
	}
	if current >= 0 || s.Provider == "" {
		return choices, current
	}
	label := s.ProviderName
	if _, p := cutOptions(s.Provider); p.pinned && label != "" {
		label = words.T("{{.Name}}, certificate pinned", "Name", label)
	}
	if label == "" || slices.ContainsFunc(choices, func(c Choice) bool { return c.Label == label }) {
		label = labelOf(s.Provider, list)
	}
	return append([]Choice{{Label: label, Upstream: s.Provider}}, choices...), 0
}

// Connection is what the left card says of the current provider's connection.
// A value that is unknown is empty.
type Connection struct {
	Address, Name, KeyExchange string
	// NameLabel says what Name is: what of the server was verified.
	NameLabel string
	// Backups names the other providers in order, "none" without any.
	Backups string
}

// ConnectionOf describes the connected address of the provider in use; where
// none is connected just now, for lack of queries, the one that was. texts are
// the settings' upstreams, which tell how each proves who it is.
func ConnectionOf(s control.Status, list []control.Provider, texts []string) Connection {
	c := Connection{Backups: backups(s, list), NameLabel: words.T("Name verified")}
	if s.State == control.Stopped {
		return c
	}
	i := slices.IndexFunc(s.Upstreams, func(u control.Upstream) bool { return u.Connected })
	idle := i < 0
	if idle {
		i = slices.IndexFunc(s.Upstreams, func(u control.Upstream) bool { return u.TLS != "" && u.Error == "" })
	}
	if i < 0 {
		return c
	}
	up := s.Upstreams[i]
	c.Address, c.Name, c.KeyExchange = up.Address, up.Name, up.KeyExchange
	switch p := proofOf(up, append([]string{s.Provider}, texts...)); {
	case p.pinsOnly:
		c.NameLabel, c.Name = words.T("Certificate pinned"), words.T("name not checked")
	case p.pinned:
		c.NameLabel = words.T("Certificate pinned")
	}
	if idle {
		c.Address = words.T("{{.Address}}, idle", "Address", c.Address)
	}
	return c
}

// backups names the providers behind the first, each once.
func backups(s control.Status, list []control.Provider) string {
	var names []string
	for _, u := range s.Upstreams {
		name := nameOf(u.Provider, list)
		if u.Provider == s.Upstreams[0].Provider || slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return words.T("no backup")
	}
	return words.List(names)
}

// nameOf is the display name of a provider's id, or the text itself.
func nameOf(id string, list []control.Provider) string {
	if i := slices.IndexFunc(list, func(p control.Provider) bool { return p.ID == id }); i >= 0 {
		return list[i].Name
	}
	return id
}

// Counter is one number of the counters card.
type Counter struct{ Value, Label string }

// CountersOf are the four counters since midnight.
func CountersOf(c control.Counters) []Counter {
	return []Counter{
		{Count(c.Queries), words.T("queries today")},
		{Share(c.Cached, c.Queries), words.T("from cache")},
		{Median(c.MedianMS), words.T("median latency")},
		{Count(c.Failures), words.T("failures")},
	}
}
