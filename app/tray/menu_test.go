package tray_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/app/tray"
	"dotproxy/app/words"
)

func connected(change func(*control.Status)) tray.View {
	v := tray.View{Link: tray.Connected, Status: controltest.New().Status(), Providers: controltest.Providers()}
	if change != nil {
		change(&v.Status)
	}
	return v
}

// titles are the visible entries in order, "-" for a separator, "(…)" for one
// that cannot be clicked, "[…]" for a ticked one, "… ▸" where more stand below.
func titles(m tray.Menu) []string { return titlesOf(m, tray.Layout) }

func titlesOf(m tray.Menu, ids []tray.ID) []string {
	var list []string
	for _, id := range ids {
		item, isItem := m.Items[id]
		switch {
		case id == "":
			list = append(list, "-")
		case !isItem:
			list = append(list, "missing: "+string(id))
		case item.Visible && !item.Enabled:
			list = append(list, "("+item.Title+")")
		case item.Visible && item.Checked:
			list = append(list, "["+item.Title+"]")
		case item.Visible && tray.Below[id] != nil:
			list = append(list, item.Title+" ▸")
		case item.Visible:
			list = append(list, item.Title)
		}
	}
	return list
}

// now is the time of every view here.
var now = controltest.Since

// at is a view of a state.
func at(s control.State, change ...func(*tray.View)) tray.View {
	v := connected(func(status *control.Status) { status.State = s })
	v.Settings = &control.Settings{Upstreams: []string{"cloudflare"}}
	v.AtLogin, v.Now = new(false), now
	for _, c := range change {
		c(&v)
	}
	return v
}

// used points this computer's DNS to the engine.
func used(v *tray.View) { v.Settings.SystemDNS, v.Status.SystemDNS = true, true }

// wanted is used, and not in effect just now.
func wanted(v *tray.View) { v.Settings.SystemDNS = true }

func status(change func(*control.Status)) func(*tray.View) {
	return func(v *tray.View) { change(&v.Status) }
}

func pausedFor(left time.Duration, network bool) func(*tray.View) {
	return status(func(s *control.Status) { s.PausedUntil, s.PauseEndsWithNetwork = new(now.Add(left)), network })
}

func backup(s *control.Status) {
	s.Upstreams[0].Connected = false
	s.Upstreams = append(s.Upstreams, control.Upstream{Provider: "quad9", Connected: true})
}

func failing(s *control.Status) {
	p := controltest.PortTaken()
	s.Problem, s.Sentence = &p, p.Message
}

func linked(l tray.Link, change ...func(*tray.View)) tray.View {
	return at(control.Protected, append(change, func(v *tray.View) { v.Link = l })...)
}

func notice(text string) func(*tray.View) { return func(v *tray.View) { v.Notice = text } }
func system(v *tray.View)                 { v.System = true }

