package window

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// settings is the view of what the engine has saved. A switch acts at once;
// what is typed waits for Apply.
type settings struct {
	root   *fyne.Container
	body   *fyne.Container
	scroll *scroll
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
	bar      bar
	loaded   loaded
	// computer and login are switched beside the form; login is nil where nobody
	// can tell, and looked at last at looked.
	computer, login *outside
	networks        networks
	looked          time.Time
	// busy is what the engine is asked for just now, file what is imported.
	busy task
	file string
	// failure is what could not be done, where no field is to blame; note is
	// something else to say.
	failure, note string

	tasks settingsTasks
}

// settingsTasks are what the view asks of its window. Those that are nil are
// not offered.
type settingsTasks struct {
	send                   func(control.Settings)
	browse                 func(chosen func(path string))
	confirm                func(title, question, yes string, do func())
	computerDNS, login     func(on bool, done func(error))
	importFile, exportFile func()
}

// loaded is what the form was filled with.
type loaded struct {
	settings  control.Settings
	providers int
	demo, any bool
}

func newSettings(form *viewmodel.Form, keys shortcuts, tasks settingsTasks) *settings {
	s := &settings{form: form, fields: map[viewmodel.Field]*field{}, tasks: tasks}
	s.absent = newWrapped(words.T("Settings can be changed as soon as the engine runs."), textNormal, colorText2)
	s.scroll = newScroll(container.New(layout.NewCustomPaddedLayout(0, 14, 0, scrollRoom), s.sections(keys)))
	s.body = container.New(&overhang{}, s.scroll)
	top := container.New(&rows{gap: 12, stretch: 2}, newBold(words.T("Settings"), textTitle), s.absent, s.body)
	s.root = container.New(&rows{stretch: 0}, top, s.newBar())
	s.render()
	return s
}

// sections are the groups from top to bottom.
func (s *settings) sections(keys shortcuts) fyne.CanvasObject {
	const number = 110
	s.encryption = s.section(words.T("Encryption"), s.choiceRow(viewmodel.FieldProvider, keys), s.choiceRow(viewmodel.FieldBackups, keys), s.bundleRow(keys))
	s.demo = newWrapped(words.T("The demo asks only its own server and trusts only that one’s certificate. End it to choose a provider."), textSmall, colorText2)
	s.advanced = vbox(8,
		s.card(s.entryRow(viewmodel.FieldMinTTL, number, keys), s.entryRow(viewmodel.FieldMaxTTL, number, keys)),
		s.card(s.entryRow(viewmodel.FieldBurst, number, keys), s.entryRow(viewmodel.FieldBlockAfter, number, keys),
			s.entryRow(viewmodel.FieldBlockWindow, number, keys), s.entryRow(viewmodel.FieldBlockFor, number, keys),
			s.switchRow(viewmodel.SwitchLoopback)))
	s.advanced.Hide()
	s.more = newButton(words.T("Advanced"), nil, func() { s.open(s.advanced.Hidden) })
	s.more.Importance = widget.LowImportance
	return vbox(8,
		s.section(words.T("Listening"), s.entryRow(viewmodel.FieldPort, number, keys), s.entryRow(viewmodel.FieldListen, 250, keys)),
		s.section(words.T("Who may ask"), s.entryRow(viewmodel.FieldAccess, 250, keys), s.entryRow(viewmodel.FieldPerSecond, number, keys)),
		s.encryption, s.demo, s.networkSection(),
		s.section(words.T("Answers"), s.entryRow(viewmodel.FieldCache, number, keys), s.entryRow(viewmodel.FieldStale, number, keys), s.switchRow(viewmodel.SwitchPersist)),
		s.section(words.T("Names"), s.switchRow(viewmodel.SwitchHosts), s.linesRow(viewmodel.FieldOverrides, "nas.home.arpa = 192.168.1.10", keys),
			s.linesRow(viewmodel.FieldRoutes, "example.com = tls://10.0.0.53", keys),
			s.switchRow(viewmodel.SwitchLocal), s.switchRow(viewmodel.SwitchCanary), s.switchRow(viewmodel.SwitchRebinding)),
		s.section(words.T("Privacy"), s.levelRow(), s.switchRow(viewmodel.SwitchKeep), s.switchRow(viewmodel.SwitchSubnet), s.switchRow(viewmodel.SwitchRace)),
		s.general(), container.NewHBox(s.more), s.advanced)
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
	s.form.See(v.Status, ready)
	s.showComputer(v)
	s.showNetworks(v)
	s.render()
}

// fill writes the form's texts into the inputs.
func (s *settings) fill() {
	names := s.form.ProviderNames()
	for name, f := range s.fields {
		if f.options != nil {
			list := names
			if name == viewmodel.FieldBackups {
				list = append([]string{viewmodel.NoBackup()}, names...)
			}
			f.options(list)
		}
		f.set(s.form.Value(name))
	}
	s.render()
}

func (s *settings) typed(name viewmodel.Field, text string) {
	s.form.Set(name, text)
	s.forget()
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
	s.more.set(words.T("Advanced"), icon)
}
