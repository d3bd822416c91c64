package window

import (
	"context"
	"errors"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// welcome is the one page of a first run. It takes the frame's place until
// Start was pressed once.
type welcome struct {
	root    *fyne.Container
	icon    *canvas.Image
	column  *fyne.Container
	cards   *fyne.Container
	choices []viewmodel.WelcomeChoice
	chosen  int
	dns     *toggle
	login   *toggle // nil where it is not offered
	start   *button
	failure *text
	begin   func(p viewmodel.Plan, login bool)
	touched bool // the user has chosen a provider
}

const (
	welcomeWidth float32 = 600
	welcomeStart float32 = 220
)

func newWelcome(login bool, begin func(p viewmodel.Plan, login bool)) *welcome {
	w := &welcome{begin: begin, failure: newWrapped("", textSmall, theme.ColorNameError)}
	w.icon = canvas.NewImageFromResource(AppIcon())
	w.icon.FillMode = canvas.ImageFillContain
	w.icon.SetMinSize(fyne.NewSquareSize(60))
	w.cards = container.New(&columns{weights: []float32{1, 1, 1}, gap: 11})
	w.dns = newToggle(func(on bool) { w.dns.set(on) })
	w.dns.set(true)
	switches := vbox(10, switchLine(viewmodel.LabelComputerDNS(), words.T("Your current DNS is remembered and put back when you stop."), w.dns))
	if login {
		w.login = newToggle(func(on bool) { w.login.set(on) })
		w.login.set(true)
		switches.Add(widget.NewSeparator())
		switches.Add(switchLine(viewmodel.LabelAtLogin(), words.T("Keeps you protected after a restart."), w.login))
	}
	w.start = newFilled(words.T("Start"), w.press)
	w.failure.Hide()
	title, sentence := newBold(words.T("Encrypt every DNS question"), textState), newText(words.T("Networks in between can no longer read or change which names you look up."), textNormal, colorText2)
	note := newText(words.T("Your provider sees your questions. You can change it any time."), textCaption, colorText2)
	w.column = container.New(&rows{gap: 16, stretch: -1}, w.icon, vbox(4, container.NewCenter(title), container.NewCenter(sentence)), w.cards,
		newCard(switches), w.failure, container.NewCenter(atLeast(w.start, welcomeStart, 40)), container.NewCenter(note))
	page := newScroll(padded(container.NewCenter(container.New(sized(fyne.NewSize(welcomeWidth, 0)), w.column)), 14, 14))
	w.root = container.NewStack(page)
	return w
}

// switchLine is a switch beside its title and a caption.
func switchLine(title, caption string, t *toggle) fyne.CanvasObject {
	return container.NewBorder(nil, nil, nil, padded(middle(t), 3, 3), vbox(1, newText(title, textNormal, colorTextPlain), newText(caption, textCaption, colorText2)))
}

// show takes what is known of the engine.
func (w *welcome) show(v viewmodel.View, small bool) {
	w.icon.Hidden = small
	layout := w.column.Layout.(*rows)
	if layout.gap = 16; small {
		layout.gap = 12
	}
	choices, chosen := viewmodel.WelcomeChoices(v)
	if !slices.Equal(choices, w.choices) {
		w.setChoices(choices)
	}
	if !w.touched {
		w.choose(chosen)
	}
	w.root.Refresh()
}

func (w *welcome) setChoices(choices []viewmodel.WelcomeChoice) {
	w.choices, w.cards.Objects = choices, nil
	for i, c := range choices {
		card := newChoiceCard(c, func() { w.touched = true; w.choose(i) })
		card.keys = func(k *fyne.KeyEvent) { w.move(k, i) }
		w.cards.Add(card)
	}
	w.choose(min(w.chosen, len(choices)-1))
}

// move goes to the neighbour of a card by the arrows.
func (w *welcome) move(k *fyne.KeyEvent, from int) {
	to := map[fyne.KeyName]int{fyne.KeyLeft: from - 1, fyne.KeyUp: from - 1, fyne.KeyRight: from + 1, fyne.KeyDown: from + 1, fyne.KeyHome: 0, fyne.KeyEnd: len(w.choices) - 1}
	place, known := to[k.Name]
	if !known || place < 0 || place >= len(w.choices) {
		return
	}
	w.touched = true
	w.choose(place)
	if c := fyne.CurrentApp().Driver().CanvasForObject(w.root); c != nil {
		c.Focus(w.cards.Objects[place].(*choiceCard))
	}
}

func (w *welcome) choose(place int) {
	w.chosen = place
	for i, o := range w.cards.Objects {
		o.(*choiceCard).choose(i == place)
	}
}

// press begins, unless that is under way.
func (w *welcome) press() {
	if w.start.Disabled() {
		return
	}
	w.start.Disable()
	w.start.set(words.T("Starting…"), nil)
	w.failure.Hide()
	w.begin(viewmodel.Plan{Upstream: w.choices[w.chosen].Upstream, SystemDNS: w.dns.on}, w.login != nil && w.login.on)
}

// stay says why it did not begin.
func (w *welcome) stay(err error) {
	w.start.set(words.T("Start"), nil)
	w.start.Enable()
	w.failure.setText(viewmodel.Told(err))
	w.failure.Show()
	w.root.Refresh()
}

// key takes keys while nothing has the focus.
func (w *welcome) key(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyReturn || k.Name == fyne.KeyEnter {
		w.press()
	}
}

// begin carries out what the first run's page was set to.
func (w *Window) begin(p viewmodel.Plan, login bool) {
	var begun viewmodel.Begun
	var noLogin error
	w.within(steerPatience, func(ctx context.Context) error {
		begun = w.session.Begin(ctx, p, w.options.Launch)
		if begun.Stay == nil && w.options.Login != nil {
			noLogin = w.options.Login.Turn(login)
		}
		return begun.Stay
	}, func(err error) {
		if err != nil {
			w.welcome.stay(err)
			return
		}
		w.welcomed()
		if begun.SystemDNS != nil {
			w.home.computer.done(begun.SystemDNS)
		}
		if p, ok := errors.AsType[*control.Problem](begun.Start); ok && headerSays(p) {
			begun.Start = nil
		}
		if said := errors.Join(begun.Start, noLogin); said != nil {
			w.home.say(said)
		}
	})
}

// welcomed ends the first run. What is shown then is how things are by now, not
// how they were before the engine was started.
func (w *Window) welcomed() {
	w.welcome = nil
	w.win.Canvas().Unfocus()
	w.options.Welcomed()
	w.view, w.shown = w.session.View(time.Now())
	w.stage()
	w.render()
}

// stage shows the first run's page, or the frame. Before it is known which,
// neither.
func (w *Window) stage() {
	var shown fyne.CanvasObject = w.frameRoot
	switch {
	case w.welcome == nil:
	case w.view.Link == viewmodel.Looking:
		shown = nil
	case viewmodel.NeedsWelcome(w.view):
		shown = w.welcome.root
	}
	if shown == nil {
		w.root.Objects = nil
	} else if !slices.Contains(w.root.Objects, shown) {
		w.root.Objects = []fyne.CanvasObject{shown}
	}
	w.root.Refresh()
}

// welcoming tells whether the first run's page is in the frame's place.
func (w *Window) welcoming() bool {
	return !slices.Contains(w.root.Objects, fyne.CanvasObject(w.frameRoot))
}
