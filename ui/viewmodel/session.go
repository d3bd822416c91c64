package viewmodel

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"dotproxy/app/control"
)

// Engine is what the window asks of an engine; control.Client is one. Every
// error is a *control.Problem.
type Engine interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Use(ctx context.Context, upstream string) error
	SystemDNS(ctx context.Context, action string) error
	Pause(ctx context.Context, p control.Pause) error
	Resume(ctx context.Context) error
	SignIn(ctx context.Context) error
	Settings(ctx context.Context) (control.Settings, error)
	Apply(ctx context.Context, s control.Settings) error
	Providers(ctx context.Context) ([]control.Provider, error)
	Queries(ctx context.Context, limit int) ([]control.Query, error)
	Events(ctx context.Context) iter.Seq2[control.Event, error]
	Check(ctx context.Context) ([]control.CheckRow, error)
	Network(ctx context.Context) (control.Network, error)
	TestProviders(ctx context.Context, upstreams []string) iter.Seq2[control.TestEvent, error]
}

// Link says whether there is an engine.
type Link int

// The links.
const (
	// Looking: nothing is known yet.
	Looking Link = iota
	// Connected: its events arrive.
	Connected
	// Gone: no engine listens.
	Gone
	// Launching: its process is being started.
	Launching
	// Refused: there is one that this user may not steer.
	Refused
)

// View is what is known of the engine at one moment.
type View struct {
	Link Link
	// Problem is why there is no link (Refused), or why an engine could not be
	// launched (Gone).
	Problem   *control.Problem
	Status    control.Status
	Settings  control.Settings
	Providers []control.Provider
	// HasSettings tells whether Settings were read.
	HasSettings bool
	Bars        []Bar
	ChartTitle  string
	// Now is when all this was so, which a countdown needs.
	Now time.Time
}

// Counts tells whether v changes with each second.
func (v View) Counts() bool {
	return v.Link == Connected && v.Status.State == control.Paused && v.Status.PausedUntil != nil
}

// retryAfter is how long to wait before looking for an engine again.
const retryAfter = 500 * time.Millisecond

// Session follows an engine: it keeps the View and feeds the Log, and
// reconnects by itself. All methods may be called at the same time.
type Session struct {
	engine Engine
	log    *Log

	mu      sync.Mutex
	view    View
	history History
	version uint64
	retry   chan struct{}
}

// NewSession returns a session that has not begun; Run begins it.
func NewSession(engine Engine, log *Log) *Session {
	return &Session{engine: engine, log: log, retry: make(chan struct{}, 1)}
}

// Run follows the engine until ctx ends.
func (s *Session) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := s.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		s.lost(err)
		select {
		case <-ctx.Done():
		case <-s.retry:
		case <-time.After(retryAfter):
		}
	}
}

// View returns what is known, and a number that changes with it.
func (s *Session) View(now time.Time) (View, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view
	s.history.Advance(now)
	v.Bars, v.ChartTitle, v.Now = s.history.Bars(), s.history.Caption(now), now
	return v, s.version
}

// Version changes whenever the View does.
func (s *Session) Version() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Counts tells whether the View changes with each second.
func (s *Session) Counts() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.Counts()
}

// Launch starts an engine by launch and shows meanwhile that it does. An engine
// that has come by itself, unseen by whoever pressed the button, is kept: its
// next event, which would say that it is there, may be long in coming.
func (s *Session) Launch(ctx context.Context, launch func(context.Context) error) error {
	there := false
	s.change(func(v *View) {
		if there = v.Link == Connected; !there {
			v.Link, v.Problem = Launching, nil
		}
	})
	if there {
		return nil
	}
	err := launch(ctx)
	s.change(func(v *View) {
		if v.Link == Launching {
			v.Link, v.Problem = Gone, problemOf(err)
			if err == nil {
				v.Link = Looking
			}
		}
	})
	select {
	case s.retry <- struct{}{}:
	default:
	}
	return err
}