func TestMenuOfEachState(t *testing.T) {
	const (
		window  = "|-|Open DoT Proxy…|Recent queries…|Check…|Start at login|-|"
		middle  = "|-|Provider: Cloudflare ▸|Use as this computer’s DNS" + window
		ticked  = "|-|Provider: Cloudflare ▸|[Use as this computer’s DNS]" + window
		stay    = "Close tray, stay protected|"
		leave   = "Close tray|"
		putBack = "Quit and put DNS back"
	)
	until := now.Add(32 * time.Minute).Local().Format("15:04")
	for _, tt := range []struct {
		name string
		view tray.View
		icon control.State
		want string
	}{
		{"protected", at(control.Protected, used), control.Protected,
			"(Protected by Cloudflare)|(11 ms, 71 % from cache)|-|Pause ▸|Stop" + ticked + stay + putBack},
		{"protected, this computer's DNS set by hand", at(control.Protected), control.Protected,
			"(Protected by Cloudflare)|(11 ms, 71 % from cache)|-|Stop" + middle + stay + "Quit"},
		{"settings not known yet", at(control.Protected, used, func(v *tray.View) { v.Settings = nil }), control.Protected,
			"(Protected by Cloudflare)|(11 ms, 71 % from cache)|-|Pause ▸|Stop" + ticked + stay + putBack},
		{"starts at login", at(control.Protected, used, func(v *tray.View) { v.AtLogin = new(true) }), control.Protected,
			"(Protected by Cloudflare)|(11 ms, 71 % from cache)|-|Pause ▸|Stop" + strings.Replace(ticked, "Start at login", "[Start at login]", 1) + stay + putBack},
		{"login not known", at(control.Protected, used, func(v *tray.View) { v.AtLogin = nil }), control.Protected,
			"(Protected by Cloudflare)|(11 ms, 71 % from cache)|-|Pause ▸|Stop" + strings.Replace(ticked, "Start at login|", "", 1) + stay + putBack},
		{"demo", at(control.Protected, status(func(s *control.Status) { s.Demo, s.ProviderName = true, "the demo" })), control.Protected,
			"(Protected by the demo)|(11 ms, 71 % from cache)|-|Stop|-|Provider: the demo ▸" + window + stay + "Quit"},
		{"not in use", at(control.Protected, status(func(s *control.Status) { s.Variant = control.VariantNotInUse })), control.Degraded,
			"(Running, not in use)|(DNS is not encrypted)|-|Turn on|Stop" + middle + leave + "Quit"},
		{"a leak", at(control.Protected, used, status(func(s *control.Status) {
			s.Problem = &control.Problem{Code: control.CodeLeak, Message: "This computer still asks another DNS server, not encrypted."}
		})), control.Degraded, "(Leak found)|(This computer still asks another DNS server, not encrypted)|-|Pause ▸|Stop|Fix this…" + ticked + leave + putBack},
		{"degraded", at(control.Degraded, used, status(backup)), control.Degraded,
			"(On backup: Quad9)|(Cloudflare does not answer)|-|Pause ▸|Stop" + ticked + stay + putBack},
		{"degraded for its certificate", at(control.Degraded, status(func(s *control.Status) {
			s.Upstreams = append(s.Upstreams, control.Upstream{Provider: "dns.example", Connected: true})
			s.Problem = &control.Problem{Code: control.CodeCertificate, Message: "Cloudflare’s certificate could not be verified."}
		})), control.Degraded, "(On backup: dns.example)|(Cloudflare’s certificate could not be verified)|-|Stop" + middle + stay + "Quit"},
		{"from memory", at(control.Degraded, used, status(func(s *control.Status) {
			s.Variant, s.Problem = control.VariantFromMemory, &control.Problem{Message: "No provider answers on port 853."}
		})), control.Degraded, "(Known names only)|(No provider answers on port 853)|-|Pause ▸|Stop" + ticked + stay + putBack},
		{"degraded without a backup", at(control.Degraded), control.Degraded,
			"(On backup)|(Cloudflare does not answer)|-|Stop" + middle + stay + "Quit"},
		{"paused", at(control.Paused, wanted, pausedFor(32*time.Minute, false)), control.Paused,
			"(Paused until " + until + ")|(DNS is not encrypted, 32 minutes left)|-|Resume now|Stop" + ticked + leave + putBack},
		{"paused until the network changes", at(control.Paused, wanted, pausedFor(24*time.Hour, true)), control.Paused,
			"(Paused until the network changes)|(DNS is not encrypted)|-|Resume now|Stop" + ticked + leave + putBack},
		{"sign-in", at(control.SignIn, wanted, status(func(s *control.Status) { s.Portal = &control.Portal{} })), control.SignIn,
			"(Sign-in needed)|(Network wants a sign-in)|-|Open sign-in page|Stop" + ticked + leave + putBack},
		{"signing in", at(control.SignIn, status(func(s *control.Status) { s.Portal = &control.Portal{Until: &now} })), control.SignIn,
			"(Sign-in needed)|(DNS is not encrypted until you are through)|-|Open sign-in page|Stop" + middle + leave + "Quit"},
		{"failed", at(control.Failed, status(failing)), control.Failed,
			"(Not protected)|(Port 53 is taken by dnsmasq)|-|Try again|Fix this…" + middle + leave + "Quit"},
		{"failed for somebody else's program", at(control.Failed, status(func(s *control.Status) {
			s.Problem = &control.Problem{Message: "Port 53 is taken by dnsmasq (process 812 of user root)."}
		})), control.Failed, "(Not protected)|(Port 53 is taken by dnsmasq)|-|Try again|Fix this…" + middle + leave + "Quit"},
		{"failed, and DNS still points here", at(control.Failed, used, status(failing)), control.Failed,
			"(Not protected)|(Port 53 is taken by dnsmasq)|-|Try again|Fix this…" + ticked + leave + putBack},
		{"failed without a problem", at(control.Failed, status(func(s *control.Status) { s.Sentence = "There is no network." })), control.Failed,
			"(Not protected)|(There is no network)|-|Try again|Fix this…" + middle + leave + "Quit"},
		{"stopped", at(control.Stopped), control.Stopped, "(Stopped)|(DNS is not encrypted)|-|Start" + middle + leave + "Quit"},
		{"stopped, to be used again", at(control.Stopped, wanted), control.Stopped, "(Stopped)|(DNS is not encrypted)|-|Start" + ticked + leave + "Quit"},
		{"starting", at(control.Starting), control.Starting, "(Starting…)|(Connecting to Cloudflare)|-|Cancel" + middle + leave + "Quit"},
		{"the system's engine", at(control.Protected, used, system), control.Protected,
			"(Protected by Cloudflare)|(11 ms, 71 % from cache)|-|Pause ▸|Stop" + ticked + strings.TrimSuffix(stay, "|")},
		{"a refused click", at(control.Protected, notice("The demo asks only its own server.")), control.Protected,
			"(Protected by Cloudflare)|(The demo asks only its own server)|-|Stop" + middle + stay + "Quit"},
		{"first start", tray.View{AtLogin: new(false)}, control.Starting, "(Starting…)|(Starting the engine)|-|-|(Provider)" + window + leave + "Quit"},
		{"engine gone", linked(tray.Gone, used), control.Failed, "(Not protected)|(The engine has stopped)|-|Start|-|(Provider: Cloudflare)" + window + leave + "Quit"},
		{"engine cannot be started", linked(tray.Gone, notice("The program dot-proxy was not found.")), control.Failed,
			"(Not protected)|(The program dot-proxy was not found)|-|Start|-|(Provider: Cloudflare)" + window + leave + "Quit"},
		{"somebody else's engine", linked(tray.Forbidden, system), control.Stopped,
			"(Held by the system’s engine)|(This user may not steer it)|-|Try again|-|(Provider: Cloudflare)" + window + strings.TrimSuffix(leave, "|")},
	} {
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

// TestMenuInAnotherLanguage: what the engine answered to a click is translated,
// and no line of the menu ends with a full stop.
func TestMenuInAnotherLanguage(t *testing.T) {
	words.Use("ja")
	t.Cleanup(func() { words.Use() })
	const refused = "The demo asks only its own server."
	for about, v := range map[string]tray.View{
		"a refused click": at(control.Protected, notice(refused)), "engine gone": linked(tray.Gone, used),
		"paused": at(control.Paused, pausedFor(time.Hour, false)),
	} {
		second := tray.Build(v).Items[tray.Line2].Title
		if strings.Contains(second, "demo") || strings.HasSuffix(second, "。") || strings.Contains(second, ", ") {
			t.Errorf("%s: %q", about, second)
		}
	}
}

// TestPauseEntries: the first says the price.
func TestPauseEntries(t *testing.T) {
	const want = "(DNS is not encrypted meanwhile)|5 minutes|15 minutes|1 hour|Until the network changes"
	if got := strings.Join(titlesOf(tray.Build(at(control.Protected, used)), tray.Below[tray.Pause]), "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := titlesOf(tray.Build(at(control.Protected)), tray.Below[tray.Pause]); len(got) != 0 {
		t.Errorf("nothing to pause: %q", got)
	}
}

func TestCountdown(t *testing.T) {
	for left, want := range map[time.Duration]string{
		time.Second: ", 1 minute left", time.Minute: ", 1 minute left", time.Minute + 1: ", 2 minutes left",
		5 * time.Minute: ", 5 minutes left", time.Hour: ", 60 minutes left", 119*time.Minute + 1: ", 2 hours left", 24 * time.Hour: ", 24 hours left",
		0: "", -time.Second: "",
	} {
		m := tray.Build(at(control.Paused, pausedFor(left, false)))
		if got := m.Items[tray.Line2].Title; got != "DNS is not encrypted"+want {
			t.Errorf("%v left: %q", left, got)
		}
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
			if add := m.Items[tray.Add]; add.Visible == tt.demo {
				t.Errorf("Add… is shown: %v", add.Visible)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}

// TestChosenProvidersComeFirst: those of the settings and the custom ones used
// last have their place among the eight.
func TestChosenProvidersComeFirst(t *testing.T) {
	v := connected(func(s *control.Status) { s.Provider, s.ProviderName = "p1", "P1" })
	v.Providers = many(12)
	v.Settings = &control.Settings{Upstreams: []string{"p1", "p11", "p2?pin-sha256=AA"}}
	v.Custom = []tray.Custom{{Upstream: "10.0.0.53#dns.example", Name: "dns.example"}, {Upstream: "p2?pin-sha256=AA", Name: "P2"}}
	m := tray.Build(v)
	var got []string
	for _, p := range m.Providers {
		got = append(got, p.Title)
	}
	if text := strings.Join(got, "|"); text != "P0|P1|P2|P3|P4|P11|P2, certificate pinned|dns.example" {
		t.Errorf("got %s", text)
	}
	if len(m.Providers) != tray.MaxProviders || !m.Items[tray.More].Visible {
		t.Errorf("%d entries, more %v", len(m.Providers), m.Items[tray.More].Visible)
	}
	v.Custom = nil // the name is then that of the provider behind it
	if last := tray.Build(v).Providers[7]; last.Title != "P2, certificate pinned" || last.Upstream != "p2?pin-sha256=AA" {
		t.Errorf("%+v", last)
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
