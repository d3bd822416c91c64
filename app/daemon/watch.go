package daemon

import (
	"net/netip"
	"reflect"
	"time"

	"dotproxy/resolver"
)

// watchEvery is how often files are looked at, and the network where nobody
// tells of its changes. Watches of the system on folders would miss links, bind
// mounts and what lies on other computers; a few calls of stat cost next to
// nothing.
const watchEvery = 2 * time.Second

// An engine that nobody asked anything for quietAfter looks only every
// watchIdle: it should not wake a sleeping computer.
const (
	quietAfter = time.Minute
	watchIdle  = 10 * time.Second
)

// dnsPort is the port of DNS in clear text.
const dnsPort = 53

func netipPort(a netip.Addr) netip.AddrPort { return netip.AddrPortFrom(a, dnsPort) }

// watch looks at what lies outside again and again, while there is anything to
// look at, and saves cache and counters now and then.
func (d *Daemon) watch() {
	timer := time.NewTimer(watchEvery)
	defer timer.Stop()
	save := time.NewTicker(saveEvery)
	defer save.Stop()
	count := time.NewTicker(countEvery)
	defer count.Stop()
	var asked uint64
	busy := time.Now()
	for {
		if n := d.total(); n != asked {
			asked, busy = n, time.Now()
		}
		var due <-chan time.Time
		if timer.Stop(); d.watches() {
			every := watchEvery
			if time.Since(busy) >= quietAfter {
				every = watchIdle
			}
			timer.Reset(every)
			due = timer.C
		}
		select {
		case <-d.ctx.Done():
			return
		case <-d.rewatch:
		case <-due:
			d.quietly(d.tick)
		case e := <-d.events.Events():
			d.quietly(func() (changed bool) {
				changed, moved := d.hear(e)
				if moved {
					busy = time.Now() // its files follow
				}
				return changed
			})
		case <-save.C:
			d.quietly(func() bool { d.saveCache(); return false })
		case <-count.C:
			d.quietly(func() bool { d.saveToday(); return false })
		}
	}
}

// total is how many queries were answered, but for local ones: a health check
// asks such.
func (d *Daemon) total() (n uint64) {
	for i := range d.answered {
		if resolver.Source(i) != resolver.SourceLocal {
			n += d.answered[i].Load()
		}
	}
	return n
}

// quietly does something with op held; the state is looked at only where it
// changed anything.
func (d *Daemon) quietly(do func() (changed bool)) {
	if d.lock(d.ctx) != nil {
		return
	}
	changed := do()
	<-d.op
	if changed {
		d.kick()
	}
}

// watches tells whether anything outside can change what the engine does.
func (d *Daemon) watches() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opts.Demo == nil && !d.stopped && len(d.plan.upstreams) > 0
}

// refresh looks at what lies outside, gives the engine what changed, and tells
// whether anything did. It is called with op held.
func (d *Daemon) refresh() (changed bool) {
	out := d.look(d.plan)
	d.mu.Lock()
	notice := d.out.notice()
	d.out = out
	if d.plan.takeRoots(&d.out) {
		d.eng.SetUpstreams(d.plan.upstreams, d.plan.roots)
		d.log.Info("the certificate file changed and is used", "path", d.plan.settings.CABundle)
		changed = true
	}
	changed = d.setRules() || changed || !reflect.DeepEqual(notice, d.out.notice())
	d.network.Store(new(out.network.String()))
	d.mu.Unlock()
	if out.moved {
		d.log.Info("the network changed")
		d.eng.NetworkChanged()
		d.steering.moved.Store(true)
		d.leftNetwork()
		d.steerSoon()
	}
	if out.moved || d.looksAtNetwork() {
		d.checkPause()
		changed = d.followRule() || changed
	}
	return changed || out.moved
}

// takeRoots takes over the authorities that a look read, and tells whether they
// are others.
func (p *plan) takeRoots(out *outside) bool {
	roots := out.roots
	out.roots = nil
	if roots == nil || sameRoots(p.roots, roots) {
		return false
	}
	p.roots = roots
	return true
}

// rulesNow are the plan's rules with what lies outside. It is called with mu
// held.
func (d *Daemon) rulesNow() resolver.Rules {
	r := d.plan.rules
	r.Names.Hosts = d.out.hosts
	if local := localRoutes(d.out.local, r.Names.Routes); len(local) > 0 {
		r.Names.Routes = append(append([]resolver.Route(nil), r.Names.Routes...), local...)
	}
	return r
}

// setRules gives the engine the present rules where they differ from those it
// has. Lists that were not read anew are the same slices, which are told to be
// equal without a look at what may be a million hosts. It is called with mu held.
func (d *Daemon) setRules() (changed bool) {
	r := d.rulesNow()
	if reflect.DeepEqual(r, d.given) {
		return false
	}
	d.given = r
	d.eng.SetRules(r)
	return true
}
