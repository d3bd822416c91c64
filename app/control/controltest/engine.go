// Package controltest is an engine for tests of everything that steers one:
// tray, window and command line. It answers no DNS query.
package controltest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"dotproxy/app/control"
)

// Engine is a control.Controller that remembers its state and what was asked of
// it. It starts as Protected by Cloudflare with the settings of
// control.Default. A function field that is set replaces the behaviour
// described beside it; set them before the engine is in use. All methods may be
// called at the same time.
type Engine struct {
	// StartFunc replaces: Protected.
	StartFunc func(ctx context.Context) error
	// StopFunc replaces: Stopped.
	StopFunc func(ctx context.Context) error
	// UseFunc replaces: the known provider with that id becomes the current one,
	// and the first of the settings; any other is a bad value.
	UseFunc func(ctx context.Context, upstream string) error
	// ApplyFunc replaces: settings that pass Check are kept and published.
	ApplyFunc func(ctx context.Context, s control.Settings) error
	// SystemDNSFunc replaces: this computer's DNS points here, or not any more.
	SystemDNSFunc func(ctx context.Context, action string) error
	// PauseFunc replaces: Paused, refused where the computer's DNS is not here.
	PauseFunc func(ctx context.Context, p control.Pause) error
	// TestFunc replaces: each upstream answers.
	TestFunc func(upstreams []string) (<-chan control.TestEvent, error)
	// CheckFunc replaces: one row is fine, one has a remedy.
	CheckFunc func() []control.CheckRow
	// SignInFunc replaces: a sign-in that is wanted begins.
	SignInFunc func(ctx context.Context) error
	// QuitFunc replaces: the channel of Done is closed.
	QuitFunc func(ctx context.Context) error
	// MetricsFunc replaces: one metric, dotproxy_up 1.
	MetricsFunc func(w io.Writer)

	hub control.Hub

	done chan struct{}

	mu        sync.Mutex
	status    control.Status
	settings  control.Settings
	providers []control.Provider
	queries   []control.Query
	blocked   []control.Blocked
	calls     []string
	quit      bool
	watched   bool
}

// Since is when the state of a new Engine began.
var Since = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// New returns an engine.
func New() *Engine {
	e := &Engine{settings: control.Default(), providers: Providers(), done: make(chan struct{})}
	e.status = control.Status{
		State: control.Protected, Sentence: "Your DNS goes to Cloudflare over TLS 1.3.",
		Provider: "cloudflare", ProviderName: "Cloudflare", Listen: []string{"127.0.0.1:53", "[::1]:53"}, PortBy: control.PortByFile,
		Networks: []string{}, Since: Since, Version: "0.1.0", PID: 4711,
		Upstreams: []control.Upstream{{
			Address: "1.1.1.1:853", Name: "one.one.one.one", Provider: "cloudflare", Connected: true,
			TLS: "TLS 1.3", KeyExchange: "X25519MLKEM768", MedianMS: 11.2,
		}},
		Counters: control.Counters{Queries: 1280, Cached: 910, Failures: 2, MedianMS: 11.2},
	}
	return e
}

// Providers returns the providers of a new Engine.
func Providers() []control.Provider {
	return []control.Provider{
		{ID: "cloudflare", Name: "Cloudflare", Operator: "Cloudflare", Filter: "none", LogPolicy: "Deletes its logs within 25 hours.",
			DNSSEC: true, Addresses: []string{"1.1.1.1", "1.0.0.1"}, TLSName: "one.one.one.one", Current: true},
		{ID: "quad9", Name: "Quad9", Operator: "Quad9 Foundation", Filter: "malware", LogPolicy: "No client address is kept.",
			DNSSEC: true, Addresses: []string{"9.9.9.9", "149.112.112.112"}, TLSName: "dns.quad9.net"},
		{ID: "google", Name: "Google", Operator: "Google", Filter: "none", LogPolicy: "Keeps no logs.",
			DNSSEC: true, Addresses: []string{"8.8.8.8", "8.8.4.4"}, TLSName: "dns.google"},
	}
}

