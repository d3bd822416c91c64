package window

import (
	"context"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/ui/viewmodel"
)

// input is the field's entry, found beside its outline.
func (b *bench) input(name viewmodel.Field) fyne.Focusable {
	b.Helper()
	var found fyne.Focusable
	walk(b.w.settings.fields[name].row, func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *entry:
			found = o
		case *selectEntry:
			found = o
		case *linesEntry:
			found = o
		}
	})
	if found == nil {
		b.Fatalf("%s has no input", name)
	}
	return found
}

// retype replaces what stands in a field, key by key.
func (b *bench) retype(name viewmodel.Field, text string) {
	b.Helper()
	in := b.input(name)
	b.win.Canvas().Focus(in)
	for range b.w.settings.form.Value(name) {
		in.TypedKey(key(fyne.KeyEnd))
		in.TypedKey(key(fyne.KeyBackspace))
	}
	test.Type(in, text)
}

func TestBadPortIsMarkedAtTheField(t *testing.T) {
	b := open(t, ViewSettings, wide, controltest.New(), nil).follow()
	s := b.w.settings
	b.retype(viewmodel.FieldPort, "70000")
	b.mustSay("70000 is not a port. Enter a number from 1 to 65535; 53 is the port of DNS.", "1 change, 1 to correct: Port")
	if !s.fields[viewmodel.FieldPort].edge.wrong || !s.bar.apply.Disabled() {
		t.Errorf("marked %v, Apply off %v", s.fields[viewmodel.FieldPort].edge.wrong, s.bar.apply.Disabled())
	}
	test.Tap(s.bar.apply)
	b.input(viewmodel.FieldPort).TypedKey(key(fyne.KeyReturn))
	if calls := b.engine.Calls(); len(calls) != 0 {
		t.Errorf("a bad value was sent: %v", calls)
	}
	b.retype(viewmodel.FieldPort, "5353")
	if s.fields[viewmodel.FieldPort].edge.wrong || s.bar.apply.Disabled() {
		t.Error("a good port is still marked, or Apply is off")
	}
	b.press("Apply")
	if got := b.engine.Settings().Port; got != 5353 {
		t.Errorf("the engine has port %d", got)
	}
	b.mustSay("Saved: 1 change.", "Undo")
	b.press("Close")
	if !s.bar.panel.Hidden {
		t.Error("the bar stays when it is closed")
	}
}

func TestRevert(t *testing.T) {
	b := open(t, ViewSettings, small, controltest.New(), nil).follow()
	b.retype(viewmodel.FieldCache, "x")
	b.mustSay("1 to correct: Cache")
	b.press("Revert")
	if got := b.input(viewmodel.FieldCache).(*entry).Text; got != "8" || !b.w.settings.bar.panel.Hidden {
		t.Errorf("the field holds %q, bar hidden %v", got, b.w.settings.bar.panel.Hidden)
	}
}

func TestEverySettingIsApplied(t *testing.T) {
	b := open(t, ViewSettings, wide, controltest.New(), nil).follow()
	b.retype(viewmodel.FieldListen, "0.0.0.0")
	b.mustSay("Other devices on the network can ask.")
	b.retype(viewmodel.FieldProvider, "9.9.9.9#dns.quad9.net")
	b.retype(viewmodel.FieldBackups, "Google")
	b.retype(viewmodel.FieldCache, "16")
	test.Tap(b.w.settings.levels.chips[1])
	b.press("Apply")
	want := control.Default()
	want.Listen, want.Upstreams = []string{"0.0.0.0"}, []string{"9.9.9.9#dns.quad9.net", "google"}
	want.CacheMiB, want.LogPrivacy = 16, control.LogHideNames
	if got := b.engine.Settings(); !got.Equal(want) {
		t.Errorf("the engine has %+v, want %+v", got, want)
	}
}

func TestRefusedValueIsMarked(t *testing.T) {
	engine := controltest.New()
	refuse := control.BadValue("upstreams", "“dns.example.net” cannot be looked up.", "Check its spelling.")
	engine.ApplyFunc = func(context.Context, control.Settings) error { return refuse }
	b := open(t, ViewSettings, wide, engine, nil).follow()
	b.retype(viewmodel.FieldProvider, "dns.example.net")
	b.press("Apply")
	b.mustSay("“dns.example.net” cannot be looked up. Check its spelling.")
	if !b.w.settings.fields[viewmodel.FieldProvider].edge.wrong {
		t.Error("the field is not marked")
	}
	refuse = &control.Problem{Code: control.CodePortInUse, Message: "Port 53 is taken.", Hint: "Choose another."}
	b.retype(viewmodel.FieldProvider, "dns.google")
	b.press("Apply")
	b.mustSay("Port 53 is taken. Choose another.")
}

