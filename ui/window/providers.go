package window

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// providers is the view of all that can be asked.
type providers struct {
	root     *fyne.Container
	shelf    *viewmodel.Shelf
	view     viewmodel.View
	progress *text
	test     *button
	add      *button
	failure  *text
	kinds    *choices
	list     *shelfList
	body     *fyne.Container
	columns  *sideLayout
	item     *providerItem
	empty    *fyne.Container
	nothing  viewmodel.Empty // which empty shows
	showAll  *button
	busy     bool // a change is under way

	do providerActions
}

// providerActions are what the providers have the window do.
type providerActions struct {
	test   func()
	stop   func()
	use    func(upstream string)
	change func(change, string)
}

// change is what a button of the details does, beside using it.
type change int

const (
	addOne change = iota
	editOne
	removeOne
	backUp
	backDown
	backOn
	backOff
)

func newProviders(shelf *viewmodel.Shelf, do providerActions) *providers {
	p := &providers{shelf: shelf, do: do, empty: container.NewStack()}
	p.progress = newText("", textSmall, colorText2)
	p.test = newButton(words.T("Test all"), theme.ViewRefreshIcon(), p.toggleTest)
	p.add = newButton(words.T("Add…"), theme.ContentAddIcon(), func() { do.change(addOne, "") })
	p.failure = newWrapped("", textSmall, theme.ColorNameError)
	p.failure.Hide()
	title := container.NewBorder(nil, nil, middle(newBold(words.T("Providers"), textTitle)), hbox(8, middle(p.progress), p.test, p.add))
	var labels []string
	for _, k := range viewmodel.ShelfKinds() {
		labels = append(labels, k.Label())
	}
	p.kinds = newChoices(labels, p.filter)
	p.kinds.keys = p.key
	p.kinds.choose(0)
	p.list = newShelfList(p.choose, p.use, p.key)
	p.item = newProviderItem(p.use, func(c change) { do.change(c, p.shelf.Selected()) })
	card := newPanel(p.list.scroll, colorSurface, theme.ColorNameSeparator, radiusCard, 3, 6)
	p.columns = &sideLayout{width: 252, gap: 14}
	p.body = container.New(p.columns, container.NewStack(card, p.empty), p.item.panel)
	p.showAll = newButton(words.T("Show all"), nil, func() { p.filter(0) })
	p.root = container.New(&rows{gap: 12, stretch: 3}, title, p.kinds.Container, p.failure, p.body)
	return p
}

// show takes what is known of the engine.
func (p *providers) show(v viewmodel.View, small bool) {
	p.view = v
	p.columns.width, p.columns.gap, p.root.Layout.(*rows).gap = 252, 14, 12
	if small {
		p.columns.width, p.columns.gap, p.root.Layout.(*rows).gap = 226, 10, 10
	}
	if v.Link != viewmodel.Connected {
		p.do.stop()
	}
	p.shelf.See(v)
	first := len(p.list.rows) == 0
	if p.render(); first {
		p.list.reveal()
	}
}

// render draws the shelf as it is.
func (p *providers) render() {
	t := p.shelf.Trial()
	p.progress.setText(t.Progress())
	if t.Running() {
		p.test.set(words.T("Stop"), theme.MediaStopIcon())
	} else {
		p.test.set(words.T("Test all"), theme.ViewRefreshIcon())
	}
	ready := p.view.Link == viewmodel.Connected && p.view.HasSettings
	p.test.enable(ready)
	p.add.enable(ready && !p.view.Status.Demo && !p.busy)
	shown := p.shelf.Rows()
	if !ready {
		shown = nil
	}
	for i := range shown {
		shown[i].Selected = shown[i].Upstream == p.shelf.Selected()
	}
	p.list.show(shown)
	item, some := p.shelf.Item()
	p.item.show(item, ready && some, p.busy)
	p.showEmpty()
	p.root.Refresh()
}

func (p *providers) showEmpty() {
	e := p.shelf.Empty()
	if e == p.nothing {
		return
	}
	p.nothing, p.empty.Objects = e, nil
	if e.Title != "" {
		box := container.New(&rows{gap: 10, stretch: -1}, newNothing(theme.StorageIcon(), e))
		if e.ClearFilter {
			box.Add(container.NewCenter(p.showAll))
		}
		p.empty.Objects = []fyne.CanvasObject{middle(padded(box, 16, 0))}
	}
	p.empty.Refresh()
}

// say shows why something did not work, nil for that it did.
func (p *providers) say(err error) {
	text := ""
	if err != nil {
		text = viewmodel.Told(err)
	}
	p.failure.Hidden = text == ""
	p.failure.setText(text)
	p.root.Refresh()
}

func (p *providers) choose(upstream string) {
	p.shelf.Select(upstream)
	p.render()
}

// use asks the selected provider from now on.
func (p *providers) use() {
	if item, ok := p.shelf.Item(); ok && !item.InUse && !item.Fixed && !p.busy {
		p.do.use(item.Upstream)
	}
}

func (p *providers) filter(place int) {
	p.kinds.choose(place)
	p.shelf.SetKind(viewmodel.ShelfKinds()[place])
	if r := p.shelf.Rows(); len(r) > 0 && !slices.ContainsFunc(r, func(r viewmodel.ShelfRow) bool { return r.Upstream == p.shelf.Selected() }) {
		p.shelf.Select(r[0].Upstream) // the details are of something in sight
	}
	p.list.scroll.ScrollToTop()
	p.render()
}

func (p *providers) toggleTest() {
	if p.shelf.Trial().Running() {
		p.do.stop()
	} else {
		p.do.test()
	}
}

// key takes keys that nothing else has use for.
func (p *providers) key(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyEscape:
		p.do.stop()
	case fyne.KeyDown, fyne.KeyUp, fyne.KeyHome, fyne.KeyEnd, fyne.KeyPageUp, fyne.KeyPageDown, fyne.KeyReturn, fyne.KeyEnter:
		p.list.TypedKey(k)
	}
}

// sideLayout gives its second object a width of its own at the right, and the
// first the rest.
type sideLayout struct{ width, gap float32 }

// Layout implements fyne.Layout.
func (s *sideLayout) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	rest := size.Width
	if objs[1].Visible() {
		rest -= s.width + s.gap
		objs[1].Move(fyne.NewPos(rest+s.gap, 0))
		objs[1].Resize(fyne.NewSize(s.width, size.Height))
	}
	objs[0].Move(fyne.Position{})
	objs[0].Resize(fyne.NewSize(rest, size.Height))
}

// MinSize implements fyne.Layout.
func (s *sideLayout) MinSize(objs []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(s.width+s.gap+200, max(objs[0].MinSize().Height, 120))
}
