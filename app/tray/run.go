package tray

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/getlantern/systray"

	"dotproxy/app/autostart"
	"dotproxy/app/control"
)

const (
	// hostPatience is how long a panel that starts together with the tray may
	// take until it shows icons.
	hostPatience = 3 * time.Second
	hostEvery    = 200 * time.Millisecond
	busEvery     = time.Second
)

const (
	noBus  = "There is no D-Bus session and so no tray icon: the window is opened instead, and the engine is kept running."
	noHost = "Nothing on this desktop shows tray icons (on GNOME an extension does): the window is opened instead, and the icon appears as soon as it can."
	joined = "An engine is already running and keeps its own settings; the flags after -- are for the next one."
	second = "The tray is already running; the window is opened."
)

// Options are what the tray is started with.
type Options struct {
	// Control is the path of the control socket, empty for the usual ones.
	Control string
	// EngineArgs are flags of dot-proxy serve for an engine started here.
	EngineArgs []string
	Stderr     io.Writer
}

// program is one running tray.
type program struct {
	Options
	ctx    context.Context
	end    context.CancelFunc
	keeper *Keeper
	login  autostart.Entry
	recent *recent
	shown  atomic.Pointer[Menu]
}

// Run shows the tray until it is closed and returns the status to end with. The
// engine stays, unless Quit was chosen. It must be called on the main thread.
func Run(o Options) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &program{Options: o, ctx: ctx, end: cancel, login: autostart.New()}
	if problem := displayProblem(ctx); problem != "" {
		p.say(problem)
		return 1
	}
	lock, mine, err := takeLock(control.UserFolder())
	if err != nil {
		p.say("The tray's lock cannot be opened: " + err.Error() + ".")
		return 1
	}
	defer lock.Close()
	if !mine {
		p.say(second)
		p.window()
		return 0
	}
	removeIcons(os.TempDir())
	p.recent = newRecent(recentPath())
	p.keep()
	if p.awaitBus() {
		go p.awaitHost()
		iconBeforeHost()
		context.AfterFunc(ctx, systray.Quit)
		systray.Run(p.ready, nil)
	}
	return 0
}

// keep begins to keep an engine running.
func (p *program) keep() {
	client := control.NewClient(p.Control)
	launch := launcher(p.Control, p.EngineArgs)
	var launched atomic.Bool
	p.keeper = NewKeeper(client, func(ctx context.Context) error {
		launched.Store(true)
		return launch(ctx)
	}, slog.New(slog.NewTextHandler(p.Stderr, nil)))
	p.keeper.Quitted = p.end // “dot-proxy quit” ends both, as Quit in the menu does
	if len(p.EngineArgs) > 0 {
		p.keeper.Joined = func() {
			if !launched.Load() {
				p.say(joined)
			}
		}
	}
	p.keeper.Begin(context.Background()) // an engine that is just starting outlives a closed tray
}

// launcher starts engines of this user: never the system's, which would then
// count as kept by a service manager.
func launcher(path string, args []string) func(context.Context) error {
	if path == "" {
		path = control.UserPath()
	}
	args = append([]string{"--control", path}, args...)
	return func(ctx context.Context) error {
		process, err := control.Launch(ctx, args...)
		if err != nil {
			return err
		}
		go func() { _, _ = process.Wait() }()
		return nil
	}
}

// awaitBus returns true as soon as there is a session bus, false when the
// program shall end. Meanwhile the window is what the user has.
func (p *program) awaitBus() bool {
	for said := false; !hasBus(p.ctx); said = true {
		if p.ctx.Err() != nil {
			return false
		}
		if !said {
			p.say(noBus)
			p.window()
		}
		pump()
		select {
		case <-p.ctx.Done():
			return false
		case <-time.After(busEvery):
		}
	}
	return p.ctx.Err() == nil
}

// awaitHost opens the window where nothing shows the icon. The icon itself
// needs no help: it registers when a host appears.
func (p *program) awaitHost() {
	limit := time.After(hostPatience)
	for !hasHost(p.ctx) {
		select {
		case <-p.ctx.Done():
			return
		case <-limit:
			p.say(noHost)
			p.window()
			if err := tellNoIcon(p.ctx, newNewsBoard(), noIconPath(), p.keeper.View().Status.State); err != nil {
				p.keeper.Log.Warn("It could not be told that there is no icon.", "error", err)
			}
			return
		case <-time.After(hostEvery):
		}
	}
}

// window opens the window and says so where that fails.
func (p *program) window(args ...string) {
	if err := openWindow(p.Control, p.Stderr, args...); err != nil {
		p.say(err.Error())
		if p.keeper != nil {
			p.keeper.refuse(err)
		}
	}
}

// say writes one sentence for the person who started the program.
func (p *program) say(sentence string) { fmt.Fprintln(p.Stderr, "dot-proxy-tray: "+sentence) }
