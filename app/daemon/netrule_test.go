package daemon

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/systemdns"
)

// connect takes the computer to a network with a router.
func (f *fakeDisk) connect(local, name, mac string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.network = systemdns.NetworkID{Local: netip.MustParsePrefix(local), Gateway: netip.MustParseAddr("192.0.2.1"), MAC: mac}
	f.name = name
}

const officeRouter = "00:00:5e:00:53:01"

func office(upstreams ...string) control.NetworkRule {
	return control.NetworkRule{Name: "Office", Gateway: officeRouter, Upstreams: upstreams}
}

func (f *fakeEngine) asked() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []string
	for _, u := range f.upstreams {
		ids = append(ids, u.ID)
	}
	return strings.Join(ids, " ")
}

// ruled expects whom the engine asks, and by whose rule.
func (r *rig) ruled(t *testing.T, want, rule string) {
	t.Helper()
	s := r.Status()
	if got := r.eng.asked(); got != want || s.Rule != rule {
		t.Fatalf("it asks %q by the rule for %q, want %q by %q", got, s.Rule, want, rule)
	}
	if says := strings.Contains(s.Sentence, ", by the rule for “"+rule+"”."); says != (rule != "") {
		t.Errorf("it says %q", s.Sentence)
	}
}

func ruleRig(t *testing.T, rules ...control.NetworkRule) *rig {
	return startRig(t, func(s *control.Settings, d *fakeDisk) {
		s.Networks = rules
		d.connect("10.0.0.5/32", "Home", "00:00:5e:00:53:09")
	})
}

func TestRuleOfANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := ruleRig(t, office("google", "adguard"))
		r.ruled(t, "cloudflare quad9", "")
		r.disk.connect("192.0.2.5/32", "Office", "")
		aTick()
		r.ruled(t, "cloudflare quad9", "") // the router is not known yet
		r.disk.connect("192.0.2.5/32", "Office", officeRouter)
		aTick()
		r.ruled(t, "google adguard", "Office")
		if len(r.store.saved) > 0 || strings.Join(r.Settings().Upstreams, " ") != "cloudflare quad9" {
			t.Error("a rule was saved as the user's choice")
		}
		r.disk.connect("192.0.2.5/32", "Office", "00:00:5e:00:53:66")
		aTick()
		r.ruled(t, "cloudflare quad9", "") // another router
		r.disk.connect("192.0.2.5/32", "Home", officeRouter)
		aTick()
		r.ruled(t, "cloudflare quad9", "")
	})
}

func TestRuleHoldsFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, func(s *control.Settings, d *fakeDisk) {
			s.Networks = []control.NetworkRule{office("google")}
			d.connect("192.0.2.5/32", "Office", officeRouter)
		})
		if r.eng.cfg.Upstreams[0].ID != "google" {
			t.Error("another provider was asked at first")
		}
		r.ruled(t, "google", "Office")
	})
}

func TestUserChoosesOverARule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := ruleRig(t, office("google"))
		r.disk.connect("192.0.2.5/32", "Office", officeRouter)
		aTick()
		if err := r.Use(t.Context(), "no provider"); err == nil {
			t.Fatal("nonsense was used")
		}
		r.ruled(t, "google", "Office")
		if err := r.Use(t.Context(), "quad9"); err != nil {
			t.Fatal(err)
		}
		aTick()
		r.ruled(t, "quad9 cloudflare", "")
		r.disk.connect("10.0.0.5/32", "Home", "00:00:5e:00:53:09")
		aTick()
		r.disk.connect("192.0.2.5/32", "Office", officeRouter)
		aTick()
		r.ruled(t, "google", "Office") // the next time it holds again
		s := r.Settings()
		s.Networks = nil
		if err := r.Apply(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		r.ruled(t, "quad9 cloudflare", "")
		s.Networks = []control.NetworkRule{office("not a provider")}
		if err := r.Apply(t.Context(), s); err == nil || !strings.Contains(err.Error(), "not a provider") {
			t.Errorf("it says %v", err)
		}
	})
}

