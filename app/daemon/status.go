package daemon

import (
	"cmp"
	"net/netip"
	"os"
	"slices"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

// statusEvery is how often changed counters and times are told to readers.
const statusEvery = 5 * time.Second

// Status implements control.Controller.
func (d *Daemon) Status() control.Status {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	c := condition{stopped: d.stopped, blocked: d.blocked, notice: d.notice, upstreams: d.plan.upstreams, health: d.eng.Health()}
	c.stale = now.Sub(time.Unix(d.lastStale.Load(), 0)) < stalePatience
	if c.notice == nil {
		c.notice = d.out.notice()
	}
	dns := d.dnsNow()
	if c.notice == nil {
		c.notice = cmp.Or(dns.problem, d.dnsProblem)
	}
	c.paused, c.wanted = d.pause, d.portals.wanted
	v := judge(c, now)
	if v.state != d.state {
		d.state, d.since = v.state, now
	}
	s := control.Status{
		State: v.state, Problem: v.problem, Since: d.since, Version: d.opts.Version,
		Demo: d.opts.Demo != nil, PID: os.Getpid(), Listen: d.listenTexts(), PortBy: d.portBy,
		Upstreams: upstreams(c.upstreams, c.health), Counters: d.today.of(d.queries.Counters(), now),
	}
	s.Provider, s.ProviderName = d.primary()
	s.SystemDNS, s.Networks = dns.on, append([]string{}, dns.networks...)
	if v.state == control.Paused {
		s.PausedUntil, s.PauseEndsWithNetwork = new(d.pause.Until), d.pause.Network != ""
	}
	s.Rule = d.ruleName(v.state)
	w := speak(v, c, s.Demo, d.since, now).byRule(v.state, s.Rule)
	if v.state == control.Degraded && c.health.Answering < 0 {
		s.Variant = control.VariantFromMemory
	}
	if address, unused := d.notInUse(v.state, now); unused && !dns.on {
		s.Variant, w = control.VariantNotInUse, notInUseWords(address, d.steering.dns != nil)
	}
	if v.state == control.Protected && dns.on && d.leaks.found.Load() { // worse than any notice
		s.Problem = leakProblem()
		w = words{s.Problem.Message, s.Problem.Hint}
	}
	if v.state == control.SignIn {
		s.Portal = &control.Portal{URL: c.wanted.url}
		if c.wanted.under(now) {
			s.Portal.Until = new(c.wanted.until)
		}
	}
	s.Sentence, s.Hint = w.sentence, w.hint
	return s
}

// primary returns id and display name of the current provider. Where the
// settings cannot be used there is none.
func (d *Daemon) primary() (id, name string) {
	if len(d.plan.upstreams) == 0 {
		return "", ""
	}
	u := d.plan.upstreams[0]
	return u.Spec, u.Label
}

// listenTexts are the open addresses, or those that would be.
func (d *Daemon) listenTexts() []string {
	var texts []string
	for _, a := range d.eng.Addrs() {
		texts = append(texts, a.String())
	}
	if texts == nil {
		for _, a := range d.plan.listen {
			texts = append(texts, a.Addr.String())
		}
	}
	if texts == nil {
		texts = []string{}
	}
	return texts
}

// upstreams are the servers as the API shows them; one that is not looked up
// yet stands with its name alone.
func upstreams(ups []provider.Upstream, h resolver.Health) []control.Upstream {
	list := []control.Upstream{}
	for i, u := range ups {
		name := u.ID
		if name == "" {
			name = u.Label
		}
		n := len(list)
		for _, s := range h.Servers {
			if s.Upstream == i {
				list = append(list, server(u, name, s))
			}
		}
		if len(list) > n {
			continue
		}
		if len(u.Addrs) == 0 {
			list = append(list, control.Upstream{Name: u.Name, Provider: name})
		}
		for _, a := range u.Addrs {
			list = append(list, control.Upstream{Address: a.String(), Name: u.Name, Provider: name})
		}
	}
	return list
}

func server(u provider.Upstream, name string, s resolver.ServerHealth) control.Upstream {
	c := control.Upstream{
		Name: u.Name, Provider: name, Connected: s.Connected, TLS: s.TLS, KeyExchange: s.KeyExchange,
		MedianMS: milliseconds(s.Median),
	}
	if s.Addr.IsValid() {
		c.Address = s.Addr.String()
	}
	if s.Fault != nil {
		c.Error = s.Fault.Text
	}
	return c
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}

// loop tells readers and the log what changed, and opens listeners again that
// could not be opened. last is the status that is known already.
func (d *Daemon) loop(last control.Status) {
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	retry := time.NewTimer(0)
	defer retry.Stop()
	over := time.NewTimer(0)
	defer over.Stop()
	for {
		last = d.tell(last)
		wait, due := d.retryIn()
		if due {
			retry.Reset(wait)
		} else {
			retry.Stop()
		}
		if left, on := d.pauseIn(); on {
			over.Reset(left)
		} else {
			over.Stop()
		}
		select {
		case <-d.ctx.Done():
			return
		case <-retry.C:
			d.tryAgain()
		case <-d.wake:
		case <-tick.C:
		case <-over.C:
		}
		d.checkPause()
		d.lookForPortal()
	}
}

// tell publishes the status where it differs from last.
func (d *Daemon) tell(last control.Status) control.Status {
	s := d.Status()
	if sameStatus(s, last) {
		return last
	}
	d.hub.Publish(control.Event{Name: control.EventStatus, Status: &s})
	if d.opts.OnStatus != nil {
		d.opts.OnStatus(s)
	}
	if s.State != last.State || s.Sentence != last.Sentence {
		level := d.log.Info
		if s.State == control.Failed || s.State == control.Degraded || s.Leaks() {
			level = d.log.Warn
		}
		level(s.Sentence, "state", s.State)
	}
	if s.State != last.State {
		d.leakSoon()
	}
	return s
}

func sameStatus(a, b control.Status) bool {
	pa, pb := a.Problem, b.Problem
	samePart := a.State == b.State && a.Variant == b.Variant && a.Sentence == b.Sentence && a.Hint == b.Hint &&
		a.Provider == b.Provider && a.SystemDNS == b.SystemDNS && slices.Equal(a.Networks, b.Networks) && sameTime(a.PausedUntil, b.PausedUntil) &&
		samePortal(a.Portal, b.Portal) && a.Counters == b.Counters && a.Since.Equal(b.Since)
	sameProblem := (pa == nil) == (pb == nil) && (pa == nil || pa.Code == pb.Code && pa.Error() == pb.Error())
	return samePart && sameProblem && slices.Equal(a.Listen, b.Listen) && a.PortBy == b.PortBy && slices.Equal(a.Upstreams, b.Upstreams)
}

func sameTime(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }

func samePortal(a, b *control.Portal) bool {
	return a == b || a != nil && b != nil && a.URL == b.URL && sameTime(a.Until, b.Until)
}

// beyondLoopback tells whether other computers can ask.
func beyondLoopback(addrs []netip.AddrPort) bool {
	return slices.ContainsFunc(addrs, func(a netip.AddrPort) bool { return !a.Addr().IsLoopback() })
}
