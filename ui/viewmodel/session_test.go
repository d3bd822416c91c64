package viewmodel

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// fakeEngine is an Engine of function fields; a call that is not expected
// panics.
type fakeEngine struct {
	Engine
	events    func(context.Context) iter.Seq2[control.Event, error]
	queries   func() []control.Query
	providers func() ([]control.Provider, error)
}

func (f *fakeEngine) Events(ctx context.Context) iter.Seq2[control.Event, error] {
	return f.events(ctx)
}

func (f *fakeEngine) Queries(context.Context, int) ([]control.Query, error) { return f.queries(), nil }

func (f *fakeEngine) Settings(context.Context) (control.Settings, error) {
	return control.Default(), nil
}

func (f *fakeEngine) Providers(context.Context) ([]control.Provider, error) { return f.providers() }

var errGone = &control.Problem{Code: control.CodeNoEngine, Message: "DoT Proxy is not running."}

// scripted is an engine whose event streams are the channels sent to it; while
// there is none, no engine listens.
func scripted() (*fakeEngine, chan chan control.Event) {
	streams := make(chan chan control.Event, 1)
	f := &fakeEngine{
		queries:   func() []control.Query { return nil },
		providers: func() ([]control.Provider, error) { return controltest.Providers(), nil },
	}
	f.events = func(ctx context.Context) iter.Seq2[control.Event, error] {
		return func(yield func(control.Event, error) bool) {
			var stream chan control.Event
			select {
			case stream = <-streams:
			default:
				yield(control.Event{}, errGone)
				return
			}
			for {
				select {
				case <-ctx.Done():
					return
				case e, ok := <-stream:
					if !ok {
						yield(control.Event{}, errGone)
						return
					}
					if !yield(e, nil) {
						return
					}
				}
			}
		}
	}
	return f, streams
}

func statusEvent(s control.Status) control.Event {
	return control.Event{Name: control.EventStatus, Status: &s}
}

// inSession runs f beside a session of engine. It is called in a bubble of
// virtual time, in which all channels must have been made.
func inSession(t *testing.T, engine Engine, f func(*testing.T, *Session, *Log)) {
	log := &Log{}
	s := NewSession(engine, log)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.Run(ctx) })
	synctest.Wait()
	f(t, s, log)
	cancel()
	wg.Wait()
}

func linkOf(s *Session) Link { v, _ := s.View(time.Now()); return v.Link }

func TestSessionFollowsAndReconnects(t *testing.T) { synctest.Test(t, testSessionFollowsAndReconnects) }

func testSessionFollowsAndReconnects(t *testing.T) {
	engine, streams := scripted()
	inSession(t, engine, func(t *testing.T, s *Session, log *Log) {
		if got := linkOf(s); got != Gone {
			t.Fatalf("without an engine the link is %v", got)
		}
		for round := range 2 {
			stream := make(chan control.Event)
			streams <- stream
			time.Sleep(retryAfter)
			stream <- statusEvent(control.Status{State: control.Protected, PID: 1})
			q := controltest.NewQuery("example.com.")
			stream <- control.Event{Name: control.EventQuery, Query: &q}
			stream <- control.Event{Name: control.EventDropped, Count: 7}
			synctest.Wait()
			v, _ := s.View(time.Now())
			if v.Link != Connected || v.Status.State != control.Protected || len(v.Providers) != 3 || !v.HasSettings {
				t.Errorf("round %d: %+v", round, v)
			}
			if seq, _, dropped := log.Mark(); seq != uint64(round)+1 || dropped != uint64(round+1)*7 {
				t.Errorf("round %d: %d queries, %d lost", round, seq, dropped)
			}
			close(stream)
			synctest.Wait()
			if got := linkOf(s); got != Gone {
				t.Errorf("round %d: after the engine's end the link is %v", round, got)
			}
		}
	})
}

func TestSessionTakesOverSettings(t *testing.T) { synctest.Test(t, testSessionTakesOverSettings) }

func testSessionTakesOverSettings(t *testing.T) {
	engine, streams := scripted()
	stream := make(chan control.Event)
	streams <- stream
	inSession(t, engine, func(t *testing.T, s *Session, _ *Log) {
		stream <- statusEvent(control.Status{State: control.Protected})
		synctest.Wait()
		before := s.Version()
		changed := control.Default()
		changed.Port = 5353
		stream <- control.Event{Name: control.EventSettings, Settings: &changed}
		synctest.Wait()
		if v, now := s.View(time.Now()); v.Settings.Port != 5353 || now == before {
			t.Errorf("port %d, version %d after %d", v.Settings.Port, now, before)
		}
	})
}

func TestSessionShowsNoQueryTwice(t *testing.T) { synctest.Test(t, testSessionShowsNoQueryTwice) }

