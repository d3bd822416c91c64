package tray_test

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/app/tray"
)

// world is a computer on which engines come and go. It is the tray.Engine of
// whichever engine runs.
type world struct {
	mu        sync.Mutex
	running   *controltest.Engine // nil while there is none
	down      chan struct{}       // closed when running ends
	system    bool
	forbidden bool
	launched  []time.Time
	// onLaunch replaces: a new engine runs.
	onLaunch func(ctx context.Context) error
}

var errNone = &control.Problem{Code: control.CodeNoEngine, Message: "DoT Proxy is not running."}

// boot starts an engine.
func (w *world) boot() *controltest.Engine {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running, w.down = controltest.New(), make(chan struct{})
	return w.running
}

// kill ends the engine.
func (w *world) kill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running != nil {
		w.running = nil
		close(w.down)
	}
}

func (w *world) engine() (*controltest.Engine, chan struct{}, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.forbidden {
		return nil, nil, &control.Problem{Code: control.CodeForbidden, Message: "This user may not."}
	}
	if w.running == nil {
		return nil, nil, errNone
	}
	return w.running, w.down, nil
}

func (w *world) launch(ctx context.Context) error {
	w.mu.Lock()
	w.launched = append(w.launched, time.Now())
	onLaunch := w.onLaunch
	w.mu.Unlock()
	if onLaunch != nil {
		return onLaunch(ctx)
	}
	w.boot()
	return nil
}

// lastLaunch is when an engine was started last.
func (w *world) lastLaunch() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.launched[len(w.launched)-1]
}

// change changes what is under the lock.
func (w *world) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *world) launches() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.launched)
}

