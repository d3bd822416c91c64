package window

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/ui/viewmodel"
)

// settings is the view of what the engine has saved. A switch acts at once;
// what is typed waits for Apply.
type settings struct {
	root   *fyne.Container
	body   *fyne.Container
	scroll *container.Scroll
	absent *text
	demo   *text
	// encryption is left out in a demo, which has its own.
	encryption fyne.CanvasObject
	// advanced is shown once it is opened.
	advanced *fyne.Container
	more     *button
	form     *viewmodel.Form
	fields   map[viewmodel.Field]*field
	levels   *choices
	system   *button
	bar      *panel
	mark     *widget.Icon
	state    *text
	apply    *button
	loaded   loaded
	// busy while the engine is asked, turning where it is for a switch.
	busy, turning bool
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

func newSettings(form *viewmodel.Form, keys shortcuts, send func(control.Settings), browse func(func(string))) *settings {
	s := &settings{form: form, fields: map[viewmodel.Field]*field{}, send: send, browse: browse}
	s.absent = newWrapped("Settings can be changed as soon as the engine runs.", textNormal, colorText2)
	s.scroll = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 14, 0, scrollRoom), s.sections(keys)))
	s.body = container.New(&overhang{}, container.NewThemeOverride(s.scroll, noShadow{}))
	top := container.New(&rows{gap: 12, stretch: 2}, newBold("Settings", textTitle), s.absent, s.body)
	s.root = container.New(&rows{stretch: 0}, top, s.newBar())
	s.render()
	return s
}

// sections are the groups from top to bottom.
func (s *settings) sections(keys shortcuts) fyne.CanvasObject {
	const number = 110
	s.encryption = s.section("Encryption", s.choiceRow(viewmodel.FieldProvider, keys), s.choiceRow(viewmodel.FieldBackups, keys), s.bundleRow(keys))
	s.demo = newWrapped("The demo asks only its own server and trusts only that one’s certificate. End it to choose a provider.", textSmall, colorText2)
	s.advanced = vbox(8,
		s.card(s.entryRow(viewmodel.FieldMinTTL, number, keys), s.entryRow(viewmodel.FieldMaxTTL, number, keys)),
		s.card(s.entryRow(viewmodel.FieldBurst, number, keys), s.entryRow(viewmodel.FieldBlockAfter, number, keys),
			s.entryRow(viewmodel.FieldBlockWindow, number, keys), s.entryRow(viewmodel.FieldBlockFor, number, keys),
			s.switchRow(viewmodel.SwitchLoopback)))
	s.advanced.Hide()
	s.more = newButton("Advanced", nil, func() { s.open(s.advanced.Hidden) })
	s.more.Importance = widget.LowImportance
	return vbox(8,
		s.section("Listening", s.entryRow(viewmodel.FieldPort, number, keys), s.entryRow(viewmodel.FieldListen, 250, keys)),
		s.section("Who may ask", s.entryRow(viewmodel.FieldAccess, 250, keys), s.entryRow(viewmodel.FieldPerSecond, number, keys)),
		s.encryption, s.demo,
		s.section("Answers", s.entryRow(viewmodel.FieldCache, number, keys), s.entryRow(viewmodel.FieldStale, number, keys), s.switchRow(viewmodel.SwitchPersist)),
		s.section("Names", s.switchRow(viewmodel.SwitchHosts), s.linesRow(viewmodel.FieldOverrides, "nas.home.arpa = 192.168.1.10", keys),
			s.linesRow(viewmodel.FieldRoutes, "example.com = tls://10.0.0.53", keys),
			s.switchRow(viewmodel.SwitchLocal), s.switchRow(viewmodel.SwitchCanary), s.switchRow(viewmodel.SwitchRebinding)),
		s.section("Privacy", s.levelRow(), s.switchRow(viewmodel.SwitchKeep), s.switchRow(viewmodel.SwitchSubnet), s.switchRow(viewmodel.SwitchRace)),
		container.NewHBox(s.more), s.advanced)
}

// open shows or hides what is rarely needed.
func (s *settings) open(on bool) {
	s.advanced.Hidden = !on
	s.render()
	s.scroll.Refresh()
}

func (s *settings) section(title string, lines ...fyne.CanvasObject) fyne.CanvasObject {
	head := newBold(title, textSmall)
	head.color = colorText2
	return vbox(6, head, s.card(lines...))
}

func (s *settings) card(lines ...fyne.CanvasObject) fyne.CanvasObject {
	list := vbox(0)
	for i, line := range lines {
		if i > 0 {
			list.Add(widget.NewSeparator())
		}
		list.Add(atLeast(line, 0, 52))
	}
	return newPanel(list, colorSurface, theme.ColorNameSeparator, radiusCard, 14, 0)
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
		if f.toggle != nil {
			f.toggle.set(s.form.On(name))
		}
		switch {
		case wrong != "":
			f.hint.set(wrong, theme.ColorNameError)
		case s.form.Warns(name):
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
	s.renderAdvanced()
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

// renderAdvanced opens what is rarely needed where a value in it is wrong.
func (s *settings) renderAdvanced() {
	if slices.ContainsFunc(s.form.Wrong(), viewmodel.Field.Advanced) {
		s.advanced.Hidden = false
	}
	icon := theme.MenuDropDownIcon()
	if s.advanced.Hidden {
		icon = theme.MenuExpandIcon()
	}
	s.more.set("Advanced", icon)
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

// turn puts a switch, which acts as soon as the engine is not asked for
// something else.
func (s *settings) turn(name viewmodel.Field, on bool) {
	s.form.Turn(name, on)
	s.nextTurn()
	s.render()
}

func (s *settings) nextTurn() {
	if s.busy {
		return
	}
	if what, ok := s.form.NextTurn(); ok {
		s.busy, s.turning = true, true
		s.send(what)
	}
}

// sent ends what was sent; problem is why the engine refused, or nil.
func (s *settings) sent(what control.Settings, problem *control.Problem) {
	turning := s.turning
	s.busy, s.turning = false, false
	switch {
	case turning:
		s.form.Turned(what, problem)
	case problem == nil:
		s.form.Saved(what)
	case !s.form.Refuse(problem):
		s.failure = problem.Error()
	}
	if problem == nil {
		s.loaded.settings = what
		s.fill()
	}
	s.nextTurn()
	s.render()
}
