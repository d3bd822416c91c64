package window

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// home is the first view: the state, the provider, the last ten minutes.
type home struct {
	root     *fyne.Container
	header   *header
	body     *fyne.Container
	notice   *panel
	noticeIs *text
	remedies *remedies
	middle   *fyne.Container
	left     *panel
	right    *panel
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
	computer      *computer
	legend        [2]*text
	legendLine    *fyne.Container
	chart         *barChart
	latency       *lineChart
	chartTitle    *text
	numbers       [4]*text
	names         [4]*text

	do homeActions
}

// homeActions are what home has the window do.
type homeActions struct {
	act       func(viewmodel.Action)
	use       func(upstream string)
	systemDNS func(action string)
	remedy    func(viewmodel.Remedy)
	// copy puts a text on the clipboard and shows so on the button.
	copy func(*button, string)
}

var detailLabels = [4]string{words.Mark("Connected to"), words.Mark("Name verified"), words.Mark("Key exchange"), words.Mark("If it fails")}

func newHome(do homeActions) *home {
	h := &home{header: newHeader(do.act), do: do}
	h.noticeIs = newWrapped("", textNormal, theme.ColorNameError)
	h.notice = newPanel(h.noticeIs, colorBadTint, "", radiusCard, 16, 12)
	h.notice.Hide()
	h.remedies = newRemedies(do.copy, do.remedy)
	h.computer = newComputer(do.systemDNS)
	h.left, h.right = newCard(h.newLeft()), newCard(h.newChart())
	h.middle = container.New(&columns{weights: []float32{340, 390}, gap: 14}, h.left, h.right)
	h.counters = newPanel(h.newCounters(), colorSurface, theme.ColorNameSeparator, radiusCard, 14, 12)
	h.body = container.New(&rows{gap: 14, stretch: 3}, h.header.panel, h.notice, h.remedies.panel, h.middle, h.counters)
	// What has no room in a small window is reached by scrolling.
	h.root = container.New(overhang{}, newScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, scrollRoom), h.body)))
	return h
}

func (h *home) newLeft() fyne.CanvasObject {
	h.provider = widget.NewSelect(nil, h.choose)
	h.provider.PlaceHolder = words.T("Choose a provider")
	h.providerInput = container.NewStack(h.provider, newOutline(theme.ColorNameInputBorder))
	h.fixed = newText("", textNormal, colorTextPlain)
	h.fixed.least = 60
	h.fixed.Hide()
	h.providerError = newWrapped("", textSmall, theme.ColorNameError)
	h.providerError.Hide()
	h.listen = newMono("", textSmall)
	h.listen.least = 60
	h.copied = iconButton(theme.ContentCopyIcon(), func() { h.do.copy(h.copied, h.listen.content) })
	h.details = vbox(6, widget.NewSeparator())
	for i, label := range detailLabels {
		label = words.T(label)
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
	listens := vbox(5, newText(words.T("Listens on"), textSmall, colorText2), h.listen)
	return container.New(&rows{gap: 10, stretch: 4},
		vbox(5, newText(words.T("Provider"), textSmall, colorText2), h.providerInput, h.fixed, h.providerError),
		container.NewBorder(nil, nil, nil, middle(h.copied), listens),
		h.computer.root, h.details)
}

func (h *home) newChart() fyne.CanvasObject {
	h.chart, h.chartTitle = newBarChart(), newText("", textSmall, colorText2)
	for i, label := range legends[false] {
		label = words.T(label)
		h.legend[i] = newText(label, textCaption, colorText2)
	}
	h.legendLine = hbox(10, hbox(4, middle(swatch(theme.ColorNamePrimary)), h.legend[0]), hbox(4, middle(swatch(colorFaintBar)), h.legend[1]))
	feet := container.NewBorder(nil, nil, newText(words.T("10 min ago"), textSmall, colorText2), newText(words.T("now"), textSmall, colorText2))
	h.latency = newLineChart()
	line := container.NewBorder(nil, nil, padded(newText(words.T("Latency"), textSmall, colorText2), 0, 2), nil, padded(h.latency, 8, 0))
	return container.New(&rows{gap: 6, stretch: 1}, container.New(&captions{}, h.chartTitle, h.legendLine), h.chart, feet, widget.NewSeparator(), line)
}

// legends are what the chart's colours mean, in a wide window and a small one.
var legends = map[bool][2]string{false: {words.Mark("asked upstream"), words.Mark("from cache")}, true: {words.Mark("upstream"), words.Mark("cache")}}

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
		h.do.use(h.wanted)
	}
}

// chosen ends a choice; err is why the provider stays the old one, or nil.
func (h *home) chosen(upstream string, err error) {
	if h.wanted == upstream {
		h.wanted = ""
	}
	h.providerError.Hidden = err == nil
	if err != nil {
		h.providerError.setText(viewmodel.Told(err))
	}
	h.body.Refresh()
}

// say shows why an action failed, or with nil nothing.
func (h *home) say(err error) {
	h.notice.Hidden = err == nil
	if err != nil {
		h.noticeIs.setText(viewmodel.Told(err))
	}
	h.body.Refresh()
}

// show fills the view.
func (h *home) show(v viewmodel.View, small bool) {
	h.header.show(viewmodel.HeaderOf(v), small)
	list := viewmodel.RemediesOf(v)
	h.remedies.show(list)
	connected := v.Link == viewmodel.Connected
	failed := connected && v.Status.State == control.Failed
	h.middle.Hidden, h.counters.Hidden = !connected, !connected || failed
	h.details.Hidden, h.right.Hidden = small || failed, failed
	for i, label := range legends[small] {
		label = words.T(label)
		h.legend[i].setText(label)
	}
	rows := h.body.Layout.(*rows)
	if rows.gap, rows.stretch = 14, 3; small {
		rows.gap = 10
	}
	if failed {
		rows.stretch = -1
	}
	if connected {
		h.showProvider(v)
		h.showNumbers(v)
		h.computer.show(v)
	}
	h.body.Refresh()
}

func (h *home) showProvider(v viewmodel.View) {
	h.providerInput.(*fyne.Container).Hidden, h.fixed.Hidden = v.Status.Demo, !v.Status.Demo
	h.fixed.setText(words.T("Demo: a server inside this program"))
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
	h.latency.show(v.Bars)
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