func (w *world) Events(ctx context.Context) iter.Seq2[control.Event, error] {
	return func(yield func(control.Event, error) bool) {
		e, down, err := w.engine()
		if err != nil {
			yield(control.Event{}, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		events := e.Subscribe(ctx)
		for {
			select {
			case <-down:
				yield(control.Event{}, errNone)
				return
			case ev, open := <-events:
				if !open || !yield(ev, nil) {
					return
				}
			}
		}
	}
}

func (w *world) Providers(context.Context) ([]control.Provider, error) {
	e, _, err := w.engine()
	if err != nil {
		return nil, err
	}
	return e.Providers(), nil
}

func (w *world) ask(do func(*controltest.Engine) error) error {
	e, _, err := w.engine()
	if err != nil {
		return err
	}
	return do(e)
}

func (w *world) Start(ctx context.Context) error {
	return w.ask(func(e *controltest.Engine) error { return e.Start(ctx) })
}

func (w *world) Stop(ctx context.Context) error {
	return w.ask(func(e *controltest.Engine) error { return e.Stop(ctx) })
}

func (w *world) Use(ctx context.Context, upstream string) error {
	return w.ask(func(e *controltest.Engine) error { return e.Use(ctx, upstream) })
}

func (w *world) Settings(context.Context) (control.Settings, error) {
	e, _, err := w.engine()
	if err != nil {
		return control.Settings{}, err
	}
	return e.Settings(), nil
}

func (w *world) SystemDNS(ctx context.Context, action string) error {
	return w.ask(func(e *controltest.Engine) error { return e.SystemDNS(ctx, action) })
}

func (w *world) Pause(ctx context.Context, p control.Pause) error {
	return w.ask(func(e *controltest.Engine) error { return e.Pause(ctx, p) })
}

func (w *world) Resume(ctx context.Context) error {
	return w.ask(func(e *controltest.Engine) error { return e.Resume(ctx) })
}

func (w *world) SignIn(ctx context.Context) error {
	return w.ask(func(e *controltest.Engine) error { return e.SignIn(ctx) })
}

func (w *world) Quit(ctx context.Context) error {
	err := w.ask(func(e *controltest.Engine) error { return e.Quit(ctx) })
	if err == nil {
		w.kill()
	}
	return err
}

func (w *world) System() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.system || w.forbidden
}

// keep runs test with a keeper of w, on a clock of its own; up tells whether an
// engine runs before.
func keep(t *testing.T, w *world, up bool, test func(*testing.T, *tray.Keeper)) {
	synctest.Test(t, func(t *testing.T) {
		if up {
			w.boot()
		}
		ctx, cancel := context.WithCancel(t.Context())
		k := tray.NewKeeper(w, w.launch, slog.New(slog.DiscardHandler))
		k.Begin(ctx)
		synctest.Wait()
		test(t, k)
		cancel()
		k.Wait()
	})
}

func wantView(t *testing.T, k *tray.Keeper, link tray.Link, state control.State) {
	t.Helper()
	synctest.Wait()
	if v := k.View(); v.Link != link || v.Status.State != state {
		t.Errorf("link %v, state %q; want %v, %q", v.Link, v.Status.State, link, state)
	}
}

func TestKeeperJoinsTheEngineThatRuns(t *testing.T) {
	w := &world{}
	keep(t, w, true, func(t *testing.T, k *tray.Keeper) {
		wantView(t, k, tray.Connected, control.Protected)
		if w.launches() != 0 {
			t.Error("it started another one")
		}
		if len(k.View().Providers) == 0 {
			t.Error("the providers are not known")
		}
		w.running.SetState(control.Stopped)
		wantView(t, k, tray.Connected, control.Stopped)
	})
	if _, _, err := w.engine(); err != nil {
		t.Error("the end of the keeper ended the engine")
	}
}

func TestKeeperStartsAnEngine(t *testing.T) {
	w := &world{}
	keep(t, w, false, func(t *testing.T, k *tray.Keeper) {
		wantView(t, k, tray.Connected, control.Protected)
		if w.launches() != 1 {
			t.Errorf("started %d times", w.launches())
		}
	})
}

func TestKeeperRestartsADeadEngine(t *testing.T) {
	w := &world{}
	var waits []time.Duration
	keep(t, w, false, func(t *testing.T, k *tray.Keeper) {
		for range 5 {
			died := time.Now()
			w.kill()
			time.Sleep(time.Minute / 2)
			wantView(t, k, tray.Connected, control.Protected)
			waits = append(waits, w.lastLaunch().Sub(died))
		}
		time.Sleep(time.Hour)
		died := time.Now()
		w.kill()
		time.Sleep(time.Second)
		waits = append(waits, w.lastLaunch().Sub(died))
	})
	want := []time.Duration{0, time.Second / 2, time.Second, 2 * time.Second, 4 * time.Second, 0}
	if !slices.Equal(waits, want) {
		t.Errorf("restarted after %v, want %v", waits, want)
	}
}

// An engine that answers once and dies before it says its state must not be
// started in a tight loop.
func TestKeeperSpacesStartsOfAnEngineThatNeverLives(t *testing.T) {
	w := &world{onLaunch: func(context.Context) error { return nil }}
	keep(t, w, false, func(t *testing.T, _ *tray.Keeper) {
		time.Sleep(10 * time.Second)
		if n := w.launches(); n < 4 || n > 7 {
			t.Errorf("started %d times in ten seconds", n)
		}
	})
}

func TestKeeperSaysWhyNoEngineStarts(t *testing.T) {
	w := &world{onLaunch: func(context.Context) error {
		return &control.Problem{Code: control.CodeNoEngine, Message: "The program dot-proxy was not found."}
	}}
	keep(t, w, false, func(t *testing.T, k *tray.Keeper) {
		wantView(t, k, tray.Gone, "")
		if got := k.View().Notice; got != "The program dot-proxy was not found." {
			t.Errorf("notice %q", got)
		}
		time.Sleep(time.Minute)
		w.change(func() { w.onLaunch = nil })
		before := time.Now()
		k.StartEngine(t.Context())
		wantView(t, k, tray.Connected, control.Protected)
		if time.Since(before) != 0 {
			t.Error("Start waited")
		}
		if k.View().Notice != "" {
			t.Errorf("notice %q while all is well", k.View().Notice)
		}
	})
}

func TestKeeperLeavesTheSystemsEngineToItsManager(t *testing.T) {
	w := &world{system: true}
	keep(t, w, true, func(t *testing.T, k *tray.Keeper) {
		if !k.View().System {
			t.Error("not seen as the system's")
		}
		w.kill()
		time.Sleep(time.Hour)
		wantView(t, k, tray.Gone, control.Protected)
		if w.launches() != 0 {
			t.Error("the tray started an engine of its own")
		}
		w.boot()
		time.Sleep(time.Second)
		wantView(t, k, tray.Connected, control.Protected)
		w.kill()
		synctest.Wait()
		k.StartEngine(t.Context())
		wantView(t, k, tray.Connected, control.Protected)
		if w.launches() != 1 {
			t.Errorf("Start launched %d engines", w.launches())
		}
	})
}

func TestKeeperOfAForbiddenEngine(t *testing.T) {
	w := &world{forbidden: true}
	keep(t, w, false, func(t *testing.T, k *tray.Keeper) {
		time.Sleep(time.Minute)
		wantView(t, k, tray.Forbidden, "")
		if w.launches() != 0 {
			t.Error("the tray started an engine of its own")
		}
		w.change(func() { w.forbidden = false })
		w.boot()
		k.StartEngine(t.Context()) // the entry "Try again"
		wantView(t, k, tray.Connected, control.Protected)
	})
}

func TestClicks(t *testing.T) {
	w := &world{}
	keep(t, w, true, func(t *testing.T, k *tray.Keeper) {
		e := w.running
		k.StopEngine(t.Context())
		wantView(t, k, tray.Connected, control.Stopped)
		k.StartEngine(t.Context())
		wantView(t, k, tray.Connected, control.Protected)
		k.Use(t.Context(), "quad9")
		synctest.Wait()
		if got := k.View().Status.Provider; got != "quad9" {
			t.Errorf("provider %q", got)
		}
		k.Use(t.Context(), "quad9") // already in use
		if got, want := e.Calls(), []string{"stop", "start", "use quad9"}; !slices.Equal(got, want) {
			t.Errorf("calls %q, want %q", got, want)
		}
	})
}

func TestRefusedClickIsShownForAWhile(t *testing.T) {
	w := &world{}
	keep(t, w, true, func(t *testing.T, k *tray.Keeper) {
		e := w.running
		k.Use(t.Context(), "nobody")
		if got := k.View().Notice; got != "There is no provider “nobody”." {
			t.Errorf("notice %q", got)
		}
		e.Change(func(s *control.Status) { s.Counters.Queries++ })
		synctest.Wait()
		if k.View().Notice == "" {
			t.Error("the notice went at once")
		}
		time.Sleep(time.Minute)
		e.Change(func(s *control.Status) { s.Counters.Queries++ })
		synctest.Wait()
		if got := k.View().Notice; got != "" {
			t.Errorf("after a minute still %q", got)
		}
		k.Use(t.Context(), "nobody")
		e.SetState(control.Degraded)
		synctest.Wait()
		if got := k.View().Notice; got != "" {
			t.Errorf("in another state still %q", got)
		}
	})
}

func TestThisComputersDNSFromTheMenu(t *testing.T) {
	w := &world{}
	keep(t, w, true, func(t *testing.T, k *tray.Keeper) {
		e := w.running
		k.Pause(t.Context(), control.Pause{Seconds: 300})
		if got := k.View().Notice; !strings.HasPrefix(got, "This computer’s DNS does not point here") {
			t.Errorf("notice %q", got)
		}
		k.UseHere(t.Context(), true)
		synctest.Wait()
		if v := k.View(); !v.Status.SystemDNS || v.Settings == nil || !v.Settings.SystemDNS || v.Notice != "" {
			t.Errorf("after on: %+v", v)
		}
		k.Pause(t.Context(), control.Pause{UntilNetworkChange: true})
		synctest.Wait()
		wantView(t, k, tray.Connected, control.Paused)
		k.Resume(t.Context())
		synctest.Wait()
		wantView(t, k, tray.Connected, control.Protected)
		k.UseHere(t.Context(), false)
		synctest.Wait()
		if v := k.View(); v.Status.SystemDNS || v.Settings.SystemDNS {
			t.Errorf("after off: %+v", v)
		}
		want := []string{"pause 300", "system-dns on", "pause 0", "resume", "system-dns off"}
		if got := e.Calls(); !slices.Equal(got, want) {
			t.Errorf("calls %q, want %q", got, want)
		}
	})
}

func TestSignInFromTheMenu(t *testing.T) {
	w := &world{}
	keep(t, w, true, func(t *testing.T, k *tray.Keeper) {
		if _, begun := k.SignIn(t.Context()); begun || k.View().Notice != "This network wants no sign-in." {
			t.Errorf("begun %v, notice %q", begun, k.View().Notice)
		}
		w.running.WantSignIn("http://portal.example/")
		synctest.Wait()
		if page, begun := k.SignIn(t.Context()); !begun || page != "http://portal.example/" {
			t.Errorf("begun %v, page %q", begun, page)
		}
		synctest.Wait()
		if v := k.View(); v.Status.Portal == nil || v.Status.Portal.Until == nil {
			t.Errorf("%+v", v.Status.Portal)
		}
	})
}

// TestSettingsFollowTheEngine: those of an engine that was there before, of
// changes, and of the next engine.
func TestSettingsFollowTheEngine(t *testing.T) {
	w := &world{}
	keep(t, w, true, func(t *testing.T, k *tray.Keeper) {
		if v := k.View(); v.Settings == nil || !slices.Equal(v.Settings.Upstreams, control.Default().Upstreams) {
			t.Errorf("at first %+v", v.Settings)
		}
		if err := w.running.SystemDNS(t.Context(), control.SystemDNSOn); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !k.View().Settings.SystemDNS {
			t.Error("a change did not come")
		}
		w.kill()
		time.Sleep(time.Minute)
		if k.View().Settings.SystemDNS {
			t.Error("those of the dead engine are still shown")
		}
	})
}

func TestQuitEndsTheEngineForGood(t *testing.T) {
	w := &world{}
	keep(t, w, true, func(t *testing.T, k *tray.Keeper) {
		e := w.running
		if !k.QuitEngine(t.Context()) {
			t.Error("not done")
		}
		time.Sleep(time.Hour)
		if w.launches() != 0 {
			t.Error("it was started again")
		}
		if got := e.Calls(); !slices.Equal(got, []string{"quit"}) {
			t.Errorf("calls %q", got)
		}
	})
}

// Another client's quit ends the keeping too; a death does not.
func TestQuitByAnotherClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.boot()
		quitted := 0
		k := tray.NewKeeper(w, w.launch, slog.New(slog.DiscardHandler))
		k.Quitted = func() { quitted++ }
		k.Begin(t.Context())
		synctest.Wait()
		w.running.Publish(control.Event{Name: control.EventQuit})
		synctest.Wait()
		w.kill()
		k.Wait()
		time.Sleep(time.Hour)
		if w.launches() != 0 || quitted != 1 {
			t.Errorf("%d launches, told %d times", w.launches(), quitted)
		}
	})
}

