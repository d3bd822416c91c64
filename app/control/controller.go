package control

import (
	"context"
	"io"
)

// Controller is an engine as its clients see it. All methods may be called at
// the same time. Errors meant for people are *Problem; a refused call changes
// nothing.
type Controller interface {
	Status() Status
	// Start opens the listeners and connects; no-op where they are open.
	Start(ctx context.Context) error
	// Stop closes listeners and upstream connections; process and control
	// socket stay.
	Stop(ctx context.Context) error
	// Use makes upstream (an id or any form of --dns) the preferred one, at
	// once and for the next start. No query is lost.
	Use(ctx context.Context, upstream string) error
	// Settings returns the saved settings.
	Settings() Settings
	// Apply validates, applies and saves settings; one bad value changes nothing.
	Apply(ctx context.Context, s Settings) error
	Providers() []Provider
	// Queries returns the most recent answered queries, oldest first, at most
	// limit (0 means all that are kept).
	Queries(limit int) []Query
	// Subscribe delivers events until ctx ends, then closes the channel. The
	// first is the present status. A reader that is too slow loses events and
	// is told how many by EventDropped; it never slows the engine.
	Subscribe(ctx context.Context) <-chan Event
	// Blocked lists the clients that are blocked for asking too much
	// (RateLimit), by address.
	Blocked() []Blocked
	// Release ends the block of a client, as Blocked names it or by an address
	// in it, before its time.
	Release(ctx context.Context, client string) error
	// WriteMetrics writes the metrics in Prometheus' text format.
	WriteMetrics(w io.Writer)
	// Quit ends the engine's process after this call returned. An engine run
	// by a service manager refuses.
	Quit(ctx context.Context) error
}
