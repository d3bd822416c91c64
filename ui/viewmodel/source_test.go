package viewmodel

import (
	"slices"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

var routes = map[string][]string{"home.arpa": {"192.168.1.1"}, "Lab.Home.Arpa.": {"tls://10.0.0.53"}}

// TestWhoAnswered has each source's words and tone, and the chips that keep it.
func TestWhoAnswered(t *testing.T) {
	for _, c := range []struct {
		source    control.Source
		clear     bool
		word, tag string
		tone      Tone
		step      string // of the details, empty for none
		kinds     []Kind
	}{
		{control.SourceUpstream, false, "upstream", "asked upstream", Neutral, "Not in cache", []Kind{All}},
		{control.SourceCache, false, "cache", "from cache", Neutral, "Found in cache", []Kind{All, Cached}},
		{control.SourceStale, false, "stale", "stale answer", Warn, "Stale answer", []Kind{All, Stale}},
		{control.SourceOverride, false, "own answer", "own answer", Neutral, "Own answer", []Kind{All, Own}},
		{control.SourceBlocked, false, "blocked", "blocked", Neutral, "Blocked", []Kind{All, Blocked}},
		{control.SourceLocal, false, "local", "answered here", Neutral, "", []Kind{All}},
		{control.SourceRoute, false, "route", "lab.home.arpa’s server", Neutral, "", []Kind{All, Routed}},
		{control.SourceRoute, true, "not encrypted", "lab.home.arpa’s server, not encrypted", Warn, "", []Kind{All, Routed, Clear}},
		{"newer", false, "newer", "newer", Neutral, "", []Kind{All}},
	} {
		q := controltest.NewQuery("nas.LAB.home.arpa.")
		q.Source, q.Encrypted = c.source, !c.clear
		cells, d := CellsOf(&q), DetailOf(&q, routes)
		if cells.Source != c.word || cells.SourceTone != c.tone || d.Tag != c.tag || d.TagTone != c.tone {
			t.Errorf("%s: %q, %q, %v, %v", c.source, cells.Source, d.Tag, cells.SourceTone, d.TagTone)
		}
		if c.step != "" && !slices.ContainsFunc(d.Steps, func(s Step) bool { return s.Main == c.step }) {
			t.Errorf("%s: steps %+v", c.source, d.Steps)
		}
		var kinds []Kind
		for _, k := range Kinds() {
			if (Filter{Kind: k}).Match(&q) {
				kinds = append(kinds, k)
			}
			if k != All && kindWords[k] == "" {
				t.Errorf("%s has no words for an empty list", k)
			}
		}
		if !slices.Equal(kinds, c.kinds) {
			t.Errorf("%s is kept by %v, want %v", c.source, kinds, c.kinds)
		}
	}
}

func TestDetailOfARoute(t *testing.T) {
	q := controltest.NewQuery("printer.home.arpa.")
	q.Source, q.Upstream, q.Encrypted = control.SourceRoute, "192.168.1.1:53", false
	find := func(d Detail) Step {
		i := slices.IndexFunc(d.Steps, func(s Step) bool { return s.Title == "Connection" })
		return d.Steps[i]
	}
	s := find(DetailOf(&q, routes))
	if s.Main != "192.168.1.1:53" || s.Tone != Warn || !slices.Equal(s.Lines, []string{"not encrypted", "home.arpa’s server"}) {
		t.Errorf("got %+v", s)
	}
	if d := DetailOf(&q, nil); d.Tag != "route, not encrypted" || len(find(d).Lines) != 1 {
		t.Errorf("a route that the settings do not know: %+v", d)
	}
	if q.Name = "athome.arpa."; DetailOf(&q, routes).Tag != "route, not encrypted" {
		t.Error("a name that only ends alike is taken for the route's")
	}
	if q.Name, q.Upstream = "", ""; find(DetailOf(&q, routes)).Main != "not encrypted" {
		t.Error("a hidden query's clear text is not said")
	}
}

func TestDetailDNSSEC(t *testing.T) {
	q := controltest.NewQuery("example.com.")
	for _, c := range []struct {
		authenticated, encrypted bool
		want                     string
	}{{true, true, "DNSSEC: validated by the provider"}, {false, true, ""}, {true, false, ""}} {
		q.Authenticated, q.Encrypted = c.authenticated, c.encrypted
		if got := DetailOf(&q, nil).DNSSEC; got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
