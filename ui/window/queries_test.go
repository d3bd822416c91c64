package window

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/ui/viewmodel"
)

// log opens the queries with some already answered.
func log(t *testing.T, size fyne.Size, names ...string) *bench {
	t.Helper()
	engine := controltest.New()
	for _, n := range names {
		engine.Answer(controltest.NewQuery(n))
	}
	b := open(t, ViewQueries, size, engine, nil).follow()
	b.until("the log is read", func() bool { return len(b.w.queries.log.rows) == len(names) })
	return b
}

func key(name fyne.KeyName) *fyne.KeyEvent { return &fyne.KeyEvent{Name: name} }

func (b *bench) answer(q control.Query) { b.engine.Answer(q) }

func TestLogShowsRows(t *testing.T) {
	for name, size := range map[string]fyne.Size{"wide": wide, "small": small} {
		t.Run(name, func(t *testing.T) {
			b := log(t, size, "one.example.")
			b.mustSay("one.example", "NOERROR", "upstream", "12 ms")
			q := controltest.NewQuery("two.example.")
			q.RCode = "SERVFAIL"
			b.answer(q)
			b.until("a new row", func() bool { return b.says("two.example") && b.says("SERVFAIL") })
		})
	}
}

func TestLogWithoutQueries(t *testing.T) {
	b := log(t, wide)
	b.mustSay("No queries yet", "dig @127.0.0.1 example.com")
	b.answer(controltest.NewQuery("one.example."))
	b.until("a first row", func() bool { return b.says("one.example") && !b.says("No queries yet") })
	test.Type(b.w.queries.search, "gogle")
	b.mustSay("No query matches “gogle”.")
	b.press("Show all")
	b.mustSay("one.example")
	b.press("Clear")
	b.mustSay("since the list was cleared at")
}

func TestLogThatIsOff(t *testing.T) {
	engine := controltest.New()
	s := control.Default()
	s.LogPrivacy = control.LogOff
	if err := engine.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	b := open(t, ViewQueries, wide, engine, nil).follow()
	b.mustSay("The query log is off")
	b.press("Open Settings")
	if b.w.View() != ViewSettings {
		t.Errorf("the button opens %s", b.w.View())
	}
}

func TestSearchAndChips(t *testing.T) {
	b := log(t, wide, "apple.example.", "pear.example.")
	test.Type(b.w.queries.search, "APP")
	if !b.says("apple.example") || b.says("pear.example") {
		t.Errorf("the search shows %q", b.texts())
	}
	b.w.queries.search.TypedKey(key(fyne.KeyEscape))
	b.mustSay("pear.example")
	test.Tap(b.w.queries.kinds.chips[1])
	b.mustSay("No query is a failure.")
	b.w.queries.kinds.chips[1].TypedKey(key(fyne.KeyLeft))
	b.mustSay("pear.example")
}

func TestPausedLogCountsWhatIsNew(t *testing.T) {
	b := log(t, wide, "one.example.")
	b.press("Pause list")
	b.answer(controltest.NewQuery("two.example."))
	b.until("the chip", func() bool { return b.says("1 new") })
	if b.says("two.example") {
		t.Error("a paused list moves")
	}
	test.Tap(b.w.queries.fresh)
	b.mustSay("two.example", "Pause list")
	if b.says("1 new") {
		t.Error("the chip stays")
	}
	b.w.queries.log.TypedKey(key(fyne.KeySpace))
	b.mustSay("Follow list")
}

func TestDetailsOfARow(t *testing.T) {
	b := log(t, wide, "one.example.", "two.example.")
	test.TapAt(b.w.queries.log, fyne.NewPos(200, rowHeight/2))
	b.mustSay("Asked", "Not in cache", "TLS 1.3", "X25519MLKEM768", "AES-128-GCM", "in 12 ms", "1 record", "93.184.215.14", "DNSSEC: validated by the provider")
	row, place, ok := b.w.queries.list.Selected()
	if !ok || place != 0 || row.Name != "two.example." {
		t.Errorf("selected %v at %d", row, place)
	}
	b.answer(controltest.NewQuery("three.example."))
	b.until("the chip", func() bool { return b.says("1 new") })
	b.w.queries.log.TypedKey(key(fyne.KeyDown))
	if row, _, _ := b.w.queries.list.Selected(); row.Query == nil || row.Name != "one.example." {
		t.Errorf("Down selects %v", row)
	}
	b.w.queries.log.TypedKey(key(fyne.KeyEscape))
	if b.says("Not in cache") {
		t.Error("Esc leaves the details open")
	}
	b.mustSay("three.example")
}