func TestTypedValuesOutliveAStatus(t *testing.T) {
	b := open(t, ViewSettings, wide, controltest.New(), nil).follow()
	b.retype(viewmodel.FieldPort, "5")
	if err := b.engine.Use(t.Context(), "quad9"); err != nil {
		t.Fatal(err)
	}
	b.until("the new provider", func() bool { return b.w.settings.form.Value(viewmodel.FieldProvider) == "Quad9" })
	if got := b.input(viewmodel.FieldPort).(*entry).Text; got != "5" {
		t.Errorf("the typed port became %q", got)
	}
}

func TestDemoAndNoEngine(t *testing.T) {
	engine := controltest.New()
	engine.Change(func(s *control.Status) { s.Demo = true })
	b := open(t, ViewSettings, wide, engine, nil).follow()
	b.mustSay("The demo asks only its own server", "Listening")
	if b.says("Backup providers") {
		t.Error("a demo offers settings that it does not have")
	}
	b.w.view = viewmodel.View{Link: viewmodel.Gone}
	b.w.render()
	b.mustSay("Settings can be changed as soon as the engine runs.")
	if b.says("Listening") {
		t.Error("settings of no engine are shown")
	}
}

func TestFileOfCertificatesIsChosen(t *testing.T) {
	b := open(t, ViewSettings, wide, controltest.New(), nil).follow()
	b.w.settings.tasks.browse = func(chosen func(string)) { chosen("/nowhere/ca.pem") }
	b.press("Browse…")
	b.mustSay("The certificate file “/nowhere/ca.pem” cannot be read: there is no such file.")
	b.press("System’s roots")
	if len(b.w.settings.form.Changes()) != 0 {
		t.Errorf("changes %v", b.w.settings.form.Changes())
	}
	b.w.browse(func(string) {})
	if top := b.win.Canvas().Overlays().Top(); top == nil {
		t.Error("no dialog is shown")
	}
}

func TestViewsAndFieldsAreComplete(t *testing.T) {
	b := open(t, ViewSettings, wide, controltest.New(), nil)
	for _, name := range slices.Concat(viewmodel.Fields(), viewmodel.Switches()) {
		if b.w.settings.fields[name] == nil {
			t.Errorf("%s is not in the settings", name)
		}
	}
	for _, v := range Views() {
		if b.w.parts[v].root == nil {
			t.Errorf("the view %s shows nothing", v)
		}
	}
}

// flip presses a switch.
func (b *bench) flip(name viewmodel.Field) { test.Tap(b.w.settings.fields[name].toggle) }

func TestSwitchActsAtOnce(t *testing.T) {
	b := open(t, ViewSettings, wide, controltest.New(), nil).follow()
	b.retype(viewmodel.FieldPort, "5353")
	for _, name := range viewmodel.Switches() {
		was := b.w.settings.form.On(name)
		if b.flip(name); b.w.settings.fields[name].toggle.on == was {
			t.Errorf("%s does not turn", name)
		}
	}
	want := control.Default()
	want.Race, want.HideSubnet, want.CachePersist, want.RebindingProtection, want.LocalNetwork, want.KeepStatistics = true, true, true, true, true, true
	want.Canary, want.Hosts, want.RateLimit.Loopback = false, false, true
	if got := b.engine.Settings(); !got.Equal(want) {
		t.Errorf("the engine has %+v, want %+v", got, want)
	}
	if calls := b.engine.Calls(); len(calls) != len(viewmodel.Switches()) {
		t.Errorf("the engine was asked %v", calls)
	}
	if got := b.input(viewmodel.FieldPort).(*entry).Text; got != "5353" || b.w.settings.bar.panel.Hidden {
		t.Errorf("the typed port became %q, bar hidden %v", got, b.w.settings.bar.panel.Hidden)
	}
	b.w.settings.fields[viewmodel.SwitchRace].toggle.TypedKey(key(fyne.KeySpace))
	if b.engine.Settings().Race {
		t.Error("Space does not turn a switch")
	}
}

