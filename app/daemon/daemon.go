// Package daemon joins settings, resolver, query log and control API: it is
// the engine's process as its clients see it. Daemon implements
// control.Controller.
package daemon

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/portal"
	"dotproxy/app/querylog"
	"dotproxy/app/systemdns"
	"dotproxy/app/systemdns/guard"
	"dotproxy/resolver"
	"dotproxy/resolver/ddr"
)

// Options are what a Daemon is made from.
type Options struct {
	// SettingsPath is the settings file; empty means that nothing can be saved.
	SettingsPath string
	// CachePath is the file for the answer cache (cache_persist); empty means
	// that it is not kept.
	CachePath string
	// StatisticsPath is the file for the counters since midnight
	// (keep_statistics); empty means that they are not kept.
	StatisticsPath string
	Flags          Flags
	// DefaultListen replaces the default addresses to listen on, nil for none.
	DefaultListen []string
	// Sockets are those that a service manager passed, nil for none. Their
	// addresses and port are then the default ones.
	Sockets Passed
	// OnStatus hears of each change of the status, one call at a time; nil for
	// nobody. It must not block for long.
	OnStatus func(control.Status)
	// Demo is set for a demonstration: settings are neither read nor saved.
	Demo    *Demo
	Version string
	// Managed is set where a service manager or container runs the process: it
	// would be started again, so Quit is refused.
	Managed bool
	// Quit ends the process. It must not wait for the daemon.
	Quit func()
	// Logger receives state changes and upstream errors; nil discards them.
	Logger *slog.Logger
}

// seams are what tests replace.
type seams struct {
	engine func(resolver.Config) engine
	store  store
	holder func(network string, addr netip.AddrPort) holder
	rights func() rights
	asks   func(listen []netip.AddrPort) (asks, known bool)
	around surroundings
	// dns is nil where this computer's DNS cannot be changed.
	dns func(d *Daemon) computerDNS
	// portal is nil where no network is checked for a sign-in.
	portal  func(ctx context.Context, resolvers []netip.AddrPort) (portal.Result, error)
	program string
	// lookup asks for a name as this computer's programs do, nonce makes one
	// that nobody asked for; nil where that is not to be tried.
	lookup func(ctx context.Context, name string)
	nonce  func() string
	// discover asks one of the network's resolvers for encrypted ones.
	discover func(ctx context.Context, roots *x509.CertPool, server netip.AddrPort) ([]ddr.Designated, error)
}

// Daemon is an engine that can be steered. All methods may be called at the
// same time. It keeps trying to open its listeners until it is stopped.
type Daemon struct {
	opts    Options
	seams   seams
	log     *slog.Logger
	eng     engine
	queries *querylog.Log
	hub     control.Hub
	began   time.Time
	// op holds one token: commands and retries change things one at a time.
	op   chan struct{}
	wake chan struct{}
	// rewatch tells the watch that there may be more or less to look at.
	rewatch chan struct{}
	ctx     context.Context
	end     context.CancelFunc
	done    sync.WaitGroup
	// answered counts queries by their resolver.Source.
	answered [len(sources)]atomic.Uint64
	leaks    leaks
	// lastLocal is the second in which this computer asked last.
	lastLocal atomic.Int64
	// lastStale is the second in which an answer was given after its time.
	lastStale atomic.Int64
	// network names the present network, for the engine.
	network atomic.Pointer[string]

	cacheFile cacheFile // used with op held
	today     today
	steering  *steering
	// idle are passed sockets that are not answered on; used with op held.
	idle []netip.AddrPort
	// testing is held by the one test of providers.
	testing sync.Mutex

	// events are what the system tells of the network; heard is used with op
	// held.
	events networkEvents
	heard  heard

	// What follows changes with op and mu held.
	mu     sync.Mutex
	layers layers
	plan   plan
	// out is what lies outside of the plan, given the rules that the engine has.
	out   outside
	given resolver.Rules
	// stopped is what the user wants; blocked is why it cannot be had.
	stopped bool
	blocked *control.Problem
	// stopping: the old DNS is put back, then the listeners close.
	stopping bool
	pause    *pause
	// aside is the network on which no rule holds, since the user chose
	// otherwise there; the zero value for none.
	aside      systemdns.NetworkID
	portals    portals
	dnsProblem *control.Problem
	notice     *control.Problem
	retry      backoff
	state      control.State
	portBy     control.PortBy
	since      time.Time
}

