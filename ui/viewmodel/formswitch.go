package viewmodel

import "dotproxy/app/control"

// On tells whether a switch is on, as it was put last.
func (f *Form) On(field Field) bool {
	for _, t := range f.turns {
		if t.field == field {
			return t.on
		}
	}
	return f.saved(field)
}

func (f *Form) saved(field Field) bool { return *switches[field](&f.base) }

// turn is a switch that was put and is not saved yet.
type turn struct {
	field Field
	on    bool
}

// Turn puts a switch. It acts as soon as what NextTurn returns is saved.
func (f *Form) Turn(field Field, on bool) {
	delete(f.refused, field)
	for i := range f.turns {
		if f.turns[i].field == field {
			f.turns[i].on = on
			return
		}
	}
	f.turns = append(f.turns, turn{field, on})
}

// NextTurn returns the saved settings with the first switch that waits put as
// it was; what is typed waits for Apply. ok is false where none waits.
func (f *Form) NextTurn() (s control.Settings, ok bool) {
	for len(f.turns) > 0 {
		t := f.turns[0]
		if f.saved(t.field) != t.on {
			s = f.base.Clone()
			*switches[t.field](&s) = t.on
			return s, true
		}
		f.turns = f.turns[1:] // put back before it was sent
	}
	return control.Settings{}, false
}

// Turned ends what NextTurn began: problem is why s was refused, which gives
// the switch its old value back, or nil.
func (f *Form) Turned(s control.Settings, problem *control.Problem) {
	if len(f.turns) == 0 {
		return
	}
	t := f.turns[0]
	if problem != nil {
		f.turns = f.turns[1:]
		f.refused[t.field] = Told(problem)
		return
	}
	if *switches[t.field](&s) == t.on {
		f.turns = f.turns[1:]
	}
	f.Load(s, f.providers, f.demo)
}