// Networks often have the same addresses: another router is another network.
func TestUserChoosesOnOneNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := ruleRig(t, office("google"), control.NetworkRule{Name: "Lab", Gateway: "00:00:5e:00:53:02", Upstreams: []string{"adguard"}})
		r.disk.connect("192.0.2.5/32", "Office", officeRouter)
		aTick()
		if err := r.Use(t.Context(), "quad9"); err != nil {
			t.Fatal(err)
		}
		r.disk.move("")
		aTick()
		r.disk.connect("192.0.2.5/32", "Office", officeRouter)
		aTick()
		r.ruled(t, "quad9 cloudflare", "") // the Wi-Fi was gone for a moment
		r.disk.connect("192.0.2.5/32", "Lab", "00:00:5e:00:53:02")
		aTick()
		r.ruled(t, "adguard", "Lab")
	})
}

func TestPauseEndsWithTheRouter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := dnsRig(t, true, func(_ *Options, r *rig) { r.disk.connect("192.0.2.5/32", "Office", "") })
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Pause(t.Context(), control.Pause{UntilNetworkChange: true}); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			about, mac string
			want       control.State
		}{{"its router becomes known", officeRouter, control.Paused}, {"it is forgotten", "", control.Paused}, {"another router", "00:00:5e:00:53:02", control.Protected}} {
			r.disk.connect("192.0.2.5/32", "Office", step.mac)
			time.Sleep(watchIdle + time.Second)
			synctest.Wait()
			if got := r.Status().State; got != step.want {
				t.Errorf("%s: %s", step.about, got)
			}
		}
	})
}

func TestRuleThatPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := dnsRig(t, true, func(_ *Options, r *rig) {
			rule := office()
			rule.Pause, rule.Confirmed = true, true
			r.store.loaded.settings.Networks = []control.NetworkRule{rule}
			r.disk.connect("192.0.2.5/32", "Office", officeRouter)
		})
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.dns.did()
		paused := func(want bool) {
			t.Helper()
			synctest.Wait()
			s := r.Status()
			if (s.State == control.Paused) != want || want && (s.Rule != "Office" || !strings.Contains(s.Sentence, "not encrypted, by the rule for “Office”.")) || s.SystemDNS == want {
				t.Fatalf("%s, DNS here %v: %s", s.State, s.SystemDNS, s.Sentence)
			}
		}
		paused(true)
		r.disk.connect("10.0.0.5/32", "Home", "00:00:5e:00:53:09")
		aTick()
		paused(false)
		r.disk.connect("192.0.2.5/32", "Office", officeRouter)
		aTick()
		paused(true)
		if err := r.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		aTick()
		paused(false) // for as long as the network lasts
		r.disk.connect("10.0.0.5/32", "Home", "00:00:5e:00:53:09")
		aTick()
		r.disk.connect("192.0.2.5/32", "Office", officeRouter)
		aTick()
		paused(true)
		time.Sleep(25 * time.Hour)
		paused(true) // no end but the network's
		s := r.Settings()
		s.Networks = nil
		if err := r.Apply(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		paused(false)
	})
}

// Where the program does not manage this computer's DNS nothing pauses.
func TestRuleThatCannotPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rule := office()
		rule.Pause, rule.Confirmed = true, true
		r := startRig(t, func(s *control.Settings, d *fakeDisk) {
			s.Networks = []control.NetworkRule{rule}
			d.connect("192.0.2.5/32", "Office", officeRouter)
		})
		aTick()
		r.ruled(t, "cloudflare quad9", "")
		if s := r.Status(); s.State != control.Protected {
			t.Errorf("it is %s", s.State)
		}
	})
}

func TestNetworkIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := ruleRig(t)
		want := control.Network{Name: "Home", Gateway: "00:00:5e:00:53:09", Address: "192.0.2.1"}
		if got := r.Network(context.Background()); got != want {
			t.Errorf("it is %+v", got)
		}
		r.disk.connect("192.0.2.5/32", "Office", "")
		aTick()
		if got := r.Network(context.Background()); got.Gateway != "192.0.2.1" {
			t.Errorf("without a link-layer address: %+v", got)
		}
		r.disk.move("")
		aTick()
		if got := r.Network(context.Background()); got != (control.Network{}) {
			t.Errorf("without a network: %+v", got)
		}
	})
}
