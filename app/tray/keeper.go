package tray

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync"
	"time"

	"dotproxy/app/control"
)

// Engine is what the keeper asks of a control.Client.
type Engine interface {
	Events(ctx context.Context) iter.Seq2[control.Event, error]
	Providers(ctx context.Context) ([]control.Provider, error)
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Use(ctx context.Context, upstream string) error
	Settings(ctx context.Context) (control.Settings, error)
	SystemDNS(ctx context.Context, action string) error
	Pause(ctx context.Context, p control.Pause) error
	Resume(ctx context.Context) error
	SignIn(ctx context.Context) error
	Quit(ctx context.Context) error
	System() bool
}

const (
	// askPatience bounds a request that somebody waits for.
	askPatience = 10 * time.Second
	// steerPatience bounds a change of this computer's DNS, for which somebody
	// may be asked for a password.
	steerPatience = 2 * time.Minute
	// launchPatience bounds the start of an engine's process.
	launchPatience = 20 * time.Second
	// rejoinEvery is how often the system's engine is looked for, which its
	// service manager restarts.
	rejoinEvery = 500 * time.Millisecond
	// forbiddenEvery is how often an engine is tried that refused this user.
	forbiddenEvery = 5 * time.Second
	// noticeFor is how long the reason of a refused click is shown at least.
	noticeFor = 10 * time.Second
)

// Keeper joins the engine that runs, or starts one, and starts it again when it
// dies. It knows what the menu shows. Set the fields before Begin; all methods
// may then be called at the same time.
type Keeper struct {
	Engine Engine
	// Launch starts an engine and returns when it answers. An engine that is
	// not up when ctx ends must be ended.
	Launch func(ctx context.Context) error
	// Joined, if set, is called once, when the first engine answers.
	Joined func()
	// Quitted, if set, is called when another client asked the engine to end:
	// then nothing is kept any longer.
	Quitted func()
	// Log gets what the menu has no room for.
	Log *slog.Logger

	mu       sync.Mutex
	view     View
	noticeAt time.Time
	end      context.CancelFunc // of the present run
	done     chan struct{}
	again    func()        // begins another run
	changed  chan struct{} // holds one token
	startNow chan struct{} // holds one token
}

// NewKeeper returns a keeper that waits for Begin.
func NewKeeper(e Engine, launch func(context.Context) error, log *slog.Logger) *Keeper {
	return &Keeper{Engine: e, Launch: launch, Log: log, changed: make(chan struct{}, 1), startNow: make(chan struct{}, 1)}
}

// View returns what to show now.
func (k *Keeper) View() View {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.view
}

// Changed has a value whenever the view may have changed since the last one.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

// Begin keeps an engine running until parent ends or Quit. It does not block.
// The end of parent leaves the engine as it is.
func (k *Keeper) Begin(parent context.Context) {
	ctx, cancel := context.WithCancel(parent)
	done := make(chan struct{})
	k.mu.Lock()
	k.end, k.done = cancel, done
	k.again = func() { k.Begin(parent) }
	k.mu.Unlock()
	go func() {
		defer close(done)
		defer cancel()
		k.run(ctx)
	}()
}

// Wait returns when nothing is kept any longer.
func (k *Keeper) Wait() {
	k.mu.Lock()
	done := k.done
	k.mu.Unlock()
	<-done
}

func (k *Keeper) run(ctx context.Context) {
	var pause backoff
	for first := true; ; first = false {
		lived, err := k.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errQuit) {
			k.lost(lived)
			if k.Quitted != nil {
				k.Quitted()
			}
			return
		}
		switch {
		case codeOf(err) == control.CodeForbidden:
			k.set(func(v *View) { *v = View{Link: Forbidden, System: true} })
			k.wait(ctx, forbiddenEvery)
			continue
		case k.View().System:
			// Its service manager restarts it, or an administrator stopped it on
			// purpose: only a click starts one of the user's own.
			k.lost(lived)
			if !k.wait(ctx, rejoinEvery) {
				continue
			}
		case lived > 0 || !first:
			k.lost(lived)
			k.wait(ctx, pause.next(lived))
		}
		if ctx.Err() == nil {
			k.launch(ctx)
		}
	}
}

