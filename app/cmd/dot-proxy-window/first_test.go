package main

import (
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2/theme"

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

// startArea is the button of a first run.
var startArea = image.Rect(370, 475, 590, 525)

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
	d.until("the page", func() bool { return w.sees(theme.ColorNamePrimary, startArea, 5000) })
	d.shot("first-run")
	w.do("key", "--delay", "100", "Tab", "Right", "space", "Tab", "Tab", "Tab", "space", "Tab", "Return")
	d.until("Quad9 in use, and this computer's DNS", func() bool {
		return engine.Status().Provider == "quad9" && engine.Status().SystemDNS
	})
	d.shot("begun")
	// A key may come before the window knows what it is about.
	asks := func(call string, list ...string) func() bool {
		return func() bool {
			w.do(append([]string{"key", "--delay", "100", "Escape"}, list...)...)
			return slices.Contains(engine.Calls(), call)
		}
	}
	d.until("a pause of five minutes", asks("pause 300", "ctrl+p", "Down", "Down", "Return"))
	d.shot("paused")
	d.until("the end of the pause", asks("resume", "ctrl+p"))
	if status := w.end(); status != 0 {
		t.Errorf("ended with status %d: %s", status, w.stderr.String())
	}
	if text, err := os.ReadFile(preferences); err != nil || !strings.Contains(string(text), `"window.welcomed":true`) {
		t.Errorf("%v: %s", err, text)
	}
}