func TestLongLogIsScrolled(t *testing.T) {
	var names []string
	for i := range 300 {
		names = append(names, fmt.Sprintf("n%03d.example.", i))
	}
	b := log(t, wide, names...)
	q := b.w.queries
	if n := len(test.WidgetRenderer(q.log).(*logRenderer).lines); n > 40 {
		t.Errorf("%d lines are drawn for what is in sight", n)
	}
	b.mustSay("n299.example")
	q.log.TypedKey(key(fyne.KeyEnd))
	b.mustSay("n000.example")
	q.selectRow(-1)
	b.answer(controltest.NewQuery("new.example."))
	b.until("the chip", func() bool { return b.says("1 new") })
	test.Tap(q.fresh)
	b.mustSay("new.example")
	if q.log.scroll.Offset.Y != 0 {
		t.Errorf("after the return it is scrolled to %v", q.log.scroll.Offset)
	}
	q.log.TypedKey(key(fyne.KeyPageDown))
	q.log.TypedKey(key(fyne.KeyHome))
	if _, place, _ := q.list.Selected(); place != 0 {
		t.Errorf("Home selects row %d", place)
	}
}

// TestChipsFitASmallWindow with the rail and the margins.
func TestChipsFitASmallWindow(t *testing.T) {
	b := log(t, small)
	if chips, room := b.w.queries.kinds.MinSize().Width, b.w.queries.root.Size().Width; chips > room {
		t.Errorf("the chips need %v of %v", chips, room)
	}
}

func TestWhatLeftInClearTextIsSaid(t *testing.T) {
	for name, size := range map[string]fyne.Size{"wide": wide, "small": small} {
		t.Run(name, func(t *testing.T) {
			engine := controltest.New()
			s := control.Default()
			s.Routes = map[string][]string{"home.arpa": {"192.168.1.1"}}
			if err := engine.Apply(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			q := controltest.NewQuery("printer.home.arpa.")
			q.Source, q.Encrypted, q.EDE = control.SourceRoute, false, "3 (Stale Answer)"
			engine.Answer(q)
			b := open(t, ViewQueries, size, engine, nil).follow()
			b.until("the row", func() bool { return b.says("printer.home.arpa") })
			warns := func(part string) (found bool) {
				walk(b.win.Content(), func(o fyne.CanvasObject) {
					text, ok := o.(*canvas.Text)
					found = found || ok && text.Text == part && text.Color == colorOf(b.w.queries.log, theme.ColorNameWarning)
				})
				return found
			}
			if !warns("not encrypted") {
				t.Errorf("the row does not warn: %q", b.texts())
			}
			test.TapAt(b.w.queries.log, fyne.NewPos(200, rowHeight/2))
			b.mustSay("home.arpa’s server", "Extended error: 3 (Stale Answer)")
			if !warns("home.arpa’s server, not encrypted") {
				t.Errorf("the details do not warn: %q", b.texts())
			}
			test.Tap(b.w.queries.kinds.chips[viewmodel.Stale])
			b.mustSay("No query is answered from an old copy.")
			test.Tap(b.w.queries.kinds.chips[viewmodel.Clear])
			b.mustSay("printer.home.arpa")
		})
	}
}

// TestTheListGrowsInSteps while its end is out of sight, and ends with its last
// row where it is not.
func TestTheListGrowsInSteps(t *testing.T) {
	b := open(t, ViewQueries, wide, controltest.New(), nil)
	add := func(n int) {
		for range n {
			q := controltest.NewQuery("example.com.")
			b.w.log.Add(&q)
		}
		b.w.Tick(controltest.Since)
	}
	list := b.w.queries.log
	add(40)
	if got := list.MinSize().Height; got != 40*rowHeight {
		t.Errorf("40 rows are %v high", got)
	}
	add(61)
	was := list.MinSize().Height
	if add(50); list.MinSize().Height != was || was != 200*rowHeight {
		t.Errorf("101 rows are %v high, 151 %v", was, list.MinSize().Height)
	}
	list.scroll.ScrollToBottom()
	if got, end := list.MinSize().Height, list.scroll.Offset.Y+list.scroll.Size().Height; got != 151*rowHeight || end > got+1 {
		t.Errorf("scrolled down, 151 rows are %v high and end at %v", got, end)
	}
	b.w.queries.list.Return()
	list.toTop()
	if add(1900); list.MinSize().Height != viewmodel.LogSize*rowHeight {
		t.Errorf("a full list is %v high", list.MinSize().Height)
	}
}