func testSessionShowsNoQueryTwice(t *testing.T) {
	engine, streams := scripted()
	var past []control.Query
	for i, name := range []string{"a.", "b.", "c."} {
		q := controltest.NewQuery(name)
		q.Time = q.Time.Add(time.Duration(i) * time.Second)
		past = append(past, q)
	}
	engine.queries = func() []control.Query { return slices.Clone(past) }
	inSession(t, engine, func(t *testing.T, s *Session, log *Log) {
		for range 2 { // an engine that is reached again tells its past again
			stream := make(chan control.Event)
			streams <- stream
			time.Sleep(retryAfter)
			stream <- statusEvent(control.Status{State: control.Protected})
			stream <- control.Event{Name: control.EventQuery, Query: &past[2]}
			synctest.Wait()
			if got := names(log.Snapshot(Filter{}, nil).Rows); !slices.Equal(got, []string{"c.", "b.", "a."}) {
				t.Errorf("got %v", got)
			}
			close(stream)
			synctest.Wait()
		}
		stream := make(chan control.Event)
		streams <- stream
		time.Sleep(retryAfter)
		stream <- statusEvent(control.Status{State: control.Protected})
		late := past[2]
		late.Time = late.Time.Add(time.Minute)
		stream <- control.Event{Name: control.EventQuery, Query: &late}
		synctest.Wait()
		if n := len(log.Snapshot(Filter{}, nil).Rows); n != 4 {
			t.Errorf("%d rows, want the same name asked again as a fourth", n)
		}
	})
}

func TestSessionOfAnotherUsersEngine(t *testing.T) { synctest.Test(t, testSessionOfAnotherUsersEngine) }

func testSessionOfAnotherUsersEngine(t *testing.T) {
	engine, _ := scripted()
	no := &control.Problem{Code: control.CodeForbidden, Message: "Not yours."}
	engine.events = func(context.Context) iter.Seq2[control.Event, error] {
		return func(yield func(control.Event, error) bool) { yield(control.Event{}, no) }
	}
	inSession(t, engine, func(t *testing.T, s *Session, _ *Log) {
		if v, _ := s.View(time.Now()); v.Link != Refused || v.Problem != no {
			t.Errorf("got %+v", v)
		}
	})
}

func TestSessionWhoseEngineFailsWhileItIsRead(t *testing.T) {
	synctest.Test(t, testSessionWhoseEngineFailsWhileItIsRead)
}

func testSessionWhoseEngineFailsWhileItIsRead(t *testing.T) {
	engine, streams := scripted()
	engine.providers = func() ([]control.Provider, error) { return nil, errors.New("half a reply") }
	stream := make(chan control.Event, 1)
	streams <- stream
	stream <- statusEvent(control.Status{State: control.Protected})
	inSession(t, engine, func(t *testing.T, s *Session, _ *Log) {
		if got := linkOf(s); got != Gone {
			t.Errorf("the link is %v", got)
		}
	})
}

func TestSessionLaunch(t *testing.T) { synctest.Test(t, testSessionLaunch) }

func testSessionLaunch(t *testing.T) {
	engine, streams := scripted()
	inSession(t, engine, func(t *testing.T, s *Session, _ *Log) {
		stream := make(chan control.Event, 1)
		err := s.Launch(t.Context(), func(context.Context) error {
			time.Sleep(2 * retryAfter) // looking on meanwhile must not say that it is gone
			if got := linkOf(s); got != Launching {
				t.Errorf("while it is launched the link is %v", got)
			}
			streams <- stream
			stream <- statusEvent(control.Status{State: control.Starting})
			return nil
		})
		synctest.Wait() // at once, without waiting for the next look
		if got := linkOf(s); err != nil || got != Connected {
			t.Errorf("after the launch: %v, link %v", err, got)
		}
	})
}

func TestSessionLaunchBesideAnEngine(t *testing.T) {
	synctest.Test(t, testSessionLaunchBesideAnEngine)
}

func testSessionLaunchBesideAnEngine(t *testing.T) {
	engine, streams := scripted()
	inSession(t, engine, func(t *testing.T, s *Session, _ *Log) {
		stream := make(chan control.Event, 1)
		stream <- statusEvent(control.Status{State: control.Protected})
		streams <- stream
		time.Sleep(retryAfter)
		synctest.Wait()
		err := s.Launch(t.Context(), func(context.Context) error {
			t.Error("a second engine is launched")
			return &control.Problem{Code: control.CodeRunning, Message: "DoT Proxy is already running."}
		})
		if v, _ := s.View(time.Now()); err != nil || v.Link != Connected || v.Problem != nil {
			t.Errorf("beside an engine: %v, %+v", err, v)
		}
	})
}

func TestSessionLaunchThatFails(t *testing.T) { synctest.Test(t, testSessionLaunchThatFails) }

func testSessionLaunchThatFails(t *testing.T) {
	engine, streams := scripted()
	inSession(t, engine, func(t *testing.T, s *Session, _ *Log) {
		no := &control.Problem{Code: control.CodeNoEngine, Message: "The program dot-proxy was not found."}
		if err := s.Launch(t.Context(), func(context.Context) error { return no }); err != no {
			t.Errorf("got %v", err)
		}
		time.Sleep(3 * retryAfter)
		if v, _ := s.View(time.Now()); v.Link != Gone || v.Problem != no {
			t.Errorf("why it failed is forgotten: %+v", v)
		}
		stream := make(chan control.Event, 1)
		stream <- statusEvent(control.Status{State: control.Protected})
		streams <- stream
		time.Sleep(retryAfter)
		synctest.Wait()
		if v, _ := s.View(time.Now()); v.Link != Connected || v.Problem != nil {
			t.Errorf("an engine that came by itself: %+v", v)
		}
	})
}
