package window

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/ui/viewmodel"
)

// queries is the live log.
type queries struct {
	root   *fyne.Container
	list   *viewmodel.List
	pause  *button
	search *entry
	kinds  *choices
	note   *text
	fresh  *chip
	log    *logView
	card   *panel
	body   *fyne.Container
	empty  *fyne.Container
	detail *fyne.Container
	head   *logHead
	view   viewmodel.View
	shown  uint64 // the query in the details panel

	searchSize *sized

	openSettings func()
}

func newQueries(list *viewmodel.List, keys shortcuts, openSettings func()) *queries {
	q := &queries{list: list, openSettings: openSettings, detail: container.NewStack(), empty: container.NewStack()}
	q.pause = newButton("Pause list", theme.MediaPauseIcon(), q.togglePause)
	clearAll := newButton("Clear", nil, func() { q.list.Clear(time.Now()); q.log.toTop(); q.render() })
	q.search = newEntry(keys, func(string) { q.refilter() })
	q.search.SetPlaceHolder("Search names")
	q.search.Icon = theme.SearchIcon()
	q.search.escape = q.escape
	var labels []string
	for _, k := range viewmodel.Kinds() {
		labels = append(labels, k.String())
	}
	q.kinds = newChoices(labels, func(i int) { q.kinds.choose(i); q.refilter() })
	q.kinds.Layout = layout.NewCustomPaddedHBoxLayout(4) // all are to fit a small window
	q.kinds.choose(0)
	q.note = newText("", textCaption, colorText2)
	input, _ := edged(q.search)
	q.searchSize = &sized{Width: 230, Height: 32}
	title := container.NewBorder(nil, nil, hbox(16, middle(newBold("Queries", textTitle)), middle(container.New(q.searchSize, input))),
		hbox(8, middle(q.note), q.pause, clearAll))

	q.log = newLogView(list.IsSelected, q.selectRow, q.scrolled, q.key)
	q.fresh = newChip("", func() { q.list.Return(); q.log.toTop(); q.render() })
	q.fresh.selected = true
	q.fresh.Hide()
	over := container.New(layout.NewCustomPaddedLayout(6, 0, 0, 0), container.NewBorder(container.NewCenter(q.fresh), nil, nil, nil))
	q.head = newLogHead()
	q.body = container.NewBorder(q.head, nil, nil, nil, container.NewStack(container.NewThemeOverride(q.log.scroll, noShadow{}), over))
	q.card = newPanel(container.NewStack(q.body, q.empty), colorSurface, theme.ColorNameSeparator, radiusCard, 1, 4)
	q.root = container.New(&rows{gap: 12, stretch: 2}, title, q.kinds.Container, q.card, q.detail)
	return q
}

// show takes what is known of the engine; render follows it.
func (q *queries) show(v viewmodel.View, small bool) {
	q.view = v
	q.root.Layout.(*rows).gap, q.searchSize.Width = 12, 230
	if small {
		q.root.Layout.(*rows).gap, q.searchSize.Width = 10, 150
	}
	q.note.Hidden = small
	q.root.Refresh()
	q.render()
}

// update shows what is new in the log.
func (q *queries) update() {
	if q.list.Update() {
		q.render()
	}
}

// render draws the list as it is.
func (q *queries) render() {
	snap := q.list.Snapshot()
	q.log.show(snap.Rows)
	q.fresh.Hidden = q.list.Pending() == 0
	if q.fresh.label = q.list.PendingLabel(); !q.fresh.Hidden {
		q.fresh.Refresh()
	}
	if q.list.Paused() {
		q.pause.set("Follow list", theme.MediaPlayIcon())
	} else {
		q.pause.set("Pause list", theme.MediaPauseIcon())
	}
	q.note.setText(viewmodel.LogNote(q.view, snap))
	q.showEmpty(snap)
	q.showDetail()
}

func (q *queries) showEmpty(snap viewmodel.Snapshot) {
	none := len(snap.Rows) == 0
	if q.body.Hidden != none {
		q.body.Hidden = none
		q.card.Refresh()
	}
	if !none {
		q.empty.Objects = nil
		return
	}
	e := viewmodel.EmptyOf(q.view, snap, q.list.Filter())
	q.empty.Objects = []fyne.CanvasObject{container.NewCenter(q.newEmpty(e))}
	q.empty.Refresh()
}

func (q *queries) newEmpty(e viewmodel.Empty) fyne.CanvasObject {
	icon := widget.NewIcon(coloured(theme.ListIcon(), theme.ColorNamePlaceHolder))
	title, sentence := newBold(e.Title, 16), newText(e.Sentence, textSmall, colorText2)
	box := vbox(8, container.NewCenter(atLeast(icon, 30, 30)), container.NewCenter(title), container.NewCenter(sentence))
	if e.Command != "" {
		box.Add(container.NewCenter(newPanel(newMono(e.Command, textSmall), theme.ColorNameButton, "", radiusInput, 12, 7)))
	}
	if e.OpenSettings {
		box.Add(container.NewCenter(newButton("Open Settings", nil, q.openSettings)))
	}
	if e.ClearFilter {
		box.Add(container.NewCenter(newButton("Show all", nil, q.showAll)))
	}
	return box
}

func (q *queries) showDetail() {
	row, _, ok := q.list.Selected()
	if ok && row.Seq == q.shown || !ok && q.shown == 0 {
		return
	}
	q.shown, q.detail.Objects = 0, nil
	if ok {
		q.shown = row.Seq
		q.detail.Objects = []fyne.CanvasObject{newDetail(row.Query, q.view.Settings.Routes, func() { q.selectRow(-1) })}
	}
	q.detail.Hidden = !ok
	q.root.Refresh()
}

func (q *queries) selectRow(place int) {
	if _, now, ok := q.list.Selected(); ok && now == place {
		return
	}
	q.list.Select(place)
	q.render()
	if place >= 0 {
		q.log.reveal(place)
	}
}

func (q *queries) scrolled(away bool) {
	q.list.Scrolled(away)
	q.fresh.Hidden = q.list.Pending() == 0
}

func (q *queries) togglePause() {
	q.list.Pause(!q.list.Paused())
	q.render()
}

func (q *queries) refilter() {
	kind := 0
	for i, c := range q.kinds.chips {
		if c.selected {
			kind = i
		}
	}
	q.list.SetFilter(viewmodel.Filter{Kind: viewmodel.Kinds()[kind], Search: q.search.Text})
	q.render()
}

// choose takes a chip; a kind that there is not stands for all.
func (q *queries) choose(k viewmodel.Kind) {
	q.kinds.choose(max(0, slices.Index(viewmodel.Kinds(), k)))
	q.refilter()
}

func (q *queries) showAll() {
	q.kinds.choose(0)
	q.search.SetText("")
	q.refilter()
}

// escape closes the details, else clears the search.
func (q *queries) escape() {
	if _, _, ok := q.list.Selected(); ok {
		q.selectRow(-1)
		return
	}
	q.search.SetText("")
}

// key takes keys that no input has use for.
func (q *queries) key(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeySpace:
		q.togglePause()
	case fyne.KeyEscape:
		q.escape()
	}
}