// lost shows that no engine answers; lived is how long one did.
func (k *Keeper) lost(lived time.Duration) {
	if lived > 0 {
		k.Log.Warn("The engine has stopped.")
	}
	k.set(func(v *View) {
		v.Link = Gone
		if lived > 0 {
			v.Notice = ""
		}
	})
}

// errQuit says that the engine ends because a client asked it to.
var errQuit = errors.New("the engine was asked to end")

// follow shows the engine's state for as long as one answers, and tells for
// how long that was; 0 means that none did.
func (k *Keeper) follow(ctx context.Context) (lived time.Duration, err error) {
	var joined time.Time
	for e, err := range k.Engine.Events(ctx) {
		if err != nil {
			if !joined.IsZero() {
				lived = max(time.Since(joined), 1)
			}
			return lived, err
		}
		if e.Name == control.EventQuit {
			return max(time.Since(joined), 1), errQuit
		}
		if e.Settings != nil {
			k.set(func(v *View) { v.Settings = e.Settings })
		}
		if e.Status == nil {
			continue
		}
		k.show(*e.Status)
		if joined.IsZero() {
			joined = time.Now()
			k.forgetClick()
			if k.Joined != nil {
				k.Joined()
				k.Joined = nil
			}
			k.fetch(ctx)
		}
	}
	return 0, nil // ctx ended
}

func (k *Keeper) show(s control.Status) {
	k.set(func(v *View) {
		same := v.Status.State == s.State && v.Status.Provider == s.Provider
		if !same || time.Since(k.noticeAt) > noticeFor {
			v.Notice = ""
		}
		v.Link, v.Status, v.System = Connected, s, k.Engine.System()
	})
}

// fetch asks a new engine for what its events do not tell.
func (k *Keeper) fetch(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	if list, err := k.Engine.Providers(ctx); err == nil {
		k.set(func(v *View) { v.Providers = list })
	} else {
		k.Log.Warn("The providers are not known.", "error", err)
	}
	if s, err := k.Engine.Settings(ctx); err == nil {
		k.set(func(v *View) { v.Settings = &s })
	} else {
		k.Log.Warn("The settings are not known.", "error", err)
	}
}

// launch starts an engine; where that fails the menu says why.
func (k *Keeper) launch(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, launchPatience)
	defer cancel()
	err := k.Launch(ctx)
	if err == nil || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	k.Log.Error("The engine could not be started.", "error", err)
	k.set(func(v *View) { v.Link, v.Notice = Gone, messageOf(err) })
}

// wait waits for d or a click on Start, and tells whether there was one.
func (k *Keeper) wait(ctx context.Context, d time.Duration) (clicked bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-k.startNow:
		return true
	case <-timer.C:
	}
	return false
}

// forgetClick drops a click on Start that came too late.
func (k *Keeper) forgetClick() {
	select {
	case <-k.startNow:
	default:
	}
}

// set changes the view.
func (k *Keeper) set(change func(*View)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(&k.view)
	notify(k.changed)
}

// refuse shows why a click did nothing.
func (k *Keeper) refuse(err error) {
	k.Log.Warn("A click was refused.", "error", err)
	k.set(func(v *View) {
		v.Notice = messageOf(err)
		k.noticeAt = time.Now()
	})
}

func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func codeOf(err error) string {
	if p, ok := errors.AsType[*control.Problem](err); ok {
		return p.Code
	}
	return ""
}

func messageOf(err error) string {
	if p, ok := errors.AsType[*control.Problem](err); ok {
		return p.Message
	}
	return err.Error()
}