// New makes a daemon that does not listen yet. The error is a *Problem with
// CodeBadValue for a flag whose value cannot be used; broken settings are no
// error but make Start fail.
func New(o Options) (*Daemon, error) {
	return newDaemon(o, seams{
		engine:  func(c resolver.Config) engine { return resolver.New(c) },
		store:   fileStore{path: o.SettingsPath},
		holder:  findHolder,
		rights:  findRights,
		asks:    systemdns.Asks,
		around:  thisComputer(),
		dns:     newGuarded,
		portal:  portal.Check,
		program: programPath(), discover: discover, lookup: guard.Lookup, nonce: guard.NewNonce,
	})
}

func newDaemon(o Options, s seams) (*Daemon, error) {
	d := &Daemon{
		opts: o, seams: s, log: o.Logger, began: time.Now(),
		op: make(chan struct{}, 1), wake: make(chan struct{}, 1), rewatch: make(chan struct{}, 1),
		cacheFile: cacheFile{path: o.CachePath}, today: today{path: o.StatisticsPath},
		stopped: true, state: control.Stopped, since: time.Now(),
		layers: layers{saved: control.Default(), defaultListen: o.DefaultListen, flags: o.Flags, demo: o.Demo},
	}
	d.layers.fitPassed(o.Sockets)
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if err := d.load(); err != nil {
		return nil, err
	}
	d.queries = querylog.New(0, d.privacy())
	d.hub.Source = d.followQueries
	if len(d.plan.upstreams) > 0 {
		d.out = d.look(d.plan)
		d.beginRule()
		d.plan.takeRoots(&d.out)
	}
	d.network.Store(new(d.out.network.String()))
	d.given = d.rulesNow()
	d.eng = s.engine(resolver.Config{
		Upstreams: d.plan.upstreams, Roots: d.plan.roots, Rules: d.given,
		OnQuery: d.onQuery, OnHealth: d.kick, Logger: d.log,
		Sockets: o.Sockets,
		Network: func() string { return *d.network.Load() },
	})
	d.loadCache()
	d.loadToday()
	d.steering, d.leaks.wake = newSteering(nil), make(chan struct{}, 1)
	if s.dns != nil && o.Demo == nil {
		d.steering.dns = s.dns(d)
		d.loadPause()
		d.pauseByRule()
		d.setBypass()
	}
	d.ctx, d.end = context.WithCancel(context.Background())
	first := d.Status()
	d.events = d.listenToNetwork()
	d.done.Go(func() { d.loop(first) })
	d.done.Go(d.events.Wait)
	d.done.Go(d.watch)
	if d.steering.dns != nil {
		d.done.Go(d.steer)
		d.done.Go(d.watchLeak)
	}
	return d, nil
}

// load reads the settings and makes a plan of them. What is wrong with a flag
// is returned; what is wrong with the settings is kept as blocked.
func (d *Daemon) load() error {
	l := d.layers
	if d.opts.Demo == nil {
		got := d.seams.store.Load()
		d.notice, d.blocked = got.problem, nil
		if !got.usable {
			d.blocked, d.notice = got.problem, nil
			got.settings = control.Default()
			got.settings.Upstreams = []string{} // to be chosen, not defaulted
		}
		l.saved = got.settings
	}
	if err := checkFlags(l); err != nil {
		return err
	}
	d.layers = l
	if d.blocked != nil {
		return nil
	}
	p, problem := l.plan()
	if problem != nil {
		d.blocked = problem
		return nil
	}
	d.plan = p
	return nil
}

// privacy is what the query log may keep; nothing while that is not known.
func (d *Daemon) privacy() control.LogPrivacy {
	if len(d.plan.upstreams) == 0 {
		return control.LogOff
	}
	return d.plan.settings.LogPrivacy
}

// checkFlags judges the flags alone, over settings that are fine.
func checkFlags(l layers) error {
	l.saved = control.Default()
	if _, problem := l.plan(); problem != nil {
		return problem
	}
	return nil
}

// kick lets the loop look at the state. It never waits.
func (d *Daemon) kick() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Close ends listeners and connections; queries under way are answered first,
// until ctx ends. Nothing can be started after it.
func (d *Daemon) Close(ctx context.Context) error {
	d.end()
	d.done.Wait()
	if err := d.lock(ctx); err != nil {
		return err
	}
	defer d.unlock()
	err := d.eng.Close(ctx)
	d.saveCache() // with the answers to what was under way
	d.saveToday()
	return err
}

// lock waits for its turn to change something.
func (d *Daemon) lock(ctx context.Context) error {
	select {
	case d.op <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (d *Daemon) unlock() {
	<-d.op
	d.kick()
	d.steerSoon()
	select {
	case d.rewatch <- struct{}{}:
	default:
	}
}
