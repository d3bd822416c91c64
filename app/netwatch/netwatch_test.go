package netwatch

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeSource passes its sink on and ends when it is told to.
type fakeSource struct {
	runs chan *sink
	end  chan error
}

func newFakeSource() *fakeSource {
	return &fakeSource{runs: make(chan *sink), end: make(chan error)}
}

func (f *fakeSource) run(ctx context.Context, s *sink) error {
	f.runs <- s
	select {
	case err := <-f.end:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watched is a watcher of one fake source, within a bubble.
func watched(t *testing.T, test func(t *testing.T, w *Watcher, f *fakeSource, s *sink)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := newFakeSource()
		w := start(ctx, f.run)
		test(t, w, f, <-f.runs)
		cancel()
		w.Wait()
	})
}

// next waits for an event.
func next(t *testing.T, w *Watcher) (Event, time.Duration) {
	t.Helper()
	began := time.Now()
	select {
	case e := <-w.Events():
		return e, time.Since(began)
	case <-time.After(time.Hour):
		t.Fatal("no event came")
	}
	return Event{}, 0
}

// none waits for no event.
func none(t *testing.T, w *Watcher, about string) {
	t.Helper()
	select {
	case e := <-w.Events():
		t.Errorf("%s: %+v", about, e)
	case <-time.After(time.Hour):
	}
}

// A burst is one event, when it is over or after a second.
func TestBurstsAreOneEvent(t *testing.T) {
	for name, c := range map[string]struct {
		count  int
		gap    time.Duration
		within time.Duration
		more   bool
	}{
		"one message":  {1, 0, quiet, false},
		"a burst":      {20, 0, quiet, false},
		"a slow burst": {3, 200 * time.Millisecond, 2*200*time.Millisecond + quiet, false},
		"without end":  {12, 100 * time.Millisecond, most, true},
		"two":          {2, 300 * time.Millisecond, quiet, true},
	} {
		t.Run(name, func(t *testing.T) {
			watched(t, func(t *testing.T, w *Watcher, _ *fakeSource, s *sink) {
				go func() {
					for i := range c.count {
						if i > 0 {
							time.Sleep(c.gap)
						}
						s.tell(Event{Network: true})
					}
				}()
				e, took := next(t, w)
				if took != c.within || e != (Event{Network: true}) {
					t.Errorf("%+v after %v", e, took)
				}
				if c.more {
					_, _ = next(t, w)
				}
				none(t, w, "after it")
			})
		})
	}
}

// A wake-up is told at once, with what came before it.
func TestWakeUpsDoNotWait(t *testing.T) {
	watched(t, func(t *testing.T, w *Watcher, _ *fakeSource, s *sink) {
		s.tell(Event{Woke: true})
		if e, took := next(t, w); took != 0 || e != (Event{Woke: true}) {
			t.Errorf("%+v after %v", e, took)
		}
		s.tell(Event{Network: true})
		s.tell(Event{Woke: true})
		if e, took := next(t, w); took != 0 || e != (Event{Network: true, Woke: true}) {
			t.Errorf("%+v after %v", e, took)
		}
		none(t, w, "after it")
	})
}

// Who is busy gets one event of all that came.
func TestSlowReceiversGetOne(t *testing.T) {
	watched(t, func(t *testing.T, w *Watcher, _ *fakeSource, s *sink) {
		for range 5 {
			s.tell(Event{Network: true})
			time.Sleep(time.Minute)
		}
		s.tell(Event{Woke: true})
		if e, took := next(t, w); took != 0 || e != (Event{Network: true, Woke: true}) {
			t.Errorf("%+v after %v", e, took)
		}
		none(t, w, "after it")
	})
}

func TestConnectivityIsTold(t *testing.T) {
	watched(t, func(t *testing.T, w *Watcher, _ *fakeSource, s *sink) {
		for _, c := range []Connectivity{Full, Portal, Unknown} {
			s.connected(c)
			if e, _ := next(t, w); e != (Event{Connectivity: c}) || w.Connectivity() != c {
				t.Errorf("%+v, now %d", e, w.Connectivity())
			}
			s.connected(c)
			none(t, w, "the same again")
		}
		s.connected(77)
		none(t, w, "what no version says")
	})
}

// A source that ends is tried again, and what happened meanwhile is not known.
func TestSourcesAreTriedAgain(t *testing.T) {
	watched(t, func(t *testing.T, w *Watcher, f *fakeSource, s *sink) {
		if w.Live() {
			t.Error("live before anybody listened")
		}
		for _, wait := range []time.Duration{retryFirst, 2 * retryFirst, 4 * retryFirst} {
			s.listens(true)
			s.listens(true)
			if e, _ := next(t, w); !e.Network || !w.Live() {
				t.Errorf("begun: %+v, live %v", e, w.Live())
			}
			began := time.Now()
			f.end <- errors.New("it ended")
			synctest.Wait()
			if w.Live() {
				t.Error("live after the end")
			}
			s = <-f.runs
			if took := time.Since(began); took != wait {
				t.Errorf("tried again after %v, want %v", took, wait)
			}
		}
		time.Sleep(time.Hour)
		began := time.Now()
		f.end <- errors.New("it ended")
		<-f.runs
		if took := time.Since(began); took != retryFirst {
			t.Errorf("after a long time it is tried again after %v", took)
		}
	})
}

// One source that hears is enough.
func TestLiveByEither(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		one, two := newFakeSource(), newFakeSource()
		w := start(ctx, one.run, two.run)
		a, b := <-one.runs, <-two.runs
		a.listens(true)
		b.listens(true)
		b.listens(false)
		if !w.Live() {
			t.Error("one hears, and it is not live")
		}
		a.listens(false)
		if w.Live() {
			t.Error("nobody hears, and it is live")
		}
		cancel()
		w.Wait()
	})
}

// Nothing that a system lacks is an error.
func TestStart(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+t.TempDir()+"/none")
	ctx, cancel := context.WithCancel(t.Context())
	w := Start(ctx)
	_ = w.Live()
	cancel()
	w.Wait()
}

func TestClock(t *testing.T) {
	var c Clock
	now := time.Now()
	if c.Woke(now) || c.Woke(now.Add(time.Hour)) {
		t.Error("both clocks ran, and it slept")
	}
	for _, step := range []struct {
		about           string
		wall, monotonic time.Duration
		woke            bool
	}{
		{"both run", 2 * time.Hour, 2 * time.Hour, false},
		{"it slept", 10 * time.Hour, 2*time.Hour + time.Second, true},
		{"and is awake", 10*time.Hour + time.Minute, 2*time.Hour + time.Minute, false},
		{"the clock is set right", 10*time.Hour + 2*time.Minute + 4*time.Second, 2*time.Hour + 2*time.Minute, false},
		{"the clock is set back", 5 * time.Hour, 3 * time.Hour, false},
		{"it slept again", 5*time.Hour + 6*time.Second, 3 * time.Hour, true},
	} {
		if got := c.ranAhead(step.wall, step.monotonic); got != step.woke {
			t.Errorf("%s: woke %v", step.about, got)
		}
	}
}
