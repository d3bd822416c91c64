package daemon

import (
	"context"
	"errors"
	"slices"

	"dotproxy/app/control"
	"dotproxy/resolver/provider"
)

// Start implements control.Controller. Where the listeners cannot be opened the
// state is failed from now on, and they are tried again until Stop.
func (d *Daemon) Start(ctx context.Context) error {
	return d.run(ctx, func() error {
		d.mu.Lock()
		open := !d.stopped && d.blocked == nil
		d.retry = backoff{}
		d.mu.Unlock()
		if open {
			return nil
		}
		if problem := d.open(); problem != nil {
			return problem
		}
		d.pauseByRule()
		return nil
	})
}

// Use implements control.Controller. The user's backups stay behind the new
// upstream.
func (d *Daemon) Use(ctx context.Context, upstream string) error {
	if d.opts.Demo != nil {
		return demoProblem("upstream")
	}
	u, err := provider.Parse(upstream)
	if err != nil {
		return upstreamValue("upstream", err)
	}
	return d.run(ctx, func() error {
		if len(d.plan.upstreams) == 0 {
			return d.blocked // what else is saved cannot be known
		}
		undo := d.setAside()
		err := d.change(d.layers.withUpstream(u.Spec))
		if err != nil {
			undo()
		}
		return err
	})
}

// Settings implements control.Controller.
func (d *Daemon) Settings() control.Settings {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.layers.saved.Clone()
}

// Apply implements control.Controller.
func (d *Daemon) Apply(ctx context.Context, s control.Settings) error {
	if found := s.Check(); len(found) > 0 {
		return found[0]
	}
	return d.run(ctx, func() error {
		saved := d.layers.saved
		if d.opts.Demo != nil && (!slices.Equal(s.Upstreams, saved.Upstreams) || s.CABundle != saved.CABundle) {
			return demoProblem("upstreams")
		}
		s.Upstreams = slices.Clone(s.Upstreams)
		for i, spec := range s.Upstreams {
			u, err := provider.Parse(spec)
			if err != nil {
				return upstreamValue("upstreams", err)
			}
			s.Upstreams[i] = u.Spec
		}
		return d.change(d.layers.withSaved(s))
	})
}

func demoProblem(field string) *control.Problem {
	return control.BadValue(field, "The demo asks only its own server.", "End the demo and start DoT Proxy without --demo to choose a provider.")
}

// Providers implements control.Controller.
func (d *Daemon) Providers() []control.Provider {
	current := ""
	d.mu.Lock()
	if d.opts.Demo == nil && len(d.plan.upstreams) > 0 {
		current = d.plan.upstreams[0].ID
	}
	d.mu.Unlock()
	return KnownProviders(current)
}

// KnownProviders lists the built-in providers; the one with the id current is
// marked.
func KnownProviders(current string) []control.Provider {
	var list []control.Provider
	for _, p := range provider.All() {
		c := control.Provider{
			ID: p.ID, Name: p.Name, Operator: p.Operator, Filter: p.Filter, LogPolicy: p.LogPolicy,
			DNSSEC: p.DNSSEC, TLSName: p.TLSName, Current: p.ID == current,
		}
		for _, a := range p.Addrs {
			c.Addresses = append(c.Addresses, a.String())
		}
		list = append(list, c)
	}
	return list
}

// Quit implements control.Controller.
func (d *Daemon) Quit(context.Context) error {
	if d.opts.Managed {
		return &control.Problem{Code: control.CodeForbidden, Message: "DoT Proxy runs as a service here and would be started again.",
			Hint: "Stop the service or container instead; dot-proxy stop closes its listeners."}
	}
	d.hub.Publish(control.Event{Name: control.EventQuit})
	d.opts.Quit()
	return nil
}

// asProblem returns the problem in err, or one that quotes it.
func asProblem(err error) *control.Problem {
	if p, ok := errors.AsType[*control.Problem](err); ok {
		return p
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &control.Problem{Code: control.CodeInternal, Message: "The request ended before its turn.", Hint: "Try again."}
	}
	return &control.Problem{Code: control.CodeInternal, Message: "The engine failed: " + control.Quote(err.Error()) + ".", Hint: "Its log says more."}
}
