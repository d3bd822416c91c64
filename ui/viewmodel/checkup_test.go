package viewmodel

import (
	"errors"
	"strings"
	"testing"

	"dotproxy/app/control"
)

// rowOf is a row with a result.
func rowOf(result string) control.CheckRow {
	return control.CheckRow{ID: "leak", Result: result, Title: "Leak test", Sentence: "It is " + result + "."}
}

func TestCheckSummary(t *testing.T) {
	for _, c := range []struct {
		results []string
		want    string
	}{
		{nil, ""},
		{[]string{"ok", "ok"}, "2 of 2 fine."},
		{[]string{"ok", "failed", "warning", "unknown"}, "1 of 4 fine, 1 failed, 1 note, 1 not known."},
		{[]string{"warning", "failed", "warning", "failed"}, "0 of 4 fine, 2 failed, 2 notes."},
		{[]string{"newer"}, "0 of 1 fine."},
	} {
		var k Checkup
		k.Begin(connected(control.Status{}))
		var rows []control.CheckRow
		for _, r := range c.results {
			rows = append(rows, rowOf(r))
		}
		k.Done(rows, nil)
		if got := k.Summary(); got != c.want {
			t.Errorf("%v: %q, want %q", c.results, got, c.want)
		}
	}
}

func TestCheckRunsWithEachState(t *testing.T) {
	var k Checkup
	v := connected(control.Status{State: control.Protected, Provider: "quad9"})
	if k.Due(View{Link: Gone}) || k.Begin(View{Link: Gone}) {
		t.Error("it looks at an engine that is not there")
	}
	if !k.Due(v) || !k.Begin(v) || !k.Running() {
		t.Fatal("the first check does not begin")
	}
	if k.Due(v) || k.Begin(v) {
		t.Error("a second one begins beside it")
	}
	if rows := k.Rows(); len(rows) != len(checkTitles) || rows[0].Result != CheckRunning || !strings.Contains(k.Summary(), "…") {
		t.Errorf("meanwhile it shows %+v", rows)
	}
	k.Done([]control.CheckRow{rowOf(control.CheckOK)}, nil)
	if v.Status.Counters.Queries = 7; k.Due(v) {
		t.Error("a query has it run again")
	}
	for name, change := range map[string]func(*View){
		"state":    func(v *View) { v.Status.State = control.Degraded },
		"provider": func(v *View) { v.Status.Provider = "google" },
		"listen":   func(v *View) { v.Status.Listen = []string{"[::1]:53"} },
		"problem":  func(v *View) { v.Status.Problem = &control.Problem{Code: control.CodeLeak} },
		"system":   func(v *View) { v.Status.SystemDNS = true },
		"networks": func(v *View) { v.Status.Networks = []string{"Wi-Fi"} },
		"backups":  func(v *View) { v.Settings.Upstreams = []string{"quad9", "google"} },
	} {
		other := v
		if change(&other); !k.Due(other) {
			t.Errorf("another %s does not have it run again", name)
		}
	}
	if k.Begin(v); len(k.Rows()) != 1 || k.Rows()[0].Result != control.CheckOK {
		t.Errorf("while it runs again it shows %+v", k.Rows())
	}
}

func TestCheckWithoutRows(t *testing.T) {
	v := connected(control.Status{})
	refused := &control.Problem{Message: "Another user’s.", Hint: "Ask them."}
	var k Checkup
	for _, c := range []struct {
		view  View
		title string
		says  string
	}{
		{View{Link: Looking}, "Nothing to check", "as soon as the engine runs"},
		{View{Link: Refused, Problem: refused}, "Nothing to check", "Another user’s. Ask them."},
		{v, "Nothing was looked at yet", "Check again"},
	} {
		if e := k.Empty(c.view); e.Title != c.title || !strings.Contains(e.Sentence, c.says) {
			t.Errorf("%+v: %+v", c.view.Link, e)
		}
	}
	k.Begin(v)
	if e := k.Empty(v); e != (Empty{}) {
		t.Errorf("while it runs: %+v", e)
	}
	k.Done([]control.CheckRow{rowOf(control.CheckOK)}, errors.New("broken pipe"))
	if e := k.Empty(v); e.Title != "The check did not end" || !strings.Contains(e.Sentence, "broken pipe") {
		t.Errorf("after an error: %+v", e)
	}
	k.Begin(v)
	k.Done([]control.CheckRow{rowOf(control.CheckOK)}, nil)
	if k.Lost(); len(k.Rows()) != 0 || !k.Due(v) {
		t.Error("what an engine said outlives it")
	}
}

func TestCheckReport(t *testing.T) {
	var k Checkup
	v := connected(control.Status{Version: "1.2.3"})
	k.Begin(v)
	k.Done([]control.CheckRow{rowOf("ok"), rowOf("warning"), rowOf("failed"), rowOf("unknown")}, nil)
	want := "DoT Proxy 1.2.3: 1 of 4 fine, 1 failed, 1 note, 1 not known.\n" +
		"ok\tLeak test\tIt is ok.\nnote\tLeak test\tIt is warning.\nFAILED\tLeak test\tIt is failed.\n–\tLeak test\tIt is unknown.\n"
	if got := k.Report(v); got != want {
		t.Errorf("got %q", got)
	}
}
