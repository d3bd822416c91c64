package viewmodel

import (
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

const homeServer = "192.168.1.10#dns.home.example"

// stocked is a shelf whose engine asks Cloudflare, and has those upstreams set.
func stocked(upstreams ...string) *Shelf {
	s := NewShelf(nil)
	v := connected(control.Status{State: control.Protected, Provider: "cloudflare"})
	v.Settings, v.HasSettings, v.Providers = control.Default(), true, controltest.Providers()
	v.Providers = append(v.Providers, control.Provider{ID: "strict", Name: "Strict Family", Filter: "family, ads", Operator: "Strict"},
		control.Provider{ID: "mine", Name: "Mine", Filter: "profile", Operator: "Mine"})
	v.Settings.Upstreams = upstreams
	s.See(v)
	return s
}

func linesOf(rows []ShelfRow) (list []string) {
	for _, r := range rows {
		list = append(list, r.Name+": "+r.Caption)
	}
	return list
}

func TestShelfRows(t *testing.T) {
	s := stocked("cloudflare", "quad9", homeServer)
	for kind, want := range map[ShelfKind][]string{
		AnyProvider: {"Cloudflare: No filter", "Quad9: Malware, backup 1", "Google: No filter", "Strict Family: Family, ads", "Mine: Your profile",
			"dns.home.example: Custom, backup 2"},
		Unfiltered:     {"Cloudflare: No filter", "Google: No filter"},
		AgainstMalware: {"Quad9: Malware, backup 1"},
		AgainstAds:     {"Strict Family: Family, ads"},
		ForFamilies:    {"Strict Family: Family, ads"},
		OwnProvider:    {"dns.home.example: Custom, backup 2"},
	} {
		if s.SetKind(kind); !slices.Equal(linesOf(s.Rows()), want) {
			t.Errorf("%d: %q", kind, linesOf(s.Rows()))
		}
	}
	s.SetKind(AnyProvider)
	if r := s.Rows(); !r[0].InUse || r[1].InUse || r[0].Value != none || r[0].Bar != 0 {
		t.Errorf("got %+v", r[:2])
	}
}

func TestOwnNamesAreTold(t *testing.T) {
	for upstream, want := range map[string]string{
		homeServer: "dns.home.example", "tls://dns.example": "dns.example", "192.0.2.1": "192.0.2.1",
		"quad9?hide=1": "Quad9, with options",
	} {
		if got := stocked("cloudflare", upstream).name(upstream); got != want {
			t.Errorf("%s: %q, want %q", upstream, got, want)
		}
	}
	twin := "192.168.1.11#dns.home.example"
	if got := stocked("cloudflare", homeServer, twin).name(twin); got != twin {
		t.Errorf("one of two alike is called %q", got)
	}
}

func TestShelfKeepsWhatIsOwn(t *testing.T) {
	s := stocked("cloudflare", homeServer)
	v := s.view
	v.Settings.Upstreams = []string{"quad9"}
	if s.See(v); !slices.Equal(s.Own(), []string{homeServer}) {
		t.Errorf("it forgets %q", s.Own())
	}
	if s.Forget(homeServer); len(s.Own()) != 0 {
		t.Errorf("it keeps %q", s.Own())
	}
	s.Add(" tls://dns.example ", "")
	if s.Add("tls://dns2.example", "tls://dns.example"); !slices.Equal(s.Own(), []string{"tls://dns2.example"}) || s.Selected() != "tls://dns2.example" {
		t.Errorf("after a change it has %q and selects %q", s.Own(), s.Selected())
	}
	if s.Add("quad9", "tls://dns2.example"); len(s.Own()) != 0 || s.Selected() != "quad9" {
		t.Errorf("a known one is kept as one's own: %q", s.Own())
	}
	demo := connected(control.Status{Provider: "demo", ProviderName: "Demo", Demo: true})
	demo.HasSettings, demo.Settings = true, control.Default()
	s = NewShelf([]string{homeServer})
	if s.See(demo); len(s.Rows()) != 1 || s.Rows()[0].Name != "Demo" || !slices.Equal(s.Own(), []string{homeServer}) || s.Tested() != nil {
		t.Errorf("a demo shows %+v and keeps %q", s.Rows(), s.Own())
	}
	if item, _ := s.Item(); !item.Fixed || item.Own {
		t.Errorf("a demo can be changed: %+v", item)
	}
}

func TestShelfWithoutRows(t *testing.T) {
	for name, c := range map[string]struct {
		view  View
		kind  ShelfKind
		title string
	}{
		"looking": {View{Link: Looking}, 0, "Providers are being read…"},
		"reading": {connected(control.Status{}), 0, "Providers are being read…"},
		"gone":    {View{Link: Gone}, 0, "No providers"},
		"refused": {View{Link: Refused, Problem: &control.Problem{Message: "Another user’s."}}, 0, "No providers"},
		"own":     {stocked("cloudflare").view, OwnProvider, "None of your own"},
	} {
		s := NewShelf(nil)
		s.See(c.view)
		if s.SetKind(c.kind); s.Empty().Title != c.title || s.Empty().Sentence == "" {
			t.Errorf("%s: %+v", name, s.Empty())
		}
	}
	s := stocked("cloudflare")
	v := s.view
	v.Providers = v.Providers[:1]
	s.See(v)
	if s.Empty() != (Empty{}) {
		t.Errorf("with rows: %+v", s.Empty())
	}
	if s.SetKind(AgainstAds); !s.Empty().ClearFilter {
		t.Errorf("without a match: %+v", s.Empty())
	}
}

func TestShelfItem(t *testing.T) {
	s := stocked("cloudflare", "quad9", homeServer, "google")
	for upstream, want := range map[string]ShelfItem{
		"cloudflare": {InUse: true, Tags: []string{"no filter", "DNSSEC"}},
		"quad9":      {Backup: 1, Tags: []string{"malware filter", "DNSSEC"}},
		homeServer:   {Backup: 2, Own: true, Tags: []string{"custom"}},
		"google":     {Backup: 3, Last: true, Tags: []string{"no filter"}},
		"mine":       {Tags: []string{"your profile"}},
	} {
		s.Select(upstream)
		got, ok := s.Item()
		if !ok || got.Upstream != upstream || got.InUse != want.InUse || got.Backup != want.Backup || got.Last != want.Last || got.Own != want.Own || got.Tags[0] != want.Tags[0] {
			t.Errorf("%s: %+v", upstream, got)
		}
	}
	s.Select("nowhere")
	if item, _ := s.Item(); item.Upstream != "cloudflare" || !strings.Contains(item.Note, "declared by Cloudflare") {
		t.Errorf("without a selection: %+v", item)
	}
	facts := ownFacts("192.0.2.1#dns.example?verify=pins&pin-sha256=x")
	if len(facts) != 3 || facts[0].Lines[0] != "192.0.2.1" || facts[1].Lines[0] != "dns.example" || len(facts[2].Lines) != 2 {
		t.Errorf("got %+v", facts)
	}
}

func TestBackupsInOrder(t *testing.T) {
	s := stocked("cloudflare", "quad9", "google")
	for name, c := range map[string]struct {
		got  control.Settings
		want []string
	}{
		"added":           {s.WithBackup(homeServer), []string{"cloudflare", "quad9", "google", homeServer}},
		"added twice":     {s.WithBackup("google"), []string{"cloudflare", "quad9", "google"}},
		"taken":           {s.WithoutBackup("quad9"), []string{"cloudflare", "google"}},
		"the first stays": {s.WithoutBackup("cloudflare"), []string{"cloudflare", "quad9", "google"}},
		"up":              {s.Moved("google", -1), []string{"cloudflare", "google", "quad9"}},
		"down":            {s.Moved("quad9", 1), []string{"cloudflare", "google", "quad9"}},
		"not to the top":  {s.Moved("quad9", -1), []string{"cloudflare", "quad9", "google"}},
		"not off the end": {s.Moved("google", 1), []string{"cloudflare", "quad9", "google"}},
	} {
		if !slices.Equal(c.got.Upstreams, c.want) {
			t.Errorf("%s: %q", name, c.got.Upstreams)
		}
	}
	if n, ok := s.Replaced("quad9", homeServer); !ok || n.Upstreams[1] != homeServer || s.view.Settings.Upstreams[1] != "quad9" {
		t.Errorf("replaced: %q", n.Upstreams)
	}
	if _, ok := s.Replaced("mine", homeServer); ok {
		t.Error("what is not set is replaced")
	}
}
