package window

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/ui/viewmodel"
)

// home is the first view: the state, the provider, the last ten minutes.
type home struct {
	root     *fyne.Container
	header   *header
	notice   *panel
	noticeIs *text
	middle   *fyne.Container
	left     *panel
	counters *panel

	provider      *widget.Select
	choices       []viewmodel.Choice
	wanted        string // the upstream that was chosen and is not yet in use
	fixed         *text  // in place of the choice, in a demo
	providerInput fyne.CanvasObject
	providerError *text
	listen        *text
	copied        *button
	details       *fyne.Container
	values        [4]*text
	verified      *text // the label of the name
	chart         *barChart
	chartTitle    *text
	numbers       [4]*text
	names         [4]*text

	use  func(upstream string)
	copy func(string)
}

var detailLabels = [4]string{"Connected to", "Name verified", "Key exchange", "If it fails"}

func newHome(act func(viewmodel.Action), use, copy func(string)) *home {
	h := &home{header: newHeader(act), use: use, copy: copy}
	h.noticeIs = newWrapped("", textNormal, theme.ColorNameError)
	h.notice = newPanel(h.noticeIs, colorBadTint, "", radiusCard, 16, 12)
	h.notice.Hide()
	h.left = newCard(h.newLeft())
	h.middle = container.New(&columns{weights: []float32{340, 390}, gap: 14}, h.left, newCard(h.newChart()))
	h.counters = newPanel(h.newCounters(), colorSurface, theme.ColorNameSeparator, radiusCard, 14, 12)
	h.root = container.New(&rows{gap: 14, stretch: 2}, h.header.panel, h.notice, h.middle, h.counters)
	return h
}

func (h *home) newLeft() fyne.CanvasObject {
	h.provider = widget.NewSelect(nil, h.choose)
	h.provider.PlaceHolder = "Choose a provider"
	h.providerInput = container.NewStack(h.provider, newOutline(theme.ColorNameInputBorder))
	h.fixed = newText("", textNormal, colorTextPlain)
	h.fixed.least = 60
	h.fixed.Hide()
	h.providerError = newWrapped("", textSmall, theme.ColorNameError)
	h.providerError.Hide()
	h.listen = newMono("", textSmall)
	h.listen.least = 60
	h.copied = iconButton(theme.ContentCopyIcon(), func() { h.copy(h.listen.content) })
	h.details = vbox(7, widget.NewSeparator())
	for i, label := range detailLabels {
		value := newMono("", textSmall)
		value.align, value.least = fyne.TextAlignTrailing, 60
		if i == len(detailLabels)-1 {
			value.style.Monospace = false
		}
		h.values[i] = value
		name := newText(label, textSmall, colorText2)
		if i == 1 {
			h.verified = name
		}
		h.details.Add(container.NewBorder(nil, nil, name, nil, value))
	}
	listens := vbox(5, newText("Listens on", textSmall, colorText2), h.listen)
	return container.New(&rows{gap: 14, stretch: 3},
		vbox(5, newText("Provider", textSmall, colorText2), h.providerInput, h.fixed, h.providerError),
		container.NewBorder(nil, nil, nil, middle(h.copied), listens),
		h.details)
}

func (h *home) newChart() fyne.CanvasObject {
	h.chart, h.chartTitle = newBarChart(), newText("", textSmall, colorText2)
	h.chartTitle.least = 60
	legend := hbox(14, hbox(6, middle(swatch(theme.ColorNamePrimary)), newText("asked upstream", textSmall, colorText2)),
		hbox(6, middle(swatch(colorFaintBar)), newText("from cache", textSmall, colorText2)))
	feet := container.NewBorder(nil, nil, newText("10 min ago", textSmall, colorText2), newText("now", textSmall, colorText2))
	return container.New(&rows{gap: 6, stretch: 2}, h.chartTitle, legend, h.chart, feet)
}

// swatch is a small square of the legend.
func swatch(color fyne.ThemeColorName) fyne.CanvasObject {
	return newPanel(atLeast(container.NewWithoutLayout(), 9, 9), color, "", 2, 0, 0)
}

func (h *home) newCounters() fyne.CanvasObject {
	line := container.New(&columns{weights: []float32{1, 1, 1, 1}, gap: 8})
	for i := range h.numbers {
		h.numbers[i], h.names[i] = newBold("", textTitle), newText("", textSmall, colorText2)
		h.names[i].least = 60
		line.Add(vbox(0, h.numbers[i], h.names[i]))
	}
	return line
}

// choose asks for another provider at once.
func (h *home) choose(label string) {
	i := slices.IndexFunc(h.choices, func(c viewmodel.Choice) bool { return c.Label == label })
	if i >= 0 {
		h.wanted = h.choices[i].Upstream
		h.use(h.wanted)
	}
}

// chosen ends a choice; err is why the provider stays the old one, or nil.
func (h *home) chosen(upstream string, err error) {
	if h.wanted == upstream {
		h.wanted = ""
	}
	h.providerError.Hidden = err == nil
	if err != nil {
		h.providerError.setText(err.Error())
	}
	h.root.Refresh()
}

// say shows why an action failed, or with nil nothing.
func (h *home) say(err error) {
	h.notice.Hidden = err == nil
	if err != nil {
		h.noticeIs.setText(err.Error())
	}
	h.root.Refresh()
}

// show fills the view.
func (h *home) show(v viewmodel.View, small bool) {
	h.header.show(viewmodel.HeaderOf(v), small)
	connected := v.Link == viewmodel.Connected
	h.middle.Hidden, h.counters.Hidden = !connected, !connected
	h.details.Hidden = small
	h.root.Layout.(*rows).gap = 14
	if small {
		h.root.Layout.(*rows).gap = 10
	}
	if connected {
		h.showProvider(v)
		h.showNumbers(v)
	}
	h.root.Refresh()
}

func (h *home) showProvider(v viewmodel.View) {
	h.providerInput.(*fyne.Container).Hidden, h.fixed.Hidden = v.Status.Demo, !v.Status.Demo
	h.fixed.setText("Demo: a server inside this program")
	choices, current := viewmodel.ProviderChoices(v.Status, v.Providers)
	h.choices = choices
	var labels []string
	selected := ""
	for i, c := range choices {
		labels = append(labels, c.Label)
		if h.wanted == "" && i == current || h.wanted != "" && c.Upstream == h.wanted {
			selected = c.Label
		}
	}
	if !slices.Equal(labels, h.provider.Options) || selected != h.provider.Selected {
		h.provider.Options, h.provider.Selected = labels, selected
		h.provider.Refresh()
	}
	h.listen.setText(strings.Join(v.Status.Listen, "   "))
	c := viewmodel.ConnectionOf(v.Status, v.Providers, v.Settings.Upstreams)
	h.verified.setText(c.NameLabel)
	for i, value := range []string{c.Address, c.Name, c.KeyExchange, c.Backups} {
		h.values[i].setText(orNone(value))
	}
}

func (h *home) showNumbers(v viewmodel.View) {
	h.chartTitle.setText(v.ChartTitle)
	h.chart.show(v.Bars)
	for i, c := range viewmodel.CountersOf(v.Status.Counters) {
		h.numbers[i].setText(c.Value)
		h.names[i].setText(c.Label)
	}
}

func orNone(value string) string {
	if value == "" {
		return "–"
	}
	return value
}
