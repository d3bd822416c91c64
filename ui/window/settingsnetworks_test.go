package window

import (
	"context"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/ui/viewmodel"
)

// withRules opens the settings of an engine that has rules.
func withRules(t *testing.T, size fyne.Size, rules ...control.NetworkRule) *bench {
	t.Helper()
	engine := controltest.New()
	s := control.Default()
	s.Networks = rules
	if err := engine.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	b := open(t, ViewSettings, size, engine, nil).follow()
	b.until("the network is known", func() bool { b.w.lookAtNetwork(); return b.says("On this network: “Office”") })
	return b
}

var (
	officeRule = control.NetworkRule{Name: "Office", Gateway: "00:00:5e:00:53:01", Upstreams: []string{"quad9"}}
	homeRule   = control.NetworkRule{Name: "Home", Gateway: "192.0.2.9", Pause: true, Confirmed: true}
)

func TestProviderOfANetwork(t *testing.T) {
	b := withRules(t, wide)
	b.mustSay(viewmodel.NetworksEmpty())
	n := &b.w.settings.networks
	n.choice.SetSelected("Quad9")
	if r := b.engine.Settings().Networks; len(r) != 1 || r[0].Name != "Office" || r[0].Upstreams[0] != "quad9" {
		t.Fatalf("the engine has %+v", r)
	}
	b.mustSay("On “Office” Quad9 is asked.", "Office, this network", "Asks Quad9.")
	b.press("Undo")
	b.mustSay("Put back as it was before.", viewmodel.NetworksEmpty())
	if r := b.engine.Settings().Networks; len(r) != 0 || n.choice.Selected != viewmodel.AsElsewhere() {
		t.Errorf("undone, the engine has %+v, chosen %s", r, n.choice.Selected)
	}
}

func TestNotEncryptedIsConfirmed(t *testing.T) {
	b := withRules(t, small)
	n := &b.w.settings.networks
	n.choice.SetSelected(viewmodel.NotEncrypted())
	b.choose("Cancel")
	if r := b.engine.Settings().Networks; len(r) != 0 || n.choice.Selected != viewmodel.AsElsewhere() {
		t.Fatalf("without a yes the engine has %+v, chosen %s", r, n.choice.Selected)
	}
	n.choice.SetSelected(viewmodel.NotEncrypted())
	warned := false
	walk(b.win.Canvas().Overlays().Top(), func(o fyne.CanvasObject) {
		if l, ok := o.(*text); ok && l.content == control.PauseWarning {
			warned = true
		}
	})
	if !warned {
		t.Error("the question does not warn")
	}
	b.choose("Do not encrypt")
	if r := b.engine.Settings().Networks; len(r) != 1 || !r[0].Pause || !r[0].Confirmed {
		t.Errorf("the engine has %+v", r)
	}
	b.mustSay("On “Office” DNS is not encrypted.", "This network’s own server is asked, not encrypted.")
}

func TestForgetARule(t *testing.T) {
	b := withRules(t, small, officeRule, homeRule)
	b.retype(viewmodel.FieldPort, "5353")
	n := &b.w.settings.networks
	n.forget[1].TypedKey(key(fyne.KeySpace))
	if r := b.engine.Settings().Networks; len(r) != 1 || r[0].Name != "Office" || len(n.forget) != 1 {
		t.Errorf("the engine has %+v, the view %d rules", r, len(n.forget))
	}
	if b.engine.Settings().Port != 53 || b.w.settings.form.Value(viewmodel.FieldPort) != "5353" {
		t.Error("what is typed was sent, or lost")
	}
	b.engine.ApplyFunc = func(context.Context, control.Settings) error {
		return &control.Problem{Code: control.CodeInternal, Message: "The settings could not be saved.", Hint: "Make room."}
	}
	test.Tap(n.forget[0])
	b.mustSay("The settings could not be saved. Make room.")
	n.choice.SetSelected(viewmodel.AsElsewhere())
	if len(n.forget) != 1 || n.choice.Selected != "Quad9" {
		t.Errorf("after a refusal %d rules, chosen %s", len(n.forget), n.choice.Selected)
	}
}

func TestNetworksInADemo(t *testing.T) {
	b := withRules(t, small)
	b.engine.Change(func(s *control.Status) { s.Demo = true })
	b.until("the demo is known", func() bool { return b.says(viewmodel.NetworksDemo()) })
	if b.says("On this network") {
		t.Error("a demo offers rules")
	}
}

// TestLongNamesOfNetworks: a network may be called at length.
func TestLongNamesOfNetworks(t *testing.T) {
	const name = "The wireless network of the large reading room on the second floor, behind the stairs to the archive"
	b := withRules(t, small, control.NetworkRule{Name: name, Gateway: "192.0.2.9", Upstreams: []string{"quad9"}})
	b.w.settings.networks.here.Name = name
	b.w.settings.showNetworks(b.w.view)
	b.settle()
	b.mustBeWhole()
}

// TestNetworksByKeyboard: the choice and each Forget are reached in order, and
// what is gone hands the focus on.
func TestNetworksByKeyboard(t *testing.T) {
	b := withRules(t, small, officeRule, homeRule)
	n := &b.w.settings.networks
	b.win.Canvas().Focus(n.choice)
	for i := range n.forget {
		b.win.Canvas().FocusNext()
		if b.win.Canvas().Focused() != fyne.Focusable(n.forget[i]) {
			t.Errorf("step %d leads to %T", i, b.win.Canvas().Focused())
		}
	}
	n.forget[1].TypedKey(key(fyne.KeySpace))
	if len(n.forget) != 1 || b.win.Canvas().Focused() != fyne.Focusable(n.forget[0]) {
		t.Errorf("the last rule is forgotten, %d are left, and the focus is on %T", len(n.forget), b.win.Canvas().Focused())
	}
	n.forget[0].TypedKey(key(fyne.KeySpace))
	if len(n.forget) != 0 || b.win.Canvas().Focused() != fyne.Focusable(n.choice) {
		t.Errorf("all are forgotten, and the focus is on %T", b.win.Canvas().Focused())
	}
}

// TestNetworksAreDrawnAsBefore compares the section, in each of its states, with
// testdata, and finds it within a small window's width.
func TestNetworksAreDrawnAsBefore(t *testing.T) {
	for name, rules := range map[string][]control.NetworkRule{
		"empty": nil, "provider": {officeRule, homeRule},
		"paused": {{Name: "Office", Gateway: "192.0.2.1", Pause: true, Confirmed: true}},
	} {
		t.Run(name, func(t *testing.T) {
			b := withRules(t, small, rules...)
			root := b.w.settings.networks.root
			if w := root.MinSize().Width; w > 584 {
				t.Errorf("it is %v wide", w)
			}
			root.Resize(fyne.NewSize(584, root.MinSize().Height))
			test.AssertObjectRendersToMarkup(t, "networks_"+strings.ReplaceAll(name, " ", "_")+".xml", root)
		})
	}
}
