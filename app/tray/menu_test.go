package tray_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/app/tray"
)

func connected(change func(*control.Status)) tray.View {
	v := tray.View{Link: tray.Connected, Status: controltest.New().Status(), Providers: controltest.Providers()}
	if change != nil {
		change(&v.Status)
	}
	return v
}

// titles are the visible entries in order, "-" for a separator and "(…)" for
// one that cannot be clicked.
func titles(m tray.Menu) []string {
	var list []string
	for _, id := range tray.Layout {
		item, isItem := m.Items[id]
		switch {
		case id == "":
			list = append(list, "-")
		case !isItem:
			list = append(list, "missing: "+string(id))
		case item.Visible && !item.Enabled:
			list = append(list, "("+item.Title+")")
		case item.Visible:
			list = append(list, item.Title)
		}
	}
	return list
}

func TestMenuOfEachState(t *testing.T) {
	const rest = "|-|Provider: Cloudflare|-|Open DoT Proxy…|Recent queries…|-|Close tray, stay protected|Quit"
	state := func(s control.State) func(*control.Status) {
		return func(v *control.Status) { v.State = s }
	}
	tests := []struct {
		name string
		view tray.View
		icon control.State
		want string
	}{
		{"protected", connected(nil), control.Protected,
			"(Protected by Cloudflare)|(11 ms, 71 % from cache)|-|Stop" + rest},
		{"not in use", connected(func(s *control.Status) { s.Variant = control.VariantNotInUse }), control.Degraded,
			"(Running, not in use)|(DNS is not encrypted)|-|Stop" + rest},
		{"degraded", connected(func(s *control.Status) {
			s.State = control.Degraded
			s.Upstreams[0].Connected = false
			s.Upstreams = append(s.Upstreams, control.Upstream{Provider: "quad9", Connected: true})
		}), control.Degraded, "(On backup: Quad9)|(Cloudflare does not answer)|-|Stop" + rest},
		{"degraded for its certificate", connected(func(s *control.Status) {
			s.State = control.Degraded
			s.Upstreams = append(s.Upstreams, control.Upstream{Provider: "dns.example", Connected: true})
			s.Problem = &control.Problem{Code: control.CodeCertificate, Message: "Cloudflare’s certificate could not be verified."}
		}), control.Degraded, "(On backup: dns.example)|(Cloudflare’s certificate could not be verified)|-|Stop" + rest},
		{"from memory", connected(func(s *control.Status) {
			s.State, s.Variant = control.Degraded, control.VariantFromMemory
			s.Problem = &control.Problem{Message: "No provider answers on port 853."}
		}), control.Degraded, "(Known names only)|(No provider answers on port 853)|-|Stop" + rest},
		{"degraded without a backup", connected(state(control.Degraded)), control.Degraded,
			"(On backup)|(Cloudflare does not answer)|-|Stop" + rest},
		{"failed", connected(func(s *control.Status) {
			p := controltest.PortTaken()
			s.State, s.Problem, s.Sentence = control.Failed, &p, p.Message
		}), control.Failed, "(Not protected)|(Port 53 is taken by dnsmasq)|-|Try again" + rest},
		{"failed without a problem", connected(func(s *control.Status) {
			s.State, s.Sentence = control.Failed, "There is no network."
		}), control.Failed, "(Not protected)|(There is no network)|-|Try again" + rest},
		{"stopped", connected(state(control.Stopped)), control.Stopped, "(Stopped)|(DNS is not encrypted)|-|Start" + rest},
		{"starting", connected(state(control.Starting)), control.Starting, "(Starting…)|(Connecting to Cloudflare)|-|Cancel" + rest},
		{"the system's engine", tray.View{Link: tray.Connected, Status: controltest.New().Status(), Providers: controltest.Providers(), System: true},
			control.Protected, "(Protected by Cloudflare)|(11 ms, 71 % from cache)|-|Stop" + strings.TrimSuffix(rest, "|Quit")},
		{"a refused click", func() tray.View {
			v := connected(nil)
			v.Notice = "The demo asks only its own server."
			return v
		}(), control.Protected, "(Protected by Cloudflare)|(The demo asks only its own server)|-|Stop" + rest},
		{"first start", tray.View{}, control.Starting,
			"(Starting…)|(Starting the engine)|-|-|(Provider)" + strings.TrimPrefix(rest, "|-|Provider: Cloudflare")},
		{"engine gone", tray.View{Link: tray.Gone, Status: controltest.New().Status(), Providers: controltest.Providers()}, control.Failed,
			"(Not protected)|(The engine has stopped.)|-|Start" + strings.Replace(rest, "Provider: Cloudflare", "(Provider: Cloudflare)", 1)},
		{"engine cannot be started", tray.View{Link: tray.Gone, Notice: "The program dot-proxy was not found."}, control.Failed,
			"(Not protected)|(The program dot-proxy was not found)|-|Start" + strings.Replace(rest, "Provider: Cloudflare", "(Provider)", 1)},
		{"somebody else's engine", tray.View{Link: tray.Forbidden, System: true}, control.Stopped,
			"(Held by the system’s engine)|(This user may not steer it)|-|Try again" +
				strings.TrimSuffix(strings.Replace(rest, "Provider: Cloudflare", "(Provider)", 1), "|Quit")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tray.Build(tt.view)
			if got := strings.Join(titles(m), "|"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if m.Icon != tt.icon {
				t.Errorf("icon %s, want %s", m.Icon, tt.icon)
			}
		})
	}
}

