package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// computer is the switch “Use as this computer's DNS”, with what is covered or
// what went wrong beneath.
type computer struct {
	root    *fyne.Container
	toggle  *toggle
	caption *text
	busy    *widget.ProgressBarInfinite
	repair  *button
	mend    *fyne.Container // around repair
	ask     func(action string)

	asked   string // what the engine was asked for and has not answered
	failure string // why it refused last
	model   viewmodel.Computer
	known   bool // model is of the engine
}

// newComputer calls ask with an action of control.Controller.SystemDNS.
func newComputer(ask func(action string)) *computer {
	c := &computer{ask: ask, caption: newWrapped("", textCaption, colorText2), busy: widget.NewProgressBarInfinite()}
	c.toggle = newToggle(c.turn)
	c.repair = newButton(words.T("Repair"), nil, func() { c.begin(control.SystemDNSRepair) })
	c.busy.Stop()
	c.busy.Hide()
	title := newWrapped(viewmodel.LabelComputerDNS(), textNormal, colorTextPlain)
	title.least = 190 // in which English needs one line
	line := container.NewBorder(nil, nil, nil, padded(middle(c.toggle), 3, 3), vbox(1, title, c.caption))
	c.mend = hbox(0, c.repair)
	c.root = vbox(6, container.New(busyLine{}, widget.NewSeparator(), c.busy), padded(line, 0, 4), c.mend)
	return c
}

// busyLine lays a progress bar over a separator, which needs no room of its own.
type busyLine struct{}

const busyHeight = 3

// Layout implements fyne.Layout.
func (busyLine) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	objs[0].Resize(size)
	objs[1].Resize(fyne.NewSize(size.Width, busyHeight))
	objs[1].Move(fyne.NewPos(0, -1))
}

// MinSize implements fyne.Layout.
func (busyLine) MinSize(objs []fyne.CanvasObject) fyne.Size { return objs[0].MinSize() }

func (c *computer) turn(on bool) {
	if on {
		c.begin(control.SystemDNSOn)
	} else {
		c.begin(control.SystemDNSOff)
	}
}

// begin asks for an action, unless one is under way.
func (c *computer) begin(action string) {
	if c.asked != "" {
		return
	}
	c.asked, c.failure = action, ""
	c.render()
	c.ask(action)
}

// done ends what was asked for; err is why the engine refused, or nil.
func (c *computer) done(err error) {
	c.asked = ""
	if err != nil {
		c.failure = viewmodel.Told(err)
	}
	c.render()
}

// show takes what is known of the engine.
func (c *computer) show(v viewmodel.View) {
	model, ok := viewmodel.ComputerOf(v)
	if c.root.Hidden = !ok; ok {
		if c.known && model != c.model {
			c.failure = "" // it was about what is no longer so
		}
		c.model, c.known = model, true
		c.render()
	}
}

func (c *computer) render() {
	m := c.model
	switch {
	case c.asked == control.SystemDNSRepair:
		m.Caption, m.Tone = viewmodel.ComputerRepairing(), viewmodel.Neutral
	case c.asked != "":
		m.On = c.asked == control.SystemDNSOn
		m.Caption, m.Tone = viewmodel.ComputerWorking(m.On), viewmodel.Neutral
	case c.failure != "":
		m.Caption, m.Tone = c.failure, viewmodel.Bad
	}
	c.toggle.set(m.On)
	ink := colorText2
	switch m.Tone {
	case viewmodel.Warn:
		ink = theme.ColorNameWarning
	case viewmodel.Bad:
		ink = theme.ColorNameError
	}
	c.caption.set(m.Caption, ink)
	c.mend.Hidden = !m.Repair || c.asked != ""
	if working := c.asked != ""; working == c.busy.Hidden {
		c.busy.Hidden = !working
		if working {
			c.busy.Start()
		} else {
			c.busy.Stop()
		}
	}
	c.root.Refresh()
}
