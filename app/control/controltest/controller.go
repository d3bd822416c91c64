package controltest

import (
	"context"
	"io"
	"slices"
	"strings"

	"dotproxy/app/control"
)

var _ control.Controller = (*Engine)(nil)

// Status implements control.Controller.
func (e *Engine) Status() control.Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return cloneStatus(e.status)
}

// Start implements control.Controller.
func (e *Engine) Start(ctx context.Context) error {
	e.called("start")
	if e.StartFunc != nil {
		return e.StartFunc(ctx)
	}
	e.SetState(control.Protected)
	return nil
}

// Stop implements control.Controller.
func (e *Engine) Stop(ctx context.Context) error {
	e.called("stop")
	if e.StopFunc != nil {
		return e.StopFunc(ctx)
	}
	e.SetState(control.Stopped)
	return nil
}

// Use implements control.Controller.
func (e *Engine) Use(ctx context.Context, upstream string) error {
	e.called("use %s", upstream)
	if e.UseFunc != nil {
		return e.UseFunc(ctx, upstream)
	}
	p, ok := e.choose(upstream)
	if !ok {
		return control.BadValue("upstream", "There is no provider "+control.Quote(upstream)+".", "Choose one of the list.")
	}
	e.Change(func(s *control.Status) {
		s.Provider, s.ProviderName = p.ID, p.Name
		s.Upstreams = []control.Upstream{{Address: p.Addresses[0] + ":853", Name: p.TLSName, Provider: p.ID, Connected: true, TLS: "TLS 1.3", KeyExchange: "X25519MLKEM768", MedianMS: 11.2}}
		if s.State == control.Protected {
			s.Sentence = "Your DNS goes to " + p.Name + " over TLS 1.3."
		}
	})
	return nil
}

// choose marks the provider and puts it first in the settings.
func (e *Engine) choose(id string) (control.Provider, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.providers, func(p control.Provider) bool { return p.ID == id })
	if i < 0 {
		return control.Provider{}, false
	}
	for j := range e.providers {
		e.providers[j].Current = i == j
	}
	others := slices.DeleteFunc(slices.Clone(e.settings.Upstreams), func(u string) bool { return u == id })
	e.keep(func(s *control.Settings) { s.Upstreams = append([]string{id}, others...) })
	return e.providers[i], true
}

// keep changes the settings and publishes them; the lock is held.
func (e *Engine) keep(change func(*control.Settings)) {
	next := e.settings.Clone()
	change(&next)
	e.settings = next
	shown := next.Clone()
	e.hub.Publish(control.Event{Name: control.EventSettings, Settings: &shown})
}

// Settings implements control.Controller.
func (e *Engine) Settings() control.Settings {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.settings.Clone()
}

// Apply implements control.Controller.
func (e *Engine) Apply(ctx context.Context, s control.Settings) error {
	e.called("apply")
	if e.ApplyFunc != nil {
		return e.ApplyFunc(ctx, s)
	}
	if wrong := s.Check(); len(wrong) > 0 {
		return wrong[0]
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keep(func(kept *control.Settings) { *kept = s.Clone() })
	return nil
}

// Providers implements control.Controller.
func (e *Engine) Providers() []control.Provider {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.providers)
}

// Queries implements control.Controller.
func (e *Engine) Queries(limit int) []control.Query {
	e.mu.Lock()
	defer e.mu.Unlock()
	from := 0
	if limit > 0 {
		from = max(0, len(e.queries)-limit)
	}
	return slices.Clone(e.queries[from:])
}

// Blocked implements control.Controller.
func (e *Engine) Blocked() []control.Blocked {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.blocked)
}

// Release implements control.Controller: a client that Block added, or its
// address, is no longer blocked; any other is a bad value.
func (e *Engine) Release(_ context.Context, client string) error {
	e.called("release %s", client)
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.blocked, func(b control.Blocked) bool {
		address, _, _ := strings.Cut(b.Client, "/")
		return client == b.Client || client == address
	})
	if i < 0 {
		return control.BadValue("client", control.Quote(client)+" is not blocked.", "The list of blocked clients names those that are.")
	}
	e.blocked = slices.Delete(e.blocked, i, i+1)
	return nil
}

// Subscribe implements control.Controller.
func (e *Engine) Subscribe(ctx context.Context) <-chan control.Event {
	e.mu.Lock()
	e.watched = true
	e.mu.Unlock()
	return e.hub.Subscribe(ctx, func() control.Event {
		s := e.Status()
		return control.Event{Name: control.EventStatus, Status: &s}
	})
}

// WriteMetrics implements control.Controller.
func (e *Engine) WriteMetrics(w io.Writer) {
	if e.MetricsFunc != nil {
		e.MetricsFunc(w)
		return
	}
	_, _ = io.WriteString(w, "# TYPE dotproxy_up gauge\ndotproxy_up 1\n")
}

// Quit implements control.Controller.
func (e *Engine) Quit(ctx context.Context) error {
	e.called("quit")
	if e.QuitFunc != nil {
		return e.QuitFunc(ctx)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.quit {
		e.quit = true
		close(e.done)
	}
	return nil
}