// follow takes over the engine's events until they end.
func (s *Session) follow(ctx context.Context) error {
	var known *backlog
	for e, err := range s.engine.Events(ctx) {
		if err != nil {
			return err
		}
		switch {
		case e.Name == control.EventStatus && e.Status != nil:
			s.status(*e.Status)
			if known == nil {
				var err error
				if known, err = s.load(ctx); err != nil {
					return err
				}
			}
		case e.Name == control.EventQuery && e.Query != nil:
			if known == nil || !known.has(e.Query) {
				s.log.Add(e.Query)
			}
		case e.Name == control.EventSettings && e.Settings != nil:
			s.change(func(v *View) { v.Settings, v.HasSettings = *e.Settings, true })
		case e.Name == control.EventDropped:
			s.log.Drop(e.Count)
		}
	}
	return nil
}

// Saved tells the session what settings the engine took, before its event does.
func (s *Session) Saved(settings control.Settings) {
	s.change(func(v *View) { v.Settings = settings.Clone() })
}

func (s *Session) status(status control.Status) {
	s.change(func(v *View) {
		v.Link, v.Problem, v.Status = Connected, nil, status
		s.history.Note(status, time.Now())
	})
}

// load reads what events do not carry: settings, providers and the queries
// answered before.
func (s *Session) load(ctx context.Context) (*backlog, error) {
	settings, err := s.engine.Settings(ctx)
	if err != nil {
		return nil, err
	}
	providers, err := s.engine.Providers(ctx)
	if err != nil {
		return nil, err
	}
	s.change(func(v *View) { v.Settings, v.HasSettings, v.Providers = settings, true, providers })
	queries, err := s.engine.Queries(ctx, LogSize)
	if err != nil {
		return nil, err
	}
	recorded := settings.LogPrivacy != control.LogOff
	s.change(func(*View) { s.history.Backfill(queries, recorded && len(queries) < LogSize, time.Now()) })
	known, after := newBacklog(queries), s.log.Latest()
	for i := range queries {
		if queries[i].Time.After(after) {
			s.log.Add(&queries[i])
		}
	}
	return known, nil
}

// lost notes why the events ended. An engine being launched is not gone.
func (s *Session) lost(err error) {
	s.change(func(v *View) {
		p := problemOf(err)
		switch {
		case p != nil && p.Code == control.CodeForbidden:
			v.Link, v.Problem = Refused, p
		case v.Link == Launching:
		case v.Link == Gone && v.Problem != nil:
			// Why it could not be launched is worth more than that it is not there.
		default:
			v.Link, v.Problem = Gone, nil
		}
	})
}

// change changes the view, and its version where it differs from before.
func (s *Session) change(f func(*View)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	link, problem := s.view.Link, s.view.Problem
	f(&s.view)
	if s.view.Link == Connected || s.view.Link != link || s.view.Problem != problem {
		s.version++
	}
}

// problemOf returns the problem in err, nil for no error.
func problemOf(err error) *control.Problem {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*control.Problem](err); ok {
		return p
	}
	return &control.Problem{Code: control.CodeInternal, Message: "The engine could not be asked: " + control.Quote(err.Error()) + ".", Hint: "Try again."}
}

// backlog knows the queries that were read as a list, so that those which also
// arrive as events are not shown twice.
type backlog struct {
	keys  map[queryKey]bool
	until time.Time
}

type queryKey struct {
	at         int64
	name, kind string
	ms         float64
}

func keyOf(q *control.Query) queryKey { return queryKey{q.Time.UnixNano(), q.Name, q.Type, q.MS} }

func newBacklog(list []control.Query) *backlog {
	b := &backlog{keys: make(map[queryKey]bool, len(list))}
	for i := range list {
		b.keys[keyOf(&list[i])] = true
		if at := list[i].Time; at.After(b.until) {
			b.until = at
		}
	}
	// A query's time is that of its arrival, so answers are not in order.
	b.until = b.until.Add(10 * time.Second)
	return b
}

func (b *backlog) has(q *control.Query) bool {
	if q.Time.After(b.until) {
		b.keys = nil
	}
	return b.keys[keyOf(q)]
}
