package window

import (
	"context"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/ui/viewmodel"
)

// found is a check with a row of each result.
func found() []control.CheckRow {
	return []control.CheckRow{
		{ID: "certificate", Result: control.CheckOK, Title: "Certificate and name", Sentence: "one.one.one.one is signed by DigiCert and holds until 2 January 2027."},
		{ID: "dnssec", Result: control.CheckUnknown, Title: "DNSSEC", Sentence: "There was no answer to look at."},
		{ID: "leak", Result: control.CheckFailed, Title: "Leak test", Sentence: "A name looked up on this computer did not come to DoT Proxy; it asks another server, not encrypted.",
			Fix: &control.Fix{Label: "Use as this computer’s DNS", Command: control.FixSystemDNS}},
		{ID: "backup", Result: control.CheckWarning, Title: "Backup", Sentence: "There is no provider to ask when Cloudflare fails.",
			Fix: &control.Fix{Label: "Open settings", Command: control.FixSettings}},
		{ID: "clock", Result: control.CheckOK, Title: "Clock", Sentence: "It fits the dates of the provider’s certificate.",
			Fix: &control.Fix{Label: "Set it", Command: "date -s now"}},
	}
}

// checked opens the check of an engine.
func checked(t *testing.T, size fyne.Size, rows []control.CheckRow) *bench {
	t.Helper()
	engine := controltest.New()
	engine.CheckFunc = func() []control.CheckRow { return rows }
	b := open(t, ViewCheck, size, engine, nil).follow()
	b.until("the check", func() bool { return len(b.w.check.drawn) == len(rows) && !b.w.check.model.Running() })
	return b
}

func TestCheckShowsRows(t *testing.T) {
	b := checked(t, wide, found())
	b.mustSay("2 of 5 fine, 1 failed, 1 note, 1 not known.", "Certificate and name", "signed by DigiCert", "Leak test", "Use as this computer’s DNS", "Copy report")
	if b.says("Set it") {
		t.Error("a button for what the window cannot do")
	}
	var filled []string
	walk(b.win.Content(), func(o fyne.CanvasObject) {
		if one, ok := o.(*button); ok && one.Importance == widget.HighImportance {
			filled = append(filled, one.Text)
		}
	})
	if !slices.Equal(filled, []string{"Use as this computer’s DNS"}) {
		t.Errorf("filled are %q", filled)
	}
}

func TestCheckLooks(t *testing.T) {
	for name, size := range map[string]fyne.Size{"wide": wide, "small": small} {
		t.Run(name, func(t *testing.T) {
			b := checked(t, size, found())
			b.settle()
			test.AssertObjectRendersToMarkup(t, "check-"+name+".xml", b.w.check.root)
			b.w.view.Link = viewmodel.Gone
			b.w.render()
			b.settle()
			test.AssertObjectRendersToMarkup(t, "check-gone-"+name+".xml", b.w.check.root)
			b.w.check.model.Begin(viewmodel.View{Link: viewmodel.Connected})
			b.w.check.render()
			b.settle()
			test.AssertObjectRendersToMarkup(t, "check-running-"+name+".xml", b.w.check.root)
		})
	}
}

func TestCheckAgain(t *testing.T) {
	b := checked(t, wide, found())
	runs := 0
	b.engine.CheckFunc = func() []control.CheckRow { runs++; return found()[:1] }
	b.shortcut(fyne.KeyR)
	if b.says("Leak test") || runs != 1 {
		t.Errorf("after Ctrl+R, %d runs: %q", runs, b.texts())
	}
	b.press("Check again")
	b.engine.SetState(control.Degraded)
	b.until("a run for another state", func() bool { return runs == 3 })
	b.w.Open(ViewHome)
	b.engine.SetState(control.Protected)
	b.until("the other state", func() bool { return b.w.view.Status.State == control.Protected })
	if runs != 3 {
		t.Error("it runs out of sight")
	}
	if b.w.Open(ViewCheck); runs == 3 {
		t.Error("it does not run on opening")
	}
	b.press("Copy report")
	if got := fyne.CurrentApp().Clipboard().Content(); got != b.w.check.model.Report(b.w.view) {
		t.Errorf("copied %q", got)
	}
	b.mustSay("Copied")
	b.timePasses()
	b.mustSay("Copy report")
}

func TestCheckFixes(t *testing.T) {
	b := checked(t, wide, found())
	b.press("Use as this computer’s DNS")
	b.until("the change", func() bool { return b.w.view.Status.SystemDNS })
	b.engine.SystemDNSFunc = func(context.Context, string) error {
		return &control.Problem{Code: control.CodeSystemDNS, Message: "The change was refused.", Hint: "Allow it."}
	}
	b.press("Use as this computer’s DNS")
	b.mustSay("The change was refused. Allow it.")
	b.press("Open settings")
	if b.w.View() != ViewSettings {
		t.Errorf("the button opens %s", b.w.View())
	}
	for command, want := range map[string]string{control.FixRepair: "system-dns repair", control.FixStart: "start", control.FixResume: "resume"} {
		b.engine.SystemDNSFunc = nil
		if b.w.fix(command); !slices.Contains(b.engine.Calls(), want) {
			t.Errorf("%s asks for %q", command, b.engine.Calls())
		}
	}
	for _, command := range []string{control.FixProviders, control.FixSettings, control.FixRepair, control.FixStart, control.FixResume, control.FixSystemDNS} {
		if !canFix(command) {
			t.Errorf("there is no button for %s", command)
		}
	}
}
