package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// task is what the engine is asked for.
type task int

const (
	none task = iota
	applying
	turning
	importing
	undoing
	ruling
)

// bar stands under the settings while something waits for Apply, and where
// there is something to say of what was saved.
type bar struct {
	panel *panel
	mark  *widget.Icon
	state *text
	// What can be done: with what is typed, with what was saved, and with what
	// was only said.
	revert, apply, undo, dismiss *button
}

func (s *settings) newBar() fyne.CanvasObject {
	b := &s.bar
	b.mark = widget.NewIcon(nil)
	b.state = newWrapped("", textNormal, colorTextPlain)
	b.apply = newFilled(words.T("Apply"), s.submit)
	b.undo = newButton(words.T("Undo"), nil, s.undo)
	b.dismiss = newButton(words.T("Close"), nil, s.dismiss)
	b.revert = newButton(words.T("Revert"), nil, func() {
		s.form.Revert()
		s.forget()
		s.fill()
	})
	line := container.NewBorder(nil, nil, padded(atLeast(b.mark, 18, 18), 4, 0), hbox(8, b.undo, b.dismiss, b.revert, b.apply), middle(b.state))
	b.panel = newPanel(line, colorSurface, theme.ColorNameSeparator, radiusCard, 12, 8)
	return container.New(layout.NewCustomPaddedLayout(8, 0, 0, 0), b.panel)
}

func (s *settings) renderBar() {
	b := &s.bar
	typed := len(s.form.Changes()) > 0
	text, color, icon := s.form.Summary(), theme.ColorNameForeground, coloured(theme.InfoIcon(), theme.ColorNamePrimary)
	wrong := coloured(theme.ErrorIcon(), theme.ColorNameError)
	switch {
	case s.failure != "":
		text, color, icon = s.failure, theme.ColorNameError, wrong
	case typed && len(s.form.Wrong()) > 0:
		icon = wrong
	case typed:
	case s.note != "":
		text = s.note
	default:
		text, icon = s.form.Done(), coloured(theme.ConfirmIcon(), theme.ColorNameSuccess)
	}
	b.panel.Hidden = text == "" || s.body.Hidden
	b.revert.Hidden, b.apply.Hidden, b.dismiss.Hidden = !typed, !typed, typed
	b.undo.Hidden = typed || s.failure != "" || s.note != "" || !s.form.CanUndo()
	b.apply.enable(s.form.CanApply() && s.busy == none)
	b.undo.enable(s.busy == none)
	b.state.set(text, color)
	b.mark.SetResource(icon)
}

// fail says what could not be done, say what was.
func (s *settings) fail(text string) {
	s.failure, s.note = text, ""
	s.render()
}

func (s *settings) say(text string) {
	s.failure, s.note = "", text
	s.render()
}

// forget ends what was said.
func (s *settings) forget() { s.failure, s.note = "", "" }

func (s *settings) dismiss() {
	s.forget()
	s.form.Dismiss()
	s.render()
}

// submit sends the form, unless a field is wrong.
func (s *settings) submit() {
	if s.busy == none && s.form.CanApply() {
		s.begin(applying, s.form.Settings())
	}
}

// undo sends what was saved before.
func (s *settings) undo() {
	if s.busy == none && s.form.CanUndo() {
		s.begin(undoing, s.form.Undo())
	}
}

// take sends what a file of that name holds.
func (s *settings) take(name string, what control.Settings) {
	if s.busy != none {
		s.fail(words.T("The settings are being changed just now. Import {{.File}} again.", "File", control.Quote(name)))
		return
	}
	s.file = name
	s.begin(importing, what)
}

func (s *settings) begin(t task, what control.Settings) {
	s.busy = t
	s.forget()
	s.render()
	s.tasks.send(what)
}

// turn puts a switch, which acts as soon as the engine is not asked for
// something else.
func (s *settings) turn(name viewmodel.Field, on bool) {
	s.form.Turn(name, on)
	s.nextTurn()
	s.render()
}

func (s *settings) nextTurn() {
	if s.busy != none {
		return
	}
	if what, ok := s.form.NextTurn(); ok {
		s.busy = turning
		s.tasks.send(what)
	}
}

// sent ends what was sent; problem is why the engine refused, or nil.
func (s *settings) sent(what control.Settings, problem *control.Problem) {
	was := s.busy
	s.busy = none
	switch {
	case was == turning:
		s.form.Turned(what, problem)
	case problem != nil && was == importing:
		s.failure = words.Join(words.T("{{.File}} was refused: {{.Error}}", "File", control.Quote(s.file), "Error", viewmodel.Told(problem)), words.T("Nothing was changed."))
	case problem != nil && (was == undoing || was == ruling || !s.form.Refuse(problem)):
		s.failure = viewmodel.Told(problem)
	case problem != nil: // at its field
	case was == applying:
		s.form.Saved(what)
	case was == importing:
		s.form.Imported(what)
	case was == ruling:
		s.form.Ruled(what, s.networks.did)
	case was == undoing:
		s.form.Undone(what)
	}
	if problem == nil {
		s.loaded.settings = what
		s.fill()
	}
	s.nextTurn()
	s.render()
}
