package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/ui/viewmodel"
)

// settings is the view of what the engine has saved. Everything in it waits
// for Apply.
type settings struct {
	root   *fyne.Container
	body   *fyne.Container
	absent *text
	demo   *text
	// encryption is left out in a demo, which has its own.
	encryption fyne.CanvasObject
	form       *viewmodel.Form
	fields     map[viewmodel.Field]*field
	levels     *choices
	system     *button
	bar        *panel
	mark       *widget.Icon
	state      *text
	apply      *button
	loaded     loaded
	busy       bool
	// failure is why the last Apply was refused, where no field is to blame.
	failure string

	send   func(control.Settings)
	browse func(chosen func(path string))
}

// loaded is what the form was filled with.
type loaded struct {
	settings  control.Settings
	providers int
	demo, any bool
}

// field is one line of the form.
type field struct {
	hint    *text
	edge    *outline
	set     func(string)
	options func([]string)
	row     fyne.CanvasObject
}

func newSettings(form *viewmodel.Form, keys shortcuts, send func(control.Settings), browse func(func(string))) *settings {
	s := &settings{form: form, fields: map[viewmodel.Field]*field{}, send: send, browse: browse}
	s.absent = newWrapped("Settings can be changed as soon as the engine runs.", textNormal, colorText2)
	s.encryption = s.section("Encryption", s.choiceRow(viewmodel.FieldProvider, keys), s.choiceRow(viewmodel.FieldBackups, keys), s.bundleRow(keys))
	s.demo = newWrapped("The demo asks only its own server and trusts only that one’s certificate. End it to choose a provider.", textSmall, colorText2)
	sections := vbox(8,
		s.section("Listening", s.entryRow(viewmodel.FieldPort, 110, keys), s.entryRow(viewmodel.FieldListen, 250, keys)),
		s.encryption, s.demo,
		s.section("Log and cache", s.levelRow(), s.entryRow(viewmodel.FieldCache, 110, keys)))
	scroll := container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 14, 0, scrollRoom), sections))
	s.body = container.New(&overhang{}, container.NewThemeOverride(scroll, noShadow{}))
	top := container.New(&rows{gap: 12, stretch: 2}, newBold("Settings", textTitle), s.absent, s.body)
	s.root = container.New(&rows{stretch: 0}, top, s.newBar())
	s.render()
	return s
}

func (s *settings) section(title string, lines ...fyne.CanvasObject) fyne.CanvasObject {
	head := newBold(title, textSmall)
	head.color = colorText2
	list := vbox(0)
	for i, line := range lines {
		if i > 0 {
			list.Add(widget.NewSeparator())
		}
		list.Add(atLeast(line, 0, 52))
	}
	return vbox(6, head, newPanel(list, colorSurface, theme.ColorNameSeparator, radiusCard, 14, 0))
}

// line sets label and hint beside an input of a width.
func (s *settings) line(name viewmodel.Field, f *field, width float32, input fyne.CanvasObject) fyne.CanvasObject {
	f.hint = newWrapped("", textCaption, colorText2)
	words := vbox(0, newText(name.Label(), textNormal, colorTextPlain), f.hint)
	f.row = container.New(layout.NewCustomPaddedLayout(6, 6, 0, 0),
		container.New(&fieldLayout{width: width}, middle(words), middle(atLeast(input, 0, 32))))
	s.fields[name] = f
	return f.row
}

// scrollRoom is for the scroll bar, which stands in the view's margin.
const scrollRoom = 13

// overhang lets its object reach into the view's margin on the right.
type overhang struct{}

// Layout implements fyne.Layout.
func (overhang) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	objs[0].Move(fyne.Position{})
	objs[0].Resize(size.AddWidthHeight(scrollRoom, 0))
}

// MinSize implements fyne.Layout.
func (overhang) MinSize(objs []fyne.CanvasObject) fyne.Size { return objs[0].MinSize() }

// fieldLayout gives the input its width and the words what is left; in a
// narrow window the input may shrink to half.
type fieldLayout struct{ width float32 }

// Layout implements fyne.Layout.
func (l *fieldLayout) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	wide := min(l.width, size.Width/2)
	objs[0].Move(fyne.Position{})
	objs[0].Resize(fyne.NewSize(size.Width-wide-16, size.Height))
	objs[1].Move(fyne.NewPos(size.Width-wide, 0))
	objs[1].Resize(fyne.NewSize(wide, size.Height))
}

// MinSize implements fyne.Layout.
func (l *fieldLayout) MinSize(objs []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(360, max(objs[0].MinSize().Height, objs[1].MinSize().Height))
}

func (s *settings) entryRow(name viewmodel.Field, width float32, keys shortcuts) fyne.CanvasObject {
	e := newEntry(keys, func(text string) { s.typed(name, text) })
	e.OnSubmitted = func(string) { s.submit() }
	input, edge := edged(e)
	f := &field{edge: edge, set: e.SetText}
	return s.line(name, f, width, input)
}

func (s *settings) choiceRow(name viewmodel.Field, keys shortcuts) fyne.CanvasObject {
	e := newSelectEntry(keys, func(text string) { s.typed(name, text) })
	e.OnSubmitted = func(string) { s.submit() }
	input, edge := edged(e)
	f := &field{edge: edge, set: e.SetText, options: e.SetOptions}
	return s.line(name, f, 270, input)
}

