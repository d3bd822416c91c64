package viewmodel

import (
	"slices"
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func TestProviderChoices(t *testing.T) {
	list := controltest.Providers()
	for name, c := range map[string]struct {
		status  control.Status
		first   string
		current int
		count   int
	}{
		"known":       {control.Status{Provider: "quad9", ProviderName: "Quad9"}, "Cloudflare", 1, 3},
		"own server":  {control.Status{Provider: "10.0.0.53#dns.home", ProviderName: "dns.home"}, "dns.home", 0, 4},
		"name in use": {control.Status{Provider: "9.9.9.9", ProviderName: "Quad9"}, "9.9.9.9", 0, 4},
		"none":        {control.Status{}, "Cloudflare", -1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			choices, current := ProviderChoices(c.status, list)
			if len(choices) != c.count || current != c.current || choices[0].Label != c.first {
				t.Errorf("got %+v, current %d", choices, current)
			}
			if current >= 0 && choices[current].Upstream != c.status.Provider {
				t.Errorf("current is %+v", choices[current])
			}
		})
	}
}

func TestConnectionOf(t *testing.T) {
	ups := []control.Upstream{
		{Address: "1.1.1.1:853", Name: "one.one.one.one", Provider: "cloudflare"},
		{Address: "1.0.0.1:853", Name: "one.one.one.one", Provider: "cloudflare", Connected: true, KeyExchange: "X25519MLKEM768"},
		{Address: "9.9.9.9:853", Name: "dns.quad9.net", Provider: "quad9"},
		{Address: "149.112.112.112:853", Name: "dns.quad9.net", Provider: "quad9"},
		{Address: "10.0.0.53:853", Name: "dns.home", Provider: "10.0.0.53#dns.home"},
	}
	list := controltest.Providers()
	got := ConnectionOf(control.Status{State: control.Protected, Upstreams: ups}, list, nil)
	if want := (Connection{Address: "1.0.0.1:853", Name: "one.one.one.one", KeyExchange: "X25519MLKEM768", NameLabel: "Name verified", Backups: "Quad9, 10.0.0.53#dns.home"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = ConnectionOf(control.Status{State: control.Failed, Upstreams: ups[:1]}, list, nil)
	if want := (Connection{NameLabel: "Name verified", Backups: "no backup"}); got != want {
		t.Errorf("not connected: %+v, want %+v", got, want)
	}
	idle := slices.Clone(ups)
	idle[1].Connected, idle[1].TLS = false, "TLS 1.3"
	got = ConnectionOf(control.Status{State: control.Protected, Upstreams: idle}, list, nil)
	if got.Address != "1.0.0.1:853, idle" || got.KeyExchange != "X25519MLKEM768" {
		t.Errorf("idle: %+v", got)
	}
	if got := ConnectionOf(control.Status{State: control.Stopped, Upstreams: ups}, list, nil); got.Address != "" || got.Backups == "no backup" {
		t.Errorf("stopped: %+v", got)
	}
	if got := ConnectionOf(control.Status{State: control.Failed}, nil, nil); got.Backups != "no backup" {
		t.Errorf("no upstream: %+v", got)
	}
}

func TestCountersOf(t *testing.T) {
	got := CountersOf(control.Counters{Queries: 12482, Cached: 8862, Failures: 3, MedianMS: 11.2})
	want := []Counter{{"12,482", "queries today"}, {"71 %", "from cache"}, {"11 ms", "median latency"}, {"3", "failures"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestHistory(t *testing.T) {
	start := time.Unix(1_800_000_000, 0)
	status := func(pid int, queries, cached, failures uint64) control.Status {
		return control.Status{PID: pid, Counters: control.Counters{Queries: queries, Cached: cached, Failures: failures}}
	}
	var h History
	h.Note(status(1, 500, 300, 9), start) // before the watch: not counted
	h.Note(status(1, 510, 306, 10), start.Add(5*time.Second))
	h.Note(status(1, 512, 308, 10), start.Add(15*time.Second))
	h.Note(status(2, 4, 1, 0), start.Add(25*time.Second)) // a new engine counts from nothing
	bars := h.Bars()
	want := []Bar{{Cached: 6, Other: 4, Failures: 1}, {Cached: 2}, {Cached: 1, Other: 3}}
	if got := bars[ChartBars-3:]; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if h.Caption(start.Add(time.Minute)) == h.Caption(start.Add(11*time.Minute)) {
		t.Error("the caption says ten minutes after one")
	}
	h.Advance(start.Add(25*time.Second + 59*BarSpan))
	if got := h.Bars(); got[0] != want[2] || got[1] != (Bar{}) {
		t.Errorf("after ten minutes the oldest is %+v", got[0])
	}
	h.Advance(start.Add(time.Hour))
	if got := h.Bars(); got[0] != (Bar{}) {
		t.Error("bars older than ten minutes stay")
	}
	h.Advance(start) // a clock that was set back
	if got := len(h.Bars()); got != ChartBars {
		t.Errorf("%d bars", got)
	}
}

func TestHistoryBeforeTheWatch(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	at := func(ago time.Duration, source control.Source, rcode string, ms float64) control.Query {
		return control.Query{Time: now.Add(-ago), Source: source, RCode: rcode, MS: ms}
	}
	list := []control.Query{
		at(time.Hour, control.SourceUpstream, "NOERROR", 5), // too old
		at(25*time.Second, control.SourceUpstream, "NOERROR", 30),
		at(25*time.Second, control.SourceUpstream, "NOERROR", 10),
		at(25*time.Second, control.SourceUpstream, "NOERROR", 20),
		at(25*time.Second, control.SourceCache, "NOERROR", 0.1),
		at(15*time.Second, control.SourceUpstream, "SERVFAIL", 400),
		at(-time.Second, control.SourceUpstream, "NOERROR", 7), // the watch counts it
	}
	var h History
	h.Note(control.Status{PID: 1}, now)
	h.Backfill(list, false, now)
	want := []Bar{{Cached: 1, Other: 3, MedianMS: 20}, {Other: 1, Failures: 1}, {}}
	if bars := h.Bars(); !slices.Equal(bars[ChartBars-4:ChartBars-1], want) || bars[ChartBars-1] != (Bar{}) {
		t.Errorf("got %+v, want %+v", bars[ChartBars-4:], want)
	}
	if got := h.Caption(now); got != "Queries, last 10 minutes" {
		t.Errorf("a list of an hour is %q", got)
	}
	for _, c := range []struct {
		list []control.Query
		all  bool
		want string
	}{
		{nil, true, "Queries, last 10 minutes"},
		{nil, false, "Queries since " + Minute(now)},
		{list[1:], false, "Queries since " + Minute(now.Add(-25*time.Second))},
	} {
		var h History
		h.Note(control.Status{PID: 1}, now)
		h.Backfill(c.list, c.all, now)
		if got := h.Caption(now); got != c.want {
			t.Errorf("%d queries, all %v: %q", len(c.list), c.all, got)
		}
	}
}
