package window

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// Login has the tray start when its user logs in, and reads from the system
// whether it will. Errors are sentences for people. Both methods may be called
// at the same time.
type Login interface {
	Enabled() (bool, error)
	Turn(on bool) error
}

// outside is the row of a switch that is not in the form.
type outside struct {
	viewmodel.Outside
	field
}

// outsideRow makes the row; act turns what the switch stands for and calls done.
func (s *settings) outsideRow(label string, act func(on bool, done func(error))) *outside {
	o := &outside{}
	o.toggle = newToggle(func(on bool) {
		if !o.Turn(on) {
			return
		}
		o.render()
		act(on, func(err error) {
			o.Done(err)
			o.render()
			s.root.Refresh()
		})
	})
	s.row(label, &o.field, switchWidth, middle(o.toggle))
	return o
}

func (o *outside) render() {
	o.toggle.set(o.On())
	text, tone := o.Text()
	color := colorText2
	switch tone {
	case viewmodel.Bad:
		color = theme.ColorNameError
	case viewmodel.Warn:
		color = theme.ColorNameWarning
	}
	o.hint.set(text, color)
}

// general is the section of what is about this computer.
func (s *settings) general() fyne.CanvasObject {
	s.computer = s.outsideRow(viewmodel.LabelComputerDNS(), s.tasks.computerDNS)
	s.computer.Working = viewmodel.ComputerWorking
	lines := []fyne.CanvasObject{s.computer.field.row}
	if s.tasks.login != nil {
		s.login = s.outsideRow(viewmodel.LabelAtLogin(), s.tasks.login)
		lines = append(lines, s.login.field.row)
	}
	if s.tasks.exportFile != nil {
		f := &field{}
		s.row(words.T("Settings as a file"), f, 210, container.NewHBox(layout.NewSpacer(), hbox(8, newButton(words.T("Import…"), nil, s.tasks.importFile), newButton(words.T("Export…"), nil, s.tasks.exportFile))))
		f.hint.set(words.T("All of them, as settings.toml holds them"), colorText2)
		lines = append(lines, f.row)
	}
	return s.section(words.T("General"), lines...)
}

// showComputer shows whether this computer's DNS points here.
func (s *settings) showComputer(v viewmodel.View) {
	c, ok := viewmodel.ComputerOf(v)
	s.computer.field.row.(*fyne.Container).Hidden = !ok
	s.computer.See(c.On, c.Caption, c.Tone)
	s.computer.render()
}

// steerPatience bounds a change of this computer's DNS, for which somebody may
// be asked for a password.
const steerPatience = 2 * time.Minute

// turnComputerDNS points this computer's DNS here, or puts the old one back.
func (w *Window) turnComputerDNS(on bool, done func(error)) {
	action := control.SystemDNSOff
	if on {
		action = control.SystemDNSOn
	}
	w.within(steerPatience, func(ctx context.Context) error { return w.options.Engine.SystemDNS(ctx, action) }, done)
}

// loginEvery is how often the start at login is looked at while it is shown:
// other programs change it as well.
const loginEvery = 2 * time.Second

// turnLogin has the tray start at login, or not.
func (w *Window) turnLogin(on bool, done func(error)) {
	w.background(func(context.Context) error { return w.options.Login.Turn(on) }, func(err error) {
		done(err)
		w.lookAtLogin()
	})
}

// lookAtLogin shows whether the tray starts at login, as the system has it.
func (w *Window) lookAtLogin() {
	if w.options.Login == nil {
		return
	}
	w.settings.looked = time.Now()
	var on bool
	w.background(func(context.Context) (err error) {
		on, err = w.options.Login.Enabled()
		return err
	}, func(err error) {
		text, tone := viewmodel.AtLogin(on), viewmodel.Neutral
		if err != nil {
			text, tone = viewmodel.Told(err), viewmodel.Bad
		}
		w.settings.login.See(on, text, tone)
		w.settings.login.render()
	})
}

// lookOutside looks at what others than the engine's settings decide.
func (w *Window) lookOutside() {
	w.lookAtLogin()
	w.lookAtNetwork()
}

// lookAgain looks at the start at login and at the network where that is some
// time ago.
func (w *Window) lookAgain() {
	if time.Since(w.settings.networks.looked) >= loginEvery {
		w.lookAtNetwork()
	}
	if time.Since(w.settings.looked) >= loginEvery {
		w.lookAtLogin()
	}
}