func TestSwitchThatFailsIsPutBack(t *testing.T) {
	engine := controltest.New()
	fail := true
	engine.ApplyFunc = func(context.Context, control.Settings) error {
		if fail {
			return &control.Problem{Code: control.CodeInternal, Message: "The settings could not be saved.", Hint: "Make room on the disk."}
		}
		return nil
	}
	b := open(t, ViewSettings, wide, engine, nil).follow()
	b.flip(viewmodel.SwitchSubnet)
	b.mustSay("The settings could not be saved. Make room on the disk.")
	if f := b.w.settings.fields[viewmodel.SwitchSubnet]; f.toggle.on || b.says("Asks providers to tell nobody") || !b.w.settings.bar.panel.Hidden {
		t.Errorf("on %v, the window says %q", f.toggle.on, b.texts())
	}
	fail = false
	b.flip(viewmodel.SwitchSubnet)
	b.mustSay("Asks providers to tell nobody")
	if !b.w.settings.fields[viewmodel.SwitchSubnet].toggle.on {
		t.Error("the switch does not stay on")
	}
}

// TestSwitchesWaitForEachOther: what is pressed while the engine is asked is
// sent after it, with what that changed.
func TestSwitchesWaitForEachOther(t *testing.T) {
	b := open(t, ViewSettings, wide, controltest.New(), nil).follow()
	s := b.w.settings
	var sent []control.Settings
	s.tasks.send = func(what control.Settings) { sent = append(sent, what) }
	b.retype(viewmodel.FieldCache, "16")
	b.press("Apply")
	b.flip(viewmodel.SwitchRace)
	b.flip(viewmodel.SwitchSubnet)
	if len(sent) != 1 || !s.bar.apply.Disabled() || !s.fields[viewmodel.SwitchRace].toggle.on {
		t.Fatalf("%d sent, Apply off %v", len(sent), s.bar.apply.Disabled())
	}
	for i := range 3 {
		s.sent(sent[i], nil)
	}
	want := control.Default()
	want.CacheMiB, want.Race, want.HideSubnet = 16, true, true
	if len(sent) != 3 || !sent[2].Equal(want) || s.busy != none || !s.bar.panel.Hidden {
		t.Errorf("%d sent, busy %v, the last %+v", len(sent), s.busy, sent[len(sent)-1])
	}
}

func TestNamesAreTypedInLines(t *testing.T) {
	b := open(t, ViewSettings, wide, controltest.New(), nil).follow()
	s := b.w.settings
	in := b.input(viewmodel.FieldOverrides).(*linesEntry)
	one := in.MinSize().Height
	b.retype(viewmodel.FieldOverrides, "nas.home.arpa = 192.168.1.10")
	in.TypedKey(key(fyne.KeyReturn))
	test.Type(in, "*.ads.example")
	b.mustSay("Line 2, “*.ads.example”, is not complete.", "1 change, 1 to correct: Own names")
	if s.fields[viewmodel.FieldOverrides].edge.wrong != true || in.MinSize().Height <= one || in.AcceptsTab() {
		t.Errorf("marked %v, height %v after %v, Tab kept %v", s.fields[viewmodel.FieldOverrides].edge.wrong, in.MinSize().Height, one, in.AcceptsTab())
	}
	test.Type(in, " = NXDOMAIN")
	b.press("Apply")
	got := b.engine.Settings().Overrides
	if len(got) != 2 || !slices.Equal(got["*.ads.example"], []string{control.NXDOMAIN}) {
		t.Errorf("the engine has %v", got)
	}
	if want := "*.ads.example = NXDOMAIN\nnas.home.arpa = 192.168.1.10"; in.Text != want {
		t.Errorf("after saving it is %q", in.Text)
	}
}

func TestWheelOverLinesMovesThePage(t *testing.T) {
	b := open(t, ViewSettings, wide, controltest.New(), nil).follow()
	in := b.input(viewmodel.FieldRoutes).(*linesEntry)
	in.wheel.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -50)})
	if b.w.settings.scroll.Offset.Y != 50 {
		t.Errorf("the page stands at %v", b.w.settings.scroll.Offset)
	}
	in.SetText("\n\n\n\n\n\n\n\n\n")
	if in.wheel.Visible() {
		t.Error("a long list cannot be scrolled")
	}
}

func TestAdvancedOpensByItselfForAnError(t *testing.T) {
	engine := controltest.New()
	engine.ApplyFunc = func(context.Context, control.Settings) error {
		p := control.BadValue("rate_limit", "The burst is too small.", "Enter more.")
		p.Entry = "burst"
		return p
	}
	b := open(t, ViewSettings, wide, engine, nil).follow()
	if b.says("Queries at once") {
		t.Error("what is rarely needed is shown")
	}
	b.retype(viewmodel.FieldPerSecond, "500")
	b.press("Apply")
	b.mustSay("Queries at once", "The burst is too small. Enter more.", "1 to correct: Queries at once")
	b.press("Revert")
	b.press("Advanced")
	if b.says("Queries at once") {
		t.Error("Advanced cannot be closed")
	}
	b.press("Advanced")
	b.mustSay("Shortest time in the cache", "Limit this computer too")
}
