package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/resolver/provider"
	"dotproxy/ui/viewmodel"
)

// TestFirstRunChoosesKnownProviders: the page has their names before there is
// an engine to ask for them.
func TestFirstRunChoosesKnownProviders(t *testing.T) {
	list, _ := viewmodel.WelcomeChoices(viewmodel.View{})
	for _, c := range list {
		i := slices.IndexFunc(provider.All(), func(p provider.Provider) bool { return p.ID == c.Upstream })
		if i < 0 || provider.All()[i].Name != c.Name {
			t.Errorf("%s (%s) is not among the known providers", c.Upstream, c.Name)
			continue
		}
		if filters := provider.All()[i].Filter != "none"; filters == (c.Filter == "No filter") {
			t.Errorf("%s filters %q, the page says %q", c.Upstream, provider.All()[i].Filter, c.Filter)
		}
	}
}

// TestFirstRunByKeyboard goes through the page of a first run with keys alone,
// and finds it gone the next time.
func TestFirstRunByKeyboard(t *testing.T) {
	d := newDesk(t, true)
	preferences := filepath.Join(d.home, ".config", "fyne", appID, "preferences.json")
	if err := os.Remove(preferences); err != nil {
		t.Fatal(err)
	}
	engine := controltest.New()
	path, _ := controltest.Serve(t, engine)
	w := d.window("--control", path)
	w.do("windowfocus", "--sync", w.id)
	d.shot("first-run")
	w.do("key", "Tab", "Right", "Return")
	w.do("key", "Tab", "Tab", "Tab", "space", "Tab", "Return")
	d.until("Quad9 in use, and this computer's DNS", func() bool {
		return engine.Status().Provider == "quad9" && engine.Status().SystemDNS
	})
	d.shot("begun")
	w.do("key", "ctrl+p")
	d.shot("pause-menu")
	w.do("key", "Down", "Down", "Return")
	d.until("a pause of five minutes", func() bool { return slices.Contains(engine.Calls(), "pause 300") })
	w.do("key", "ctrl+p")
	d.until("the end of the pause", func() bool { return engine.Status().State == control.Protected })
	if status := w.end(); status != 0 {
		t.Errorf("ended with status %d: %s", status, w.stderr.String())
	}
	if text, err := os.ReadFile(preferences); err != nil || !strings.Contains(string(text), `"window.welcomed":true`) {
		t.Errorf("%v: %s", err, text)
	}
}
