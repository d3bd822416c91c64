package viewmodel

import (
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func TestUndoWhatWasSaved(t *testing.T) {
	f := newForm()
	before := f.Settings()
	f.Set(FieldPort, "5353")
	f.Set(FieldCache, "16")
	after := f.Settings()
	f.Saved(after)
	if f.Done() != "Saved: 2 changes." || !f.CanUndo() || !f.Undo().Equal(before) {
		t.Errorf("%q, can undo %v, to %+v", f.Done(), f.CanUndo(), f.Undo())
	}
	f.Load(after, controltest.Providers(), false) // the event of the same
	if !f.CanUndo() {
		t.Error("the engine's word of it ends the undo")
	}
	f.Undone(f.Undo())
	if f.CanUndo() || !strings.HasPrefix(f.Done(), "Put back") || f.Value(FieldPort) != "53" {
		t.Errorf("%q, can undo %v, port %s", f.Done(), f.CanUndo(), f.Value(FieldPort))
	}
	f.Dismiss()
	if f.Done() != "" {
		t.Errorf("dismissed: %q", f.Done())
	}
}

// TestUndoTakesBackNothingElse: what others changed meanwhile would be lost.
func TestUndoTakesBackNothingElse(t *testing.T) {
	f := newForm()
	f.Set(FieldPort, "5353")
	f.Saved(f.Settings())
	other := f.Settings()
	other.Race = true
	f.Load(other, controltest.Providers(), false)
	if f.CanUndo() || f.Done() != "" {
		t.Errorf("can undo %v, %q", f.CanUndo(), f.Done())
	}
}

func TestAnImportLeavesWhatIsTyped(t *testing.T) {
	f := newForm()
	f.Set(FieldPort, "5353")
	s := control.Default()
	s.CacheMiB, s.Race = 32, true
	f.Imported(s)
	if f.Value(FieldPort) != "5353" || f.Value(FieldCache) != "32" || !f.On(SwitchRace) || f.Done() != "Imported: 2 changes." || !f.CanUndo() {
		t.Errorf("port %s, cache %s, %q", f.Value(FieldPort), f.Value(FieldCache), f.Done())
	}
}

func TestImportQuestion(t *testing.T) {
	f := newForm()
	if text, ok := f.ImportQuestion("mine.toml", control.Default()); ok || text != "“mine.toml” says what is set already. Nothing was changed." {
		t.Errorf("%v, %q", ok, text)
	}
	s := control.Default()
	s.Listen, s.SystemDNS, s.KeepStatistics, s.Upstreams = []string{"0.0.0.0"}, true, true, []string{"quad9"}
	text, ok := f.ImportQuestion("mine.toml", s)
	for _, want := range []string{"changes 4 settings", LabelComputerDNS(), "Addresses", "Provider", "Keep statistics", "Other devices on the network can ask."} {
		if !ok || !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
}

// TestDifferencesNameEverySetting: none can be imported unseen.
func TestDifferencesNameEverySetting(t *testing.T) {
	f := NewForm()
	f.Load(control.Default(), controltest.Providers(), false)
	got := f.Differences(full())
	for _, field := range slices.Concat(Fields(), Switches()) {
		if !slices.Contains(got, field.Label()) {
			t.Errorf("%s is not named", field)
		}
	}
	if !slices.Contains(got, LabelComputerDNS()) || !slices.Contains(got, LabelNetworks()) || len(got) != len(Fields())+len(Switches())+2 {
		t.Errorf("%d named: %q", len(got), got)
	}
}
