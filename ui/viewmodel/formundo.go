package viewmodel

import (
	"slices"
	"strings"

	"dotproxy/app/control"
)

// undo leads back from what was saved last.
type undo struct {
	before, after control.Settings
	// did says what was saved.
	did string
	// back is set where before can be had again.
	back bool
}

// Done says what was saved last, empty once something else changed the settings
// or Dismiss was called.
func (f *Form) Done() string { return f.undo.did }

// CanUndo tells whether what was saved last can be taken back.
func (f *Form) CanUndo() bool { return f.undo.back }

// Undo returns the settings as they were before.
func (f *Form) Undo() control.Settings { return f.undo.before.Clone() }

// Dismiss forgets what was saved last.
func (f *Form) Dismiss() { f.undo = undo{} }

// Saved tells the form that the engine took s, which Settings returned.
func (f *Form) Saved(s control.Settings) {
	did := "Saved: " + Plural(len(f.typed), "change", "changes") + "."
	f.Revert()
	f.took(s, undo{before: f.base, did: did, back: true})
}

// Imported tells the form that the engine took s, which a file held. What is
// typed waits on.
func (f *Form) Imported(s control.Settings) {
	did := "Imported: " + Plural(len(f.Differences(s)), "change", "changes") + "."
	f.took(s, undo{before: f.base, did: did, back: true})
}

// Undone tells the form that the engine took s, which Undo returned.
func (f *Form) Undone(s control.Settings) { f.took(s, undo{did: "Put back as it was before."}) }

func (f *Form) took(s control.Settings, u undo) {
	f.bundle = bundleCheck{}
	u.after = s.Clone()
	f.undo = u
	f.Load(s, f.providers, f.demo)
}

// Differences are the labels of what is otherwise in s than what is saved, from
// top to bottom.
func (f *Form) Differences(s control.Settings) []string {
	now, then := NewForm(), NewForm()
	now.Load(f.base, f.providers, f.demo)
	then.Load(s, f.providers, f.demo)
	var list []string
	if f.base.SystemDNS != s.SystemDNS {
		list = append(list, LabelComputerDNS)
	}
	if !sameRules(f.base, s) {
		list = append(list, LabelNetworks)
	}
	for _, field := range slices.Concat(Fields(), Switches()) {
		same := false
		if _, isSwitch := switches[field]; isSwitch {
			same = now.On(field) == then.On(field)
		} else {
			same = now.same(field, then.Value(field))
		}
		if !same {
			list = append(list, field.Label())
		}
	}
	return list
}

// The labels of what is switched beside the form.
const (
	LabelComputerDNS = "Use as this computer’s DNS"
	LabelAtLogin     = "Start at login"
)

// ImportQuestion asks whether s, from a file of that name, shall replace what is
// saved; ok is false where it would change nothing, which the text says.
func (f *Form) ImportQuestion(name string, s control.Settings) (text string, ok bool) {
	list := f.Differences(s)
	if len(list) == 0 {
		return control.Quote(name) + " says what is set already. Nothing was changed.", false
	}
	text = control.Quote(name) + " changes " + Plural(len(list), "setting", "settings") + ": " + strings.Join(list, ", ") + "."
	if !f.ListensBeyond() {
		then := NewForm()
		if then.Load(s, f.providers, f.demo); then.ListensBeyond() {
			text += " " + then.Hint(FieldListen)
		}
	}
	if f.pausesMore(s) {
		text += " A rule for a network in it pauses. " + control.PauseWarning
	}
	return text, true
}