func (s *settings) bundleRow(keys shortcuts) fyne.CanvasObject {
	e := newEntry(keys, func(text string) { s.typed(viewmodel.FieldBundle, text) })
	e.OnSubmitted = func(string) { s.submit() }
	e.SetPlaceHolder("System’s roots")
	input, edge := edged(e)
	s.system = newButton("System’s roots", nil, func() { e.SetText("") })
	browse := newButton("Browse…", nil, func() { s.browse(e.SetText) })
	f := &field{edge: edge, set: e.SetText}
	return s.line(viewmodel.FieldBundle, f, 480, container.NewBorder(nil, nil, nil, hbox(8, s.system, browse), padded(input, 2, 0)))
}

func (s *settings) levelRow() fyne.CanvasObject {
	var labels []string
	for _, l := range viewmodel.Levels() {
		labels = append(labels, l.Label)
	}
	s.levels = newChoices(labels, func(i int) {
		s.typed(viewmodel.FieldPrivacy, string(viewmodel.Levels()[i].Value))
	})
	f := &field{edge: newOutline(colorNothing), set: func(string) {}}
	return s.line(viewmodel.FieldPrivacy, f, 250, container.NewHBox(layout.NewSpacer(), middle(s.levels.Container)))
}

func (s *settings) newBar() fyne.CanvasObject {
	s.mark = widget.NewIcon(nil)
	s.state = newWrapped("", textNormal, colorTextPlain)
	s.apply = newFilled("Apply", s.submit)
	revert := newButton("Revert", nil, func() {
		s.form.Revert()
		s.failure = ""
		s.fill()
	})
	line := container.NewBorder(nil, nil, padded(atLeast(s.mark, 18, 18), 4, 0), hbox(8, revert, s.apply), middle(s.state))
	s.bar = newPanel(line, colorSurface, theme.ColorNameSeparator, radiusCard, 12, 8)
	return container.New(layout.NewCustomPaddedLayout(8, 0, 0, 0), s.bar)
}

// show takes what is known of the engine.
func (s *settings) show(v viewmodel.View) {
	ready := v.Link == viewmodel.Connected && v.HasSettings
	s.absent.Hidden, s.body.Hidden = ready, !ready
	now := loaded{settings: v.Settings, providers: len(v.Providers), demo: v.Status.Demo, any: true}
	if was := s.loaded; ready && (!was.any || !was.settings.Equal(now.settings) || was.providers != now.providers || was.demo != now.demo) {
		s.loaded = now
		s.form.Load(v.Settings, v.Providers, v.Status.Demo)
		s.fill()
	}
	s.render()
}

// fill writes the form's texts into the inputs.
func (s *settings) fill() {
	names := s.form.ProviderNames()
	for name, f := range s.fields {
		if f.options != nil {
			list := names
			if name == viewmodel.FieldBackups {
				list = append([]string{viewmodel.NoBackup}, names...)
			}
			f.options(list)
		}
		f.set(s.form.Value(name))
	}
	s.render()
}

func (s *settings) typed(name viewmodel.Field, text string) {
	s.form.Set(name, text)
	s.failure = ""
	s.render()
}

// render draws marks, hints and the bar.
func (s *settings) render() {
	for name, f := range s.fields {
		wrong := s.form.Error(name)
		f.edge.mark(wrong != "")
		switch {
		case wrong != "":
			f.hint.set(wrong, theme.ColorNameError)
		case name == viewmodel.FieldListen && s.form.ListensBeyond():
			f.hint.set(s.form.Hint(name), theme.ColorNameWarning)
		default:
			f.hint.set(s.form.Hint(name), colorText2)
		}
	}
	for i, l := range viewmodel.Levels() {
		if string(l.Value) == s.form.Value(viewmodel.FieldPrivacy) {
			s.levels.choose(i)
		}
	}
	s.system.Hidden = s.form.Value(viewmodel.FieldBundle) == ""
	s.demo.Hidden = !s.form.Demo()
	if s.form.Demo() {
		s.encryption.Hide()
	} else {
		s.encryption.Show()
	}
	s.renderBar()
	s.root.Refresh()
}

func (s *settings) renderBar() {
	s.bar.Hidden = len(s.form.Changes()) == 0 || s.body.Hidden
	wrong := len(s.form.Wrong()) > 0
	s.apply.enable(s.form.CanApply() && !s.busy)
	s.state.set(s.form.Summary(), colorTextPlain)
	if s.failure != "" {
		s.state.set(s.failure, theme.ColorNameError)
	}
	icon := coloured(theme.InfoIcon(), theme.ColorNamePrimary)
	if wrong || s.failure != "" {
		icon = coloured(theme.ErrorIcon(), theme.ColorNameError)
	}
	s.mark.SetResource(icon)
}

// submit sends the form, unless a field is wrong.
func (s *settings) submit() {
	if s.busy || !s.form.CanApply() {
		return
	}
	s.busy, s.failure = true, ""
	s.render()
	s.send(s.form.Settings())
}

// sent ends a submit; problem is why the engine refused, or nil.
func (s *settings) sent(what control.Settings, problem *control.Problem) {
	s.busy = false
	switch {
	case problem == nil:
		s.form.Saved(what)
		s.loaded.settings = what
		s.fill()
	case !s.form.Refuse(problem):
		s.failure = problem.Error()
	}
	s.render()
}
