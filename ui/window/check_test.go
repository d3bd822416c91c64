package window

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// checkRows are one of each result.
func checkRows() []control.CheckRow {
	return []control.CheckRow{
		{ID: "certificate", Result: control.CheckOK, Title: "Certificate and name", Sentence: "one.one.one.one is signed by DigiCert and holds until 2 January 2027."},
		{ID: "leak", Result: control.CheckFailed, Title: "Leak test", Sentence: "A name looked up on this computer did not come to DoT Proxy; it asks another server, not encrypted.",
			Fix: &control.Fix{Label: "Use as this computer’s DNS", Command: control.FixSystemDNS}},
		{ID: "backup", Result: control.CheckWarning, Title: "Backup", Sentence: "There is no provider to ask when Cloudflare fails.", Fix: &control.Fix{Label: "Choose a backup", Command: control.FixSettings}},
		{ID: "clock", Result: control.CheckUnknown, Title: "Clock", Sentence: "There was no certificate to compare it with."},
	}
}

func TestCheckRunsByItself(t *testing.T) {
	engine := controltest.New()
	times := 0
	engine.CheckFunc = func() []control.CheckRow { times++; return checkRows() }
	b := open(t, ViewCheck, wide, engine, nil).follow()
	b.until("the results", func() bool { return b.says("1 of 4 fine, 1 failed, 1 to look at, 1 unknown.") })
	b.mustSay("Certificate and name", "it asks another server, not encrypted.", "Choose a backup")
	if times != 1 {
		t.Errorf("looked %d times", times)
	}
	engine.SetState(control.Degraded)
	b.until("a look after a change", func() bool { return times == 2 })
	b.shortcut(fyne.KeyR)
	if times != 3 {
		t.Errorf("after Ctrl+R looked %d times", times)
	}
	b.press("Check again")
	if times != 4 {
		t.Errorf("after the button looked %d times", times)
	}
	b.press("Copy report")
	if text := fyne.CurrentApp().Clipboard().Content(); !strings.Contains(text, "FAILED: Leak test: ") {
		t.Errorf("copied is %q", text)
	}
	b.mustSay("Copied")
}

func TestCheckRemedies(t *testing.T) {
	engine := controltest.New()
	engine.CheckFunc = checkRows
	b := open(t, ViewCheck, small, engine, nil).follow()
	b.until("the results", func() bool { return b.says("Leak test") })
	b.press("Use as this computer’s DNS")
	if !slices.Contains(engine.Calls(), "system-dns on") {
		t.Errorf("the engine was asked %v", engine.Calls())
	}
	engine.SystemDNSFunc = func(context.Context, string) error { return errors.New("The change was not allowed.") }
	b.press("Use as this computer’s DNS")
	b.mustSay("The change was not allowed.")
	b.press("Choose a backup")
	if b.w.View() != ViewSettings {
		t.Errorf("the view is %s", b.w.View())
	}
}

func TestCheckWithoutAnEngine(t *testing.T) {
	b := open(t, ViewCheck, wide, controltest.New(), nil) // it follows nobody
	b.mustSay("There is something to check as soon as the engine runs.")
	b.shortcut(fyne.KeyR)
	b.mustSay("There is something to check as soon as the engine runs.")
}

func TestCheckIsDrawn(t *testing.T) {
	for name, size := range map[string]fyne.Size{"wide": wide, "small": small} {
		engine := controltest.New()
		engine.CheckFunc = checkRows
		b := open(t, ViewCheck, size, engine, nil).follow()
		b.until("the results", func() bool { return b.says("Leak test") })
		b.win.Canvas().Unfocus()
		test.AssertObjectRendersToMarkup(t, "check_"+name+".xml", b.w.check.root)
	}
}
