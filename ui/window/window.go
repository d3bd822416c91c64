package window

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"dotproxy/ui/viewmodel"
)

// How often the window looks for something new to draw.
const tickEvery = 250 * time.Millisecond

// actionPatience bounds one action of the user.
const actionPatience = 30 * time.Second

// Options are what a Window is made from.
type Options struct {
	// Engine is what the window steers and follows.
	Engine viewmodel.Engine
	// Launch starts an engine's process where there is none, and returns when
	// it answers. Its error is a *control.Problem.
	Launch func(ctx context.Context) error
	// Login is the start at login; nil where the window does not offer it.
	Login Login
	// Exchange reads and writes settings as files; without Read the window does
	// not offer it.
	Exchange Exchange
	// Drawn hears from Run how long each drawing of something new took, the wait
	// for what the toolkit did just then included; nil for nobody.
	Drawn func(took time.Duration)
	// View is the view to open, empty for home.
	View string
	// Kind is the filter of the queries to begin with.
	Kind viewmodel.Kind
	// Own are the user's own providers of before, also those not in use.
	Own []string
	// Welcomed is called when a first run has begun. Where it is nil there is no
	// first run.
	Welcomed func()
	// Ask asks the engine at an address for example.com; nil stands for
	// viewmodel.AskExample.
	Ask func(ctx context.Context, at netip.AddrPort) error
	// OpenPage opens a web page in the user's browser; nil stands for the system's
	// way.
	OpenPage func(page *url.URL) error
	// Background runs an action off the user interface's goroutine; nil stands
	// for a goroutine of its own.
	Background func(func())
	// Later runs f on Fyne's goroutine after a time; nil stands for a timer.
	Later func(after time.Duration, f func())
}

// Window is the window. Its methods belong to Fyne's goroutine, save Run.
type Window struct {
	win     fyne.Window
	options Options
	session *viewmodel.Session
	log     *viewmodel.Log

	frame     *frameLayout
	frameRoot *fyne.Container
	root      *fyne.Container // the frame, or the page of a first run
	whole     *wholeLayout
	welcome   *welcome // nil once Start was pressed
	rail      *rail
	place     *fyne.Container
	parts     map[string]part
	home      *home
	queries   *queries
	settings  *settings
	check     *check
	providers *providers
	// stopTesting ends a test of all providers, nil before the first.
	stopTesting func()
	open        string
	view        viewmodel.View
	shown       uint64
}

// New builds the window into win, which it neither shows nor sizes.
func New(win fyne.Window, o Options) *Window {
	if o.Background == nil {
		o.Background = func(f func()) { go f() }
	}
	if o.Later == nil {
		o.Later = func(after time.Duration, f func()) { time.AfterFunc(after, func() { fyne.Do(f) }) }
	}
	if o.Ask == nil {
		o.Ask = viewmodel.AskExample
	}
	if o.OpenPage == nil {
		o.OpenPage = func(page *url.URL) error { return fyne.CurrentApp().OpenURL(page) }
	}
	w := &Window{win: win, options: o, log: &viewmodel.Log{}}
	w.session = viewmodel.NewSession(o.Engine, w.log)
	w.parts = make(map[string]part)
	for _, p := range pages() {
		w.parts[p.name] = p.build(w)
	}
	w.rail = newRail(w.Open)
	w.place = container.NewStack()
	w.frame = &frameLayout{resize: func(bool) { w.render() }}
	w.frameRoot = container.New(w.frame, w.rail.root, w.place)
	w.whole = &wholeLayout{frame: w.frame, resized: w.render}
	w.root = container.New(w.whole)
	if o.Welcomed != nil {
		w.welcome = newWelcome(o.Login != nil, w.begin)
	}
	w.stage()
	win.SetContent(w.root)
	w.bindKeys()
	if !slices.Contains(Views(), o.View) {
		o.View = ViewHome
	}
	w.Open(o.View)
	return w
}

// Run follows the engine and keeps the window up to date until ctx ends.
func (w *Window) Run(ctx context.Context) {
	go w.session.Run(ctx)
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	var drawn mark
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if m := w.mark(now); m != drawn && ctx.Err() == nil {
				drawn = m
				fyne.DoAndWait(func() { w.Tick(now) })
				if w.options.Drawn != nil {
					w.options.Drawn(time.Since(now))
				}
			}
		}
	}
}

// mark changes when there may be something new to draw. The chart moves on
// every ten seconds.
type mark struct {
	version, seq, floor, dropped uint64
	span, second                 int64
}

func (w *Window) mark(now time.Time) mark {
	m := mark{version: w.session.Version(), span: now.UnixNano() / int64(viewmodel.BarSpan)}
	m.seq, m.floor, m.dropped = w.log.Mark()
	if w.session.Counts() {
		m.second = now.Unix()
	}
	return m
}

// Tick draws what is new.
func (w *Window) Tick(now time.Time) {
	v, version := w.session.View(now)
	moved := !slices.Equal(v.Bars, w.view.Bars) || v.ChartTitle != w.view.ChartTitle
	counted := v.Counts() && v.Now.Unix() != w.view.Now.Unix()
	w.view = v
	if version != w.shown || moved || counted {
		w.shown = version
		w.render()
	}
	w.part().tick()
}

// Open shows a view.
func (w *Window) Open(view string) {
	if view == w.open || !slices.Contains(Views(), view) {
		return
	}
	if _, stays := w.win.Canvas().Focused().(*railItem); !stays {
		w.win.Canvas().Unfocus() // else keys go to what is not in sight any more
	}
	w.open = view
	w.place.Objects = []fyne.CanvasObject{w.part().root}
	w.render()
	w.place.Refresh()
	w.part().opened()
}

// View is the name of the open view.
func (w *Window) View() string { return w.open }

// Kind is the filter of the queries in use. What was searched for is not kept:
// it is a name that somebody looked up.
func (w *Window) Kind() viewmodel.Kind { return w.queries.list.Filter().Kind }

// part is the open view.
func (w *Window) part() part { return w.parts[w.open] }

// render draws the rail and the open view, once there is one.
func (w *Window) render() {
	if w.open == "" {
		return
	}
	if w.welcome != nil {
		w.stage()
		w.welcome.show(w.view, w.whole.low)
	}
	w.rail.show(w.view, w.open, w.frame.small)
	w.part().show(w.view, w.frame.small)
}

// background does something that may wait, and then more on Fyne's goroutine.
func (w *Window) background(do func(context.Context) error, then func(error)) {
	w.within(actionPatience, do, then)
}

// within is background for what may take that long.
func (w *Window) within(patience time.Duration, do func(context.Context) error, then func(error)) {
	w.options.Background(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err := do(ctx)
		fyne.Do(func() { then(err) })
	})
}

// meanwhile shows what came while something still goes on off Fyne's goroutine.
func (w *Window) meanwhile(f func()) { fyne.Do(f) }
