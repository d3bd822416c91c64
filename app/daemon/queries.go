package daemon

import (
	"context"

	"dotproxy/app/control"
	"dotproxy/app/querylog"
	"dotproxy/resolver"
)

// sources translates resolver.Source.
var sources = [...]control.Source{
	resolver.SourceUpstream:  control.SourceUpstream,
	resolver.SourceCache:     control.SourceCache,
	resolver.SourceLocal:     control.SourceLocal,
	resolver.SourceCoalesced: control.SourceCoalesced,
	resolver.SourceStale:     control.SourceStale,
	resolver.SourceOverride:  control.SourceOverride,
	resolver.SourceRoute:     control.SourceRoute,
	resolver.SourceBlocked:   control.SourceBlocked,
}

// onQuery is part of a query's way: it neither allocates nor waits. Names made
// up to see who asks here are no query of anybody's.
func (d *Daemon) onQuery(e *resolver.Event) {
	if e.Expected {
		return
	}
	d.answered[e.Source].Add(1)
	if e.Source == resolver.SourceStale {
		d.noteStale(e.Time)
	}
	entry := querylog.Entry{
		Time: e.Time, Elapsed: e.Elapsed, Client: e.Client, TCP: e.TCP, Clear: e.Clear, AD: e.AD, Name: e.Name, Type: e.Type,
		RCode: e.RCode, Source: sources[e.Source], Upstream: e.Upstream, Answer: e.Answer, Over: (*control.Connection)(e.Over), Tries: e.Tries,
	}
	if e.EDE != nil {
		entry.HasEDE, entry.EDECode, entry.EDEText = true, e.EDE.Code, e.EDE.Text
	}
	d.queries.Add(entry)
	if e.Source != resolver.SourceLocal { // a health check's question is local
		d.noteLocal(e.Client.Addr(), e.Time)
	}
}

// Queries implements control.Controller.
func (d *Daemon) Queries(limit int) []control.Query { return d.queries.Recent(limit) }

// Subscribe implements control.Controller.
func (d *Daemon) Subscribe(ctx context.Context) <-chan control.Event {
	return d.hub.Subscribe(ctx, func() control.Event {
		s := d.Status()
		return control.Event{Name: control.EventStatus, Status: &s}
	})
}

// followQueries hands new queries to the readers of the hub, while there are
// any.
func (d *Daemon) followQueries(ctx context.Context) {
	for batch, lost := range d.queries.Follow(ctx) {
		if lost > 0 {
			d.hub.Publish(control.Event{Name: control.EventDropped, Count: lost})
		}
		for i := range batch {
			d.hub.Publish(control.Event{Name: control.EventQuery, Query: &batch[i]})
		}
	}
}
