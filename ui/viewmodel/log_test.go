package viewmodel

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func named(name string) *control.Query {
	q := controltest.NewQuery(name)
	return &q
}

func names(rows []Row) []string {
	var list []string
	for _, r := range rows {
		list = append(list, r.Name)
	}
	return list
}

func TestLogKeepsTheNewest(t *testing.T) {
	var l Log
	for i := range LogSize + 3 {
		l.Add(named(fmt.Sprint(i)))
	}
	s := l.Snapshot(Filter{}, nil)
	if len(s.Rows) != LogSize || s.Kept != LogSize || s.Seq != LogSize+3 {
		t.Fatalf("%d rows, %d kept, newest %d", len(s.Rows), s.Kept, s.Seq)
	}
	if first, last := s.Rows[0].Name, s.Rows[LogSize-1].Name; first != fmt.Sprint(LogSize+2) || last != "3" {
		t.Errorf("from %s to %s", first, last)
	}
}

func TestLogClear(t *testing.T) {
	var l Log
	at := time.Now()
	l.Add(named("a."))
	l.Drop(5)
	l.Clear(at)
	l.Add(named("b."))
	s := l.Snapshot(Filter{}, nil)
	if !slices.Equal(names(s.Rows), []string{"b."}) || s.Dropped != 0 || !s.Cleared.Equal(at) {
		t.Errorf("got %+v", s)
	}
	if got := l.Since(0, Filter{}); got != 1 {
		t.Errorf("%d since the beginning, want 1", got)
	}
	if !l.Latest().Equal(controltest.NewQuery("").Time) {
		t.Error("what was cleared is forgotten as if it had never been")
	}
}

func TestLogFromManyGoroutines(t *testing.T) {
	var l Log
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				l.Add(named("a."))
			}
		})
	}
	list := NewList(&l)
	for range 100 {
		list.Update()
	}
	wg.Wait()
	list.Update()
	if s := list.Snapshot(); s.Seq != 4000 || len(s.Rows) != LogSize {
		t.Errorf("newest %d, %d rows", s.Seq, len(s.Rows))
	}
}

func TestFilter(t *testing.T) {
	failed, refused, slow, cached, nx := *named("telemetry.example."), *named("b."), *named("Slow.Example."), *named("c."), *named("d.")
	failed.RCode, refused.RCode, nx.RCode, slow.MS, cached.Source = "SERVFAIL", "REFUSED", "NXDOMAIN", 100.1, control.SourceCache
	all := []*control.Query{&failed, &refused, &slow, &cached, &nx}
	for _, c := range []struct {
		filter Filter
		want   []*control.Query
	}{
		{Filter{}, all},
		{Filter{Kind: Failed}, []*control.Query{&failed, &refused}},
		{Filter{Kind: Slow}, []*control.Query{&slow}},
		{Filter{Kind: Cached}, []*control.Query{&cached}},
		{Filter{Search: " EXAMPLE "}, []*control.Query{&failed, &slow}},
		{Filter{Kind: Failed, Search: "example"}, []*control.Query{&failed}},
		{Filter{Search: "nowhere"}, nil},
	} {
		var got []*control.Query
		for _, q := range all {
			if c.filter.Match(q) {
				got = append(got, q)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v lets through %d, want %d", c.filter, len(got), len(c.want))
		}
	}
	edge := *named("e.")
	if edge.MS = 100; (Filter{Kind: Slow}).Match(&edge) {
		t.Error("100 ms is not over 100 ms")
	}
}

func TestListFollows(t *testing.T) {
	var l Log
	list := NewList(&l)
	if list.Update() {
		t.Error("nothing happened, yet there is something to show")
	}
	for _, c := range []struct {
		name           string
		freeze, resume func()
	}{
		{"paused", func() { list.Pause(true) }, func() { list.Pause(false) }},
		{"scrolled", func() { list.Scrolled(true) }, func() { list.Scrolled(false) }},
		{"selected", func() { list.Select(0) }, func() { list.Select(-1) }},
		{"all of it", func() { list.Pause(true); list.Scrolled(true); list.Select(0) }, list.Return},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.Add(named("before."))
			if !list.Update() || list.Snapshot().Rows[0].Name != "before." {
				t.Fatal("a new row is not shown")
			}
			shown := len(list.Snapshot().Rows)
			c.freeze()
			l.Add(named("a."))
			l.Add(named("b."))
			if !list.Update() || list.Pending() != 2 || len(list.Snapshot().Rows) != shown || list.Following() {
				t.Errorf("%d rows, %d waiting", len(list.Snapshot().Rows), list.Pending())
			}
			if got := list.PendingLabel(); got != "2 new" {
				t.Errorf("the chip says %q", got)
			}
			c.resume()
			if list.Pending() != 0 || list.Snapshot().Rows[0].Name != "b." || !list.Following() {
				t.Errorf("after the return %d wait, newest is %s", list.Pending(), list.Snapshot().Rows[0].Name)
			}
		})
	}
}

func TestListKeepsTheSelectedRow(t *testing.T) {
	var l Log
	list := NewList(&l)
	for _, n := range []string{"a.", "b.", "c."} {
		l.Add(named(n))
	}
	list.Update()
	list.Select(1)
	l.Add(named("d."))
	list.Update()
	row, place, ok := list.Selected()
	if !ok || row.Name != "b." || place != 1 || !list.IsSelected(row) {
		t.Errorf("selected %v at %d", row.Query, place)
	}
	list.Select(99)
	if _, _, ok := list.Selected(); ok {
		t.Error("a row that is not there is selected")
	}
}

func TestListFilterAndClearWhilePaused(t *testing.T) {
	var l Log
	list := NewList(&l)
	l.Add(named("apple."))
	l.Add(named("pear."))
	list.Update()
	list.Pause(true)
	list.SetFilter(Filter{Search: "apple"})
	if got := names(list.Snapshot().Rows); !slices.Equal(got, []string{"apple."}) {
		t.Errorf("filtered: %v", got)
	}
	l.Add(named("pear."))
	l.Add(named("apple.pie."))
	list.Update()
	if list.Pending() != 1 {
		t.Errorf("%d of the filter wait, want 1", list.Pending())
	}
	list.Clear(time.Now())
	if s := list.Snapshot(); len(s.Rows) != 0 || s.Kept != 0 || list.Pending() != 0 {
		t.Errorf("after Clear: %+v, %d waiting", s, list.Pending())
	}
	for range LogSize + 1 {
		l.Add(named("apple."))
	}
	list.Update()
	if got := list.PendingLabel(); got != "2,000+ new" {
		t.Errorf("a full log waits as %q", got)
	}
}