func TestQuitWithoutAnEngine(t *testing.T) {
	w := &world{onLaunch: func(context.Context) error { return errors.New("no") }}
	keep(t, w, false, func(t *testing.T, k *tray.Keeper) {
		if !k.QuitEngine(t.Context()) {
			t.Error("not done")
		}
		n := w.launches()
		time.Sleep(time.Hour)
		if w.launches() != n {
			t.Error("an engine was started after Quit")
		}
	})
}

// A start under way is given up, not waited for.
func TestQuitDuringAStart(t *testing.T) {
	w := &world{onLaunch: func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}}
	keep(t, w, false, func(t *testing.T, k *tray.Keeper) {
		before := time.Now()
		if !k.QuitEngine(t.Context()) || time.Since(before) != 0 {
			t.Errorf("took %v", time.Since(before))
		}
	})
}

func TestRefusedQuitKeepsTheEngine(t *testing.T) {
	w := &world{}
	keep(t, w, true, func(t *testing.T, k *tray.Keeper) {
		w.running.QuitFunc = func(context.Context) error {
			return &control.Problem{Code: control.CodeForbidden, Message: "DoT Proxy runs as a service here."}
		}
		if k.QuitEngine(t.Context()) {
			t.Error("said to be done")
		}
		wantView(t, k, tray.Connected, control.Protected)
		if got := k.View().Notice; got != "DoT Proxy runs as a service here." {
			t.Errorf("notice %q", got)
		}
		w.kill()
		time.Sleep(time.Second)
		wantView(t, k, tray.Connected, control.Protected)
		if w.launches() != 1 {
			t.Errorf("restarted %d times", w.launches())
		}
	})
}