func TestFigures(t *testing.T) {
	for want, c := range map[string]control.Counters{
		"No queries yet":              {},
		"0 % from cache":              {Queries: 3},
		"under 1 ms, 50 % from cache": {Queries: 2, Cached: 1, MedianMS: 0.4},
		"1 ms, 100 % from cache":      {Queries: 2, Cached: 2, MedianMS: 1},
		"1234 ms, 33 % from cache":    {Queries: 3, Cached: 1, MedianMS: 1234.4},
	} {
		v := connected(func(s *control.Status) { s.Counters = c })
		if got := tray.Build(v).Items[tray.Line2].Title; got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}

// many are n providers p0, p1, ….
func many(n int) []control.Provider {
	var list []control.Provider
	for i := range n {
		list = append(list, control.Provider{ID: fmt.Sprintf("p%d", i), Name: fmt.Sprintf("P%d", i)})
	}
	return list
}

func TestProviderEntries(t *testing.T) {
	tests := []struct {
		name      string
		providers []control.Provider
		current   string
		demo      bool
		want      string
	}{
		{"few", many(3), "p1", false, "P0 [P1] P2"},
		{"as many as there is room for", many(8), "p7", false, "P0 P1 P2 P3 P4 P5 P6 [P7]"},
		{"too many", many(12), "p2", false, "P0 P1 [P2] P3 P4 P5 P6 P7 More…"},
		{"current beyond the room", many(12), "p10", false, "P0 P1 P2 P3 P4 P5 P6 [P10] More…"},
		{"current is a custom one", many(12), "9.9.9.9#x", false, "P0 P1 P2 P3 P4 P5 P6 [Name] More…"},
		{"custom one among few", many(2), "9.9.9.9#x", false, "P0 P1 [Name]"},
		{"no settings", many(2), "", false, "P0 P1"},
		{"demo", many(3), "demo", true, "[Name]"},
		{"list not known yet", nil, "p1", false, "[Name]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := connected(func(s *control.Status) { s.Provider, s.ProviderName, s.Demo = tt.current, "Name", tt.demo })
			v.Providers = tt.providers
			var got []string
			m := tray.Build(v)
			for _, p := range m.Providers {
				title := p.Title
				if p.Checked {
					title = "[" + title + "]"
					if p.Upstream != tt.current {
						t.Errorf("the ticked entry uses %q, want %q", p.Upstream, tt.current)
					}
				}
				if !p.Enabled || !p.Visible {
					t.Errorf("%s cannot be clicked", title)
				}
				if p.Upstream == "" {
					t.Errorf("%s uses nothing", title)
				}
				got = append(got, title)
			}
			if more := m.Items[tray.More]; more.Visible {
				got = append(got, more.Title)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}

func TestLongNamesAreShortened(t *testing.T) {
	long := strings.Repeat("ä", 200) + "."
	v := connected(func(s *control.Status) { s.ProviderName, s.Provider = long, long })
	v.Notice = "First line,\nsecond line of " + long
	m := tray.Build(v)
	var all []string
	for _, i := range m.Items {
		all = append(all, i.Title)
	}
	for _, p := range m.Providers {
		all = append(all, p.Title)
	}
	for _, title := range all {
		if n := utf8.RuneCountInString(title); n > 75 || strings.Contains(title, "\n") || !utf8.ValidString(title) {
			t.Errorf("%d letters: %q", n, title)
		}
	}
	if i := slices.IndexFunc(m.Providers, func(p tray.ProviderItem) bool { return p.Upstream == long }); i < 0 {
		t.Error("the upstream itself was shortened")
	}
}

// TestProviderWithOptionsHasAShortName beside the same one without them.
func TestProviderWithOptionsHasAShortName(t *testing.T) {
	for spec, want := range map[string]string{
		"quad9?pin-sha256=47DEQpj8HBSa%2B/TImW%2B5JCeuQeRkm5NMpJWZG3hSuFU=": "Quad9, certificate pinned",
		"quad9?verify=pins&pin-sha256=47DEQpj8HBSa":                         "Quad9, certificate pinned",
		"quad9?client-cert=/etc/c.pem":                                      "Quad9, with options",
		"149.112.112.9":                                                     "Quad9",
	} {
		m := tray.Build(connected(func(s *control.Status) { s.Provider, s.ProviderName = spec, "Quad9" }))
		last := m.Providers[len(m.Providers)-1]
		if last.Title != want || !last.Checked || last.Upstream != spec || m.Items[tray.Providers].Title != "Provider: Quad9" {
			t.Errorf("%s: %+v, %q", spec, last, m.Items[tray.Providers].Title)
		}
	}
}
