package window

import (
	"context"
	"reflect"
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

// networks is the section on networks.
type networks struct {
	root   *fyne.Container
	card   fyne.CanvasObject
	demo   *text
	label  *text
	field  field
	choice *widget.Select
	input  *fyne.Container
	empty  *text
	list   *fyne.Container // a row for each rule
	forget []*button

	here   control.Network
	known  bool      // here is what the engine said
	looked time.Time // when it was asked last
	drawn  []viewmodel.RuleLine
	model  viewmodel.Networks
	// did is what to say once the engine has taken the change.
	did string
}

// networkSection makes the section.
func (s *settings) networkSection() fyne.CanvasObject {
	n := &s.networks
	n.choice = widget.NewSelect(nil, func(string) { s.chooseHere(n.choice.SelectedIndex()) })
	n.label = newWrapped("", textNormal, colorTextPlain)
	n.field.hint = newWrapped("", textCaption, colorText2)
	n.input = container.NewStack(n.choice, newOutline(theme.ColorNameInputBorder))
	here := container.New(layout.NewCustomPaddedLayout(6, 6, 0, 0),
		container.New(&fieldLayout{width: 270}, middle(vbox(0, n.label, n.field.hint)), middle(atLeast(n.input, 0, 32))))
	n.empty = newWrapped(viewmodel.NetworksEmpty(), textCaption, colorText2)
	n.list = vbox(0)
	n.card = newPanel(vbox(0, atLeast(here, 0, 52), n.list), colorSurface, theme.ColorNameSeparator, radiusCard, 14, 0)
	n.demo = newWrapped(viewmodel.NetworksDemo(), textSmall, colorText2)
	head := newBold(viewmodel.LabelNetworks(), textSmall)
	head.color = colorText2
	n.root = vbox(6, head, n.demo, n.card)
	return n.root
}

// showNetworks shows the rules as they are saved, and the network as it was
// looked at last.
func (s *settings) showNetworks(v viewmodel.View) {
	n := &s.networks
	n.demo.Hidden = !v.Status.Demo
	if v.Status.Demo {
		n.card.Hide()
		return
	}
	n.card.Show()
	n.model = viewmodel.NetworksOf(s.loaded.settings, n.here, n.known, v.Providers)
	n.label.setText(n.model.Here)
	color := colorText2
	if n.model.Warns {
		color = theme.ColorNameWarning
	}
	n.field.hint.set(n.model.HereHint, color)
	n.fill()
	if n.list.Objects == nil || !reflect.DeepEqual(n.drawn, n.model.Rules) {
		s.drawRules()
	}
	for _, b := range n.forget {
		b.enable(s.busy == none)
	}
}

// fill writes the choices into the input, which is not there without any.
func (n *networks) fill() {
	n.input.Hidden = len(n.model.Choices) == 0
	if n.input.Hidden {
		return
	}
	var labels []string
	for _, c := range n.model.Choices {
		labels = append(labels, c.Label)
	}
	n.choice.Options, n.choice.Selected = labels, labels[n.model.Chosen]
	n.choice.Refresh()
}

func (s *settings) drawRules() {
	n := &s.networks
	defer n.keepFocus(n.forget)
	n.drawn, n.forget, n.list.Objects = n.model.Rules, nil, nil
	if len(n.drawn) == 0 {
		n.list.Objects = []fyne.CanvasObject{widget.NewSeparator(), atLeast(middle(n.empty), 0, 52)}
	}
	for _, l := range n.drawn {
		forget := newButton(words.T("Forget"), nil, func() { s.forgetRule(l) })
		n.forget = append(n.forget, forget)
		f := &field{}
		s.row(l.Name, f, 90, forget)
		color := colorText2
		if l.Pause {
			color = theme.ColorNameWarning
		}
		f.hint.set(l.Hint, color)
		n.list.Objects = append(n.list.Objects, widget.NewSeparator(), atLeast(f.row, 0, 52))
	}
	n.list.Refresh()
}

// keepFocus moves the focus from a button that is no more to the one in its
// place, else to the choice: Tab would begin anew at the window's top.
func (n *networks) keepFocus(before []*button) {
	c := fyne.CurrentApp().Driver().CanvasForObject(n.root)
	if c == nil {
		return
	}
	at := slices.IndexFunc(before, func(b *button) bool { return c.Focused() == fyne.Focusable(b) })
	switch {
	case at < 0:
	case len(n.forget) > 0:
		c.Focus(n.forget[min(at, len(n.forget)-1)])
	default:
		c.Focus(n.choice)
	}
}

// chooseHere has the i-th choice done on the network that is shown. One that
// does not encrypt is asked about first.
func (s *settings) chooseHere(i int) {
	n := &s.networks
	if i < 0 || i >= len(n.model.Choices) || i == n.model.Chosen {
		return
	}
	c, here := n.model.Choices[i], n.here
	do := func() {
		what, did := s.form.WithNetwork(here, c)
		s.rule(what, did)
	}
	if !c.Pause {
		do()
		return
	}
	n.fill() // until it is confirmed
	title, text, yes := viewmodel.PauseQuestion()
	s.tasks.confirm(title, text, yes, do)
}

func (s *settings) forgetRule(l viewmodel.RuleLine) {
	what, did := s.form.WithoutRule(l.Rule)
	s.rule(what, did)
}

// rule sends settings with other rules.
func (s *settings) rule(what control.Settings, did string) {
	if s.busy != none {
		s.networks.fill()
		s.fail(words.T("The settings are being changed just now. Choose again."))
		return
	}
	s.networks.did = did
	s.begin(ruling, what)
}

// lookAtNetwork shows on what network the computer is.
func (w *Window) lookAtNetwork() {
	n := &w.settings.networks
	if w.view.Link != viewmodel.Connected || w.view.Status.Demo {
		n.known = false
		return
	}
	n.looked = time.Now()
	var here control.Network
	w.background(func(ctx context.Context) (err error) {
		here, err = w.options.Engine.Network(ctx)
		return err
	}, func(err error) {
		wasKnown, was := n.known, n.here
		if n.known, n.here = err == nil, here; w.settings.loaded.any && (n.known != wasKnown || here != was) {
			w.settings.showNetworks(w.view)
			w.settings.root.Refresh()
		}
	})
}
