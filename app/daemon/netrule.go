package daemon

import (
	"context"
	"reflect"
	"strings"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/systemdns"
)

// namePatience bounds how long it takes to learn a network's name.
const namePatience = time.Second

// Network implements control.Controller.
func (d *Daemon) Network(ctx context.Context) control.Network {
	d.mu.Lock()
	id := d.out.network
	d.mu.Unlock()
	return d.networkOf(ctx, id)
}

func (d *Daemon) networkOf(ctx context.Context, id systemdns.NetworkID) control.Network {
	if id == (systemdns.NetworkID{}) || d.seams.around.name == nil {
		return control.Network{}
	}
	ctx, cancel := context.WithTimeout(ctx, namePatience)
	defer cancel()
	n := control.Network{Name: d.seams.around.name(ctx, id), Gateway: id.MAC}
	if id.Gateway.IsValid() {
		n.Address = id.Gateway.String()
	}
	if n.Gateway == "" {
		n.Gateway = n.Address
	}
	return n
}

// ruleFor is the rule of settings that holds on the present network, nil for
// none. The user may have chosen otherwise for as long as that network lasts.
func (d *Daemon) ruleFor(s control.Settings) *control.NetworkRule {
	if len(s.Networks) == 0 {
		return nil
	}
	d.mu.Lock()
	id := d.out.network
	aside := d.isAside(id)
	d.mu.Unlock()
	if aside {
		return nil
	}
	return s.RuleFor(d.networkOf(context.Background(), id))
}

// isAside tells whether the user chose otherwise on a network. Being on none for
// a moment changes nothing. It is called with mu held.
func (d *Daemon) isAside(id systemdns.NetworkID) bool {
	none := systemdns.NetworkID{}
	if d.aside == none || id == none {
		return false
	}
	next, left := d.aside.Follows(id)
	if left {
		next = none
	}
	d.aside = next
	return !left
}

// setAside lets no rule hold until the network changes, since the user chose
// something else here; undo takes that back.
func (d *Daemon) setAside() (undo func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.aside
	if d.layers.rule != nil {
		d.aside = d.out.network
	}
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.aside = before
	}
}

// pausedByRule tells whether a rule began the pause that is on.
func (d *Daemon) pausedByRule() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pause != nil && d.pause.Rule != ""
}

// beginRule has the rule of the network that the daemon starts on hold from the
// first query on. It is called before the engine is made.
func (d *Daemon) beginRule() {
	l := d.layers
	if l.rule = d.ruleFor(l.saved); l.rule == nil || d.opts.Demo != nil || len(d.plan.upstreams) == 0 {
		return
	}
	if p, problem := l.plan(); problem == nil {
		d.layers, d.plan = l, p
	}
}

// followRule has the rule of the present network hold, and no other. Nothing of
// it is saved. It is called with op held.
func (d *Daemon) followRule() (changed bool) {
	l := d.layers
	if len(l.saved.Networks) == 0 && l.rule == nil {
		return false
	}
	l.rule = d.ruleFor(l.saved)
	if reflect.DeepEqual(l.rule, d.layers.rule) {
		d.pauseByRule()
		return false
	}
	p, problem := l.plan()
	if problem != nil {
		d.log.Warn("the rule for this network cannot be used", "error", problem)
		return false
	}
	if l.rule != nil {
		d.log.Info("a rule for this network holds", "network", l.rule.Name)
	} else {
		d.log.Info("no rule holds on this network")
	}
	notice := d.notice
	d.adopt(l, p, d.out)
	d.mu.Lock()
	d.notice = notice // it is about what is saved
	d.mu.Unlock()
	d.pauseByRule()
	return true
}

// pauseByRule begins the pause of a rule that pauses, and ends one whose rule
// holds no more.
func (d *Daemon) pauseByRule() {
	d.mu.Lock()
	rule, on, id := d.layers.rule, d.pause, d.out.network
	can := d.steering.dns != nil && !d.stopped && d.layers.saved.SystemDNS
	d.mu.Unlock()
	pauses := rule != nil && rule.Pause
	switch {
	case on != nil && on.Rule != "" && (!pauses || on.Rule != rule.Name):
		d.endPause()
		d.steerSoon()
	case pauses && can && on == nil && place(id) != "":
		next := &pause{Until: time.Now().Add(control.MaxPause * time.Second).Round(0).UTC(), Network: place(id), MAC: id.MAC, Rule: rule.Name}
		if err := d.keepPause(next); err != nil {
			d.log.Warn(err.Error())
		}
		d.setPause(next)
		d.setBypass()
		d.steerSoon()
	}
}

// ruleName is the network whose rule holds, empty for none. It is called with mu
// held.
func (d *Daemon) ruleName(state control.State) string {
	switch {
	case state == control.Paused:
		return d.pause.Rule
	case d.layers.rule != nil && !d.layers.rule.Pause && d.layers.flags.Upstreams == nil:
		return d.layers.rule.Name
	}
	return ""
}

// byRule says whose rule a state follows.
func (w words) byRule(state control.State, network string) words {
	if network != "" && (state == control.Protected || state == control.Degraded || state == control.Paused) {
		w.sentence = strings.TrimSuffix(w.sentence, ".") + ", by the rule for " + control.Quote(network) + "."
	}
	return w
}
