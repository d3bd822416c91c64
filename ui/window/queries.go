package window

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/words"
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
	export *button
	fresh  *chip
	log    *logView
	card   *panel
	body   *fyne.Container
	empty  *fyne.Container
	detail *fyne.Container
	head   *logHead
	view   viewmodel.View
	shown  uint64 // the query in the details panel

	searchRoom *upTo

	do queryActions
}

// queryActions are what the queries have the window do.
type queryActions struct {
	keys   shortcuts
	open   func(view string)
	ask    func()
	export func()
	copy   func(*button, string)
}

func newQueries(list *viewmodel.List, do queryActions) *queries {
	q := &queries{list: list, do: do, detail: container.NewStack(), empty: container.NewStack()}
	q.pause = newButton(words.T("Pause list"), theme.MediaPauseIcon(), q.togglePause)
	clearAll := newButton(words.T("Clear"), nil, func() { q.list.Clear(time.Now()); q.log.toTop(); q.render() })
	q.search = newEntry(do.keys, func(string) { q.refilter() })
	q.search.SetPlaceHolder(words.T("Search names"))
	q.search.Icon = theme.SearchIcon()
	q.search.escape = q.escape
	var labels []string
	for _, k := range viewmodel.Kinds() {
		labels = append(labels, k.Label())
	}
	q.kinds = newChoices(labels, func(i int) { q.kinds.choose(i); q.refilter() })
	q.kinds.keys = q.key
	q.kinds.Layout = layout.NewCustomPaddedHBoxLayout(4) // all are to fit a small window
	q.kinds.choose(0)
	q.note = newText("", textCaption, colorText2)
	input, _ := edged(q.search)
	q.searchRoom = &upTo{width: 210, gap: 12}
	q.export = newButton(words.T("Export…"), nil, do.export)
	title := container.NewBorder(nil, nil, middle(newBold(words.T("Queries"), textTitle)), hbox(8, q.pause, q.export, clearAll),
		middle(container.New(q.searchRoom, atLeast(input, 0, 32))))
	line := container.New(&besides{}, q.kinds.Container, q.note)

	q.detail.Hide()
	q.log = newLogView(list.IsSelected, q.selectRow, q.scrolled, q.key)
	q.fresh = newChip("", q.toNewest)
	q.fresh.selected = true
	q.fresh.Hide()
	q.head = newLogHead()
	q.body = container.NewStack(container.NewBorder(q.head, nil, nil, nil, q.log.scroll), container.New(freshLayout{}, q.fresh))
	q.card = newPanel(container.NewStack(q.body, q.empty), colorSurface, theme.ColorNameSeparator, radiusCard, 1, 4)
	q.root = container.New(&rows{gap: 12, stretch: 2}, title, line, q.card, q.detail)
	return q
}

// show takes what is known of the engine; render follows it.
func (q *queries) show(v viewmodel.View, small bool) {
	q.view = v
	q.root.Layout.(*rows).gap, q.searchRoom.width = 12, 210
	if small {
		q.root.Layout.(*rows).gap, q.searchRoom.width = 10, 140
	}
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
		q.pause.set(words.T("Follow list"), theme.MediaPlayIcon())
	} else {
		q.pause.set(words.T("Pause list"), theme.MediaPauseIcon())
	}
	q.note.setText(viewmodel.LogNote(q.view, snap))
	q.export.enable(len(snap.Rows) > 0)
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
		check := newButton(words.T("Open Check"), nil, func() { q.do.open(ViewCheck) })
		box.Add(container.NewCenter(hbox(8, newFilled(words.T("Ask for example.com"), q.do.ask), check)))
		box.Add(container.NewCenter(newText(words.T("or in a terminal"), textCaption, colorText2)))
		box.Add(container.NewCenter(newPanel(newMono(e.Command, textMono), theme.ColorNameButton, "", radiusInput, 12, 7)))
	}
	if e.OpenSettings {
		box.Add(container.NewCenter(newButton(words.T("Open Settings"), nil, func() { q.do.open(ViewSettings) })))
	}
	if e.ClearFilter {
		box.Add(container.NewCenter(newButton(words.T("Show all"), nil, q.showAll)))
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
		q.detail.Objects = []fyne.CanvasObject{newDetail(row.Query, q.view.Settings.Routes, q.do.copy, func() { q.selectRow(-1) })}
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

// toNewest ends what keeps the list from following.
func (q *queries) toNewest() {
	q.list.Return()
	q.log.toTop()
	q.render()
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

// freshLayout sets its chip into the log's line of titles, beside the names.
type freshLayout struct{}

// Layout implements fyne.Layout.
func (freshLayout) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	least := objs[0].MinSize()
	objs[0].Resize(least)
	objs[0].Move(fyne.NewPos(columnEdges(size.Width)[2]-8-least.Width, 0))
}

// MinSize implements fyne.Layout.
func (freshLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// besides sets its second object at the end of the line of the first, and
// leaves it out where there is no room.
type besides struct{}

// Layout implements fyne.Layout.
func (besides) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	first, second := objs[0].MinSize(), objs[1].MinSize()
	objs[0].Move(fyne.Position{})
	objs[0].Resize(first)
	if first.Width+10+second.Width > size.Width {
		objs[1].Move(fyne.NewPos(-10*size.Width, 0)) // to hide it would change the text's own state
		return
	}
	objs[1].Resize(second)
	objs[1].Move(fyne.NewPos(size.Width-second.Width, (size.Height-second.Height)/2))
}

// MinSize implements fyne.Layout.
func (besides) MinSize(objs []fyne.CanvasObject) fyne.Size { return objs[0].MinSize() }
