package daemon

import (
	"context"
	"net/netip"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/netwatch"
	"dotproxy/app/systemdns"
	"dotproxy/resolver"
)

const (
	// signInTime is how long a sign-in may take.
	signInTime = 5 * time.Minute
	// portalEvery is how often a network is checked for a sign-in where no
	// provider answered since it is there, or one is wanted; portalAgain where
	// one did answer on it: some networks let people in for an hour.
	portalEvery = 5 * time.Second
	portalAgain = time.Minute
)

// signIn is a sign-in that the network wants.
type signIn struct {
	url string
	// until is when the clear text ends at the latest, zero before the user
	// asked for it.
	until time.Time
}

// under tells whether the user is at it.
func (s *signIn) under(now time.Time) bool { return s != nil && now.Round(0).Before(s.until) }

// portals is what is known of sign-ins. It changes with mu held.
type portals struct {
	wanted *signIn // nil for none
	// worked: a provider answered on this network.
	worked  bool
	checked time.Time
	running bool
}

// lookForPortal checks the network where there is reason to, and ends a sign-in
// whose time is over or that is not wanted any more. The check leaves in clear
// text and has nothing of the user's in it.
func (d *Daemon) lookForPortal() {
	now := time.Now()
	d.mu.Lock()
	p := &d.portals
	answers := d.eng.Health().Answering >= 0
	p.worked = p.worked || answers
	if w := p.wanted; w != nil && !w.until.IsZero() && !w.under(now) {
		p.wanted = &signIn{url: w.url}
		d.steerSoon()
	}
	through := p.wanted != nil && answers && !p.wanted.under(now)
	every := portalEvery
	if p.worked && p.wanted == nil {
		every = portalAgain
	}
	due := !through && !p.running && d.suspectsPortal(answers) && now.Sub(p.checked) >= every
	if due {
		p.running, p.checked = true, now
	}
	d.mu.Unlock()
	switch {
	case through:
		d.signedIn()
	case due:
		d.done.Go(d.checkPortal)
	}
}

// suspectsPortal tells whether the network may be holding everything up. It is
// called with mu held.
func (d *Daemon) suspectsPortal(answers bool) bool {
	if d.seams.portal == nil || d.stopped || d.blocked != nil || d.pause != nil || d.opts.Demo != nil {
		return false
	}
	health := d.eng.Health()
	return d.portals.wanted != nil || d.events.Connectivity() == netwatch.Portal ||
		health.Known && !answers && !offline(health)
}

// checkPortal asks the network's own resolver and the page that it leads to.
func (d *Daemon) checkPortal() {
	found, err := d.seams.portal(d.ctx, d.networkServers())
	d.mu.Lock()
	p := &d.portals
	p.running = false
	before := p.wanted
	if err == nil && found.Portal && d.pause == nil && !d.stopped {
		next := signIn{url: found.URL}
		if before != nil {
			next.until = before.until
		}
		p.wanted = &next
	}
	d.mu.Unlock()
	switch {
	case err == nil && !found.Portal && before != nil:
		d.signedIn()
	case err == nil && found.Portal && before == nil:
		d.log.Warn("this network wants somebody to sign in", "page", found.URL)
	}
	d.kick()
}

// signedIn ends a sign-in: the network lets everything through.
func (d *Daemon) signedIn() {
	d.mu.Lock()
	under := d.portals.wanted.under(time.Now())
	d.portals.wanted = nil
	d.mu.Unlock()
	if under {
		d.log.Info("signed in; DNS is encrypted again")
		d.setBypass()
	}
	d.eng.NetworkChanged() // connections that were held up are of no use
	d.steerSoon()
	d.kick()
}

// SignIn implements control.Controller.
func (d *Daemon) SignIn(ctx context.Context) error {
	if err := d.takeTurn(ctx); err != nil {
		return err
	}
	defer d.endTurn()
	d.mu.Lock()
	wanted := d.portals.wanted
	if wanted != nil {
		d.portals.wanted = &signIn{url: wanted.url, until: time.Now().Add(signInTime).Round(0).UTC()}
		d.portals.checked = time.Time{}
	}
	d.mu.Unlock()
	if wanted == nil {
		return &control.Problem{Code: control.CodeNotNow, Message: "This network wants no sign-in.", Hint: "Nothing needs to be done."}
	}
	d.log.Warn("a sign-in begins: DNS is not encrypted", "for at most", signInTime)
	err := d.reconcile(ctx, true)
	d.setBypass() // whoever still asks here reaches the page too
	if err != nil {
		return dnsProblem(err)
	}
	return nil
}

// networkServers are the network's own resolvers.
func (d *Daemon) networkServers() []netip.AddrPort {
	list := d.dnsNow().servers
	if len(list) == 0 {
		list = systemdns.NetworkResolvers(d.seams.around.open, d.eng.Addrs()).Servers
	}
	var servers []netip.AddrPort
	for _, a := range list {
		servers = append(servers, netipPort(a))
	}
	return servers
}

// setBypass has the engine answer this computer in clear text while a pause or a
// sign-in is on, and over TLS otherwise.
func (d *Daemon) setBypass() {
	d.mu.Lock()
	var b resolver.Bypass
	switch {
	case d.pause != nil:
		b.Until = d.pause.Until
	case d.portals.wanted.under(time.Now()):
		b.Until = d.portals.wanted.until
	}
	d.mu.Unlock()
	if !b.Until.IsZero() {
		b.Servers = d.networkServers()
	}
	d.eng.Bypass(b)
}

// leftNetwork forgets what the network that was left wanted.
func (d *Daemon) leftNetwork() {
	d.mu.Lock()
	d.portals = portals{running: d.portals.running}
	d.mu.Unlock()
	d.setBypass()
}
