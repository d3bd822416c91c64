package viewmodel

import (
	"errors"
	"testing"

	"dotproxy/app/control"
)

func checked(state control.State) View {
	return View{Link: Connected, Status: control.Status{State: state, Provider: "quad9"}}
}

func TestWhenToCheck(t *testing.T) {
	var c Check
	if c.See(View{Link: Gone}) || c.Summary() != "There is something to check as soon as the engine runs." {
		t.Errorf("without an engine: %q", c.Summary())
	}
	if !c.See(checked(control.Protected)) {
		t.Fatal("the first time is not looked")
	}
	if c.See(checked(control.Protected)) || c.Summary() != "Looking, which takes up to five seconds …" {
		t.Errorf("while it looks: %q", c.Summary())
	}
	if c.See(checked(control.Failed)) {
		t.Error("two at once")
	}
	if !c.Done([]control.CheckRow{{Result: control.CheckOK}}, nil) {
		t.Error("what changed meanwhile is not looked at")
	}
	if !c.Begin() || c.Done(nil, errors.New("The engine is gone.")) || c.Failure() != "The engine is gone." || len(c.Rows()) != 1 {
		t.Errorf("a failure: %q, %v", c.Failure(), c.Rows())
	}
	if c.See(checked(control.Failed)) {
		t.Error("nothing changed, and it looks again")
	}
	for _, change := range []func(*View){
		func(v *View) { v.Status.SystemDNS = true },
		func(v *View) { v.Status.Provider = "google" },
		func(v *View) { v.Status.Variant = control.VariantNotInUse },
	} {
		v := checked(control.Failed)
		change(&v)
		if !c.See(v) {
			t.Errorf("%+v is not looked at", v.Status)
		}
		c.Done(nil, nil)
	}
	c.See(View{Link: Gone})
	if len(c.Rows()) != 0 || !c.See(checked(control.Failed)) {
		t.Error("an engine that is back is not looked at")
	}
}

func TestCheckSummary(t *testing.T) {
	var c Check
	c.See(checked(control.Protected))
	c.Done([]control.CheckRow{
		{Result: control.CheckOK, Title: "Encryption", Sentence: "TLS 1.3."}, {Result: control.CheckOK, Title: "IPv6", Sentence: "None."},
		{Result: control.CheckFailed, Title: "Leak test", Sentence: "It leaks."}, {Result: control.CheckWarning}, {Result: control.CheckUnknown},
	}, nil)
	if got := c.Summary(); got != "2 of 5 fine, 1 failed, 1 to look at, 1 unknown." {
		t.Errorf("it says %q", got)
	}
	c.Begin()
	if got := c.Summary(); got != "2 of 5 fine, 1 failed, 1 to look at, 1 unknown. Looking again …" {
		t.Errorf("it says %q", got)
	}
	if got := c.Report()[:len("OK: Encryption: TLS 1.3.\nOK: IPv6: None.\nFAILED: Leak test: It leaks.\n")]; got != "OK: Encryption: TLS 1.3.\nOK: IPv6: None.\nFAILED: Leak test: It leaks.\n" {
		t.Errorf("the report is %q", got)
	}
	c.Fail(errors.New("No."))
	if c.Failure() != "No." {
		t.Error("a remedy that failed is not told")
	}
	if c.Fail(nil); c.Failure() != "" {
		t.Error("it is told for ever")
	}
}
