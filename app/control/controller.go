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
	// SystemDNS points this computer's DNS here (SystemDNSOn), puts the old one
	// back (SystemDNSOff), or puts right whatever is amiss with it
	// (SystemDNSRepair); on and off are saved. An error leaves it as it was.
	SystemDNS(ctx context.Context, action string) error
	// Pause puts the old DNS back for a while, not encrypted; it is refused where
	// this computer's DNS is not pointed here. It survives a restart.
	Pause(ctx context.Context, p Pause) error
	// Resume ends a pause; no-op where none is on.
	Resume(ctx context.Context) error
	// SignIn answers this computer's queries through the network's own resolver,
	// not encrypted, until the network lets everything through, for five minutes
	// at most. It is refused where no sign-in is wanted.
	SignIn(ctx context.Context) error
	Providers() []Provider
	// TestProviders tries upstreams, ids or forms of --dns; none are all that are
	// known or set. Each event tells a result, the channel ends with the test or
	// with ctx. There is one test at a time.
	TestProviders(ctx context.Context, upstreams []string) (<-chan TestEvent, error)
	// Check looks at what a user relies on, within some seconds.
	Check(ctx context.Context) []CheckRow
	// Designated asks the network's own resolvers, in clear text, for encrypted
	// ones in their place (RFC 9462); nothing else is asked, and nobody is used
	// for it.
	Designated(ctx context.Context) ([]Designated, error)
	// Network is the network that the computer is on.
	Network(ctx context.Context) Network
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
