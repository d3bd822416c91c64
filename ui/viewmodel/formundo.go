package viewmodel

import (
	"slices"

	"dotproxy/app/control"
	"dotproxy/app/words"
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
	did := words.N("Saved: {{.N}} changes.", len(f.typed))
	f.Revert()
	f.took(s, undo{before: f.base, did: did, back: true})
}

// Imported tells the form that the engine took s, which a file held. What is
// typed waits on.
func (f *Form) Imported(s control.Settings) {
	did := words.N("Imported: {{.N}} changes.", len(f.Differences(s)))
	f.took(s, undo{before: f.base, did: did, back: true})
}

// Undone tells the form that the engine took s, which Undo returned.
func (f *Form) Undone(s control.Settings) {
	f.took(s, undo{did: words.T("Put back as it was before.")})
}

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
		list = append(list, LabelComputerDNS())
	}
	if !sameRules(f.base, s) {
		list = append(list, LabelNetworks())
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

// LabelComputerDNS and LabelAtLogin are those of what is switched beside the
// form.
func LabelComputerDNS() string { return words.T("Use as this computer’s DNS") }

// LabelAtLogin is that of the start at login.
func LabelAtLogin() string { return words.T("Start at login") }

// ImportQuestion asks whether s, from a file of that name, shall replace what is
// saved; ok is false where it would change nothing, which the text says.
func (f *Form) ImportQuestion(name string, s control.Settings) (text string, ok bool) {
	list := f.Differences(s)
	if len(list) == 0 {
		return words.T("{{.File}} says what is set already. Nothing was changed.", "File", control.Quote(name)), false
	}
	text = words.N("{{.File}} changes {{.N}} settings: {{.Names}}.", len(list), "File", control.Quote(name), "Names", words.List(list))
	if !f.ListensBeyond() {
		then := NewForm()
		if then.Load(s, f.providers, f.demo); then.ListensBeyond() {
			text = words.Join(text, then.Hint(FieldListen))
		}
	}
	if f.pausesMore(s) {
		text = words.Join(text, words.T("A rule for a network in it pauses."), words.Said(control.PauseWarning))
	}
	return text, true
}