// Change changes the status and publishes it.
func (e *Engine) Change(change func(*control.Status)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := cloneStatus(e.status)
	change(&next)
	e.status = next
	shown := cloneStatus(next)
	e.hub.Publish(control.Event{Name: control.EventStatus, Status: &shown})
}

// SetState changes to state with a sentence and hint that fit it; Failed is
// reached by Fail.
func (e *Engine) SetState(state control.State) {
	e.Change(func(s *control.Status) {
		s.State, s.Problem, s.Hint, s.PortBy = state, nil, "", control.PortByFile
		switch state {
		case control.Stopped:
			s.PortBy = ""
			s.Sentence, s.Hint = "Your DNS is not encrypted.", "Start to send it to "+s.ProviderName+" over TLS."
		case control.Starting:
			s.Sentence, s.Hint = "Connecting to "+s.ProviderName+" and checking its certificate.", "This takes about a second."
		case control.Protected:
			s.Sentence = "Your DNS goes to " + s.ProviderName + " over TLS 1.3."
		case control.Degraded:
			s.Sentence = s.ProviderName + " does not answer; your DNS goes to Quad9 over TLS 1.3."
			s.Hint = "Nothing to do: " + s.ProviderName + " is tried again every 30 seconds."
		}
	})
}

// Fail changes to Failed because of p.
func (e *Engine) Fail(p control.Problem) {
	e.Change(func(s *control.Status) {
		s.State, s.Sentence, s.Hint, s.Problem = control.Failed, p.Message, p.Hint, &p
	})
}

// PortTaken is a problem to Fail with.
func PortTaken() control.Problem {
	return control.Problem{Code: control.CodePortInUse, Message: "Port 53 is taken by dnsmasq (process 812).", Hint: "Stop dnsmasq, or choose another port."}
}

// Answer keeps and publishes q as an answered query.
func (e *Engine) Answer(q control.Query) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queries = append(e.queries, q)
	e.status.Counters.Queries++
	e.hub.Publish(control.Event{Name: control.EventQuery, Query: &q})
}

// Block adds a client to those that are blocked.
func (e *Engine) Block(b control.Blocked) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.blocked = append(e.blocked, b)
}

// NewBlocked returns a client that is blocked for ten minutes from Since on.
func NewBlocked() control.Blocked {
	return control.Blocked{Client: "192.0.2.7/32", Until: Since.Add(10 * time.Minute), Dropped: 5121}
}

// NewQuery returns an answered query for name, which ends with a dot.
func NewQuery(name string) control.Query {
	return control.Query{
		Time: Since.Add(1234 * time.Millisecond), Name: name, Type: "A", RCode: "NOERROR", Source: control.SourceUpstream,
		Upstream: "1.1.1.1:853", MS: 12.5, Client: "127.0.0.1", Transport: "udp", Encrypted: true, Authenticated: true,
		Answers: []string{"93.184.215.14"}, TTL: 287,
	}
}

// Publish publishes any event, such as a scripted EventDropped.
func (e *Engine) Publish(ev control.Event) { e.hub.Publish(ev) }

// Watched tells whether somebody has begun to read the events.
func (e *Engine) Watched() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.watched
}

// Calls returns what was asked of the engine, in order: "start", "stop",
// "use quad9", "apply", "release 192.0.2.7", "quit".
func (e *Engine) Calls() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.calls)
}

// Done is closed by Quit.
func (e *Engine) Done() <-chan struct{} { return e.done }

func (e *Engine) called(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, fmt.Sprintf(format, args...))
}

func cloneStatus(s control.Status) control.Status {
	s.Listen, s.Upstreams = slices.Clone(s.Listen), slices.Clone(s.Upstreams)
	s.Networks = slices.Clone(s.Networks)
	if s.Problem != nil {
		p := *s.Problem
		s.Problem = &p
	}
	return s
}
