package viewmodel

import (
	"errors"
	"testing"
)

func TestOutside(t *testing.T) {
	var o Outside
	o.See(false, "It is off", Neutral)
	if !o.Turn(true) || o.Turn(false) || !o.On() {
		t.Error("a switch that is being turned can be turned again, or does not show it")
	}
	o.See(false, "It is off", Neutral) // what is known meanwhile
	if text, _ := o.Text(); !o.On() || text != "Being turned on…" {
		t.Errorf("on %v, %q", o.On(), text)
	}
	o.Done(errors.New("It was refused."))
	if text, tone := o.Text(); o.On() || text != "It was refused." || tone != Bad {
		t.Errorf("on %v, %q", o.On(), text)
	}
	o.See(false, "It is off", Neutral)
	if text, _ := o.Text(); text != "It was refused." {
		t.Errorf("the reason goes before it can be read: %q", text)
	}
	o.See(true, "It is on", Warn) // somebody else did it
	if text, tone := o.Text(); !o.On() || text != "It is on" || tone != Warn {
		t.Errorf("on %v, %q", o.On(), text)
	}
	o.Turn(false)
	if o.Done(nil); o.On() {
		t.Error("what was turned off is on until it is looked at")
	}
}

func TestOutsideInItsOwnWords(t *testing.T) {
	o := Outside{Working: ComputerWorking}
	for _, on := range []bool{true, false} {
		o.Turn(on)
		if text, _ := o.Text(); text != ComputerWorking(on) {
			t.Errorf("%q", text)
		}
		o.Done(nil)
	}
	if AtLogin(true) == AtLogin(false) {
		t.Error("start at login says the same on and off")
	}
}
