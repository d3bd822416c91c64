package window

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// inUTC shows times of day alike on every computer.
func inUTC(t *testing.T) {
	t.Helper()
	zone := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = zone })
}

// TestQueriesLook keeps what is drawn of the queries: the list with a row of
// each kind, the details of one, and what stands there without any.
func TestQueriesLook(t *testing.T) {
	inUTC(t)
	for name, size := range map[string]fyne.Size{"wide": wide, "small": small} {
		t.Run(name, func(t *testing.T) {
			b := log(t, size)
			b.settle()
			test.AssertObjectRendersToMarkup(t, "queries-empty-"+name+".xml", b.w.queries.root)
			for i, change := range []func(*control.Query){
				func(*control.Query) {},
				func(q *control.Query) { q.Source, q.MS = control.SourceCache, 0.04 },
				func(q *control.Query) {
					q.RCode, q.MS, q.EDE, q.Answers = "SERVFAIL", 1840, "22 (No Reachable Authority)", nil
				},
				func(q *control.Query) { q.Source = control.SourceStale },
				func(q *control.Query) { q.Name, q.Client, q.Answers = "", "", nil },
				func(q *control.Query) {
					q.Source, q.Encrypted, q.Upstream = control.SourceRoute, false, "192.168.1.1:53"
				},
			} {
				q := controltest.NewQuery("www.example.com.")
				q.Time = q.Time.Add(time.Duration(i) * time.Second)
				change(&q)
				b.answer(q)
			}
			b.until("the rows", func() bool { return len(b.w.queries.log.rows) == 6 })
			b.settle()
			test.AssertObjectRendersToMarkup(t, "queries-list-"+name+".xml", b.w.queries.root)
			for kind, row := range map[string]int{"failed": 3, "asked": 5} {
				b.w.queries.list.Select(row)
				b.w.queries.render()
				b.settle()
				test.AssertObjectRendersToMarkup(t, "queries-details-"+kind+"-"+name+".xml", b.w.queries.root)
			}
		})
	}
}

// TestWelcomeLooks keeps what is drawn of a first run.
func TestWelcomeLooks(t *testing.T) {
	for name, size := range map[string]fyne.Size{"wide": wide, "small": small} {
		t.Run(name, func(t *testing.T) {
			b, _ := first(t, size, controltest.New(), &atLogin{})
			b.settle()
			test.AssertObjectRendersToMarkup(t, "welcome-"+name+".xml", b.win.Content())
		})
	}
}
