package systemdns

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
)

// Target is where the system's DNS is pointed: our listeners, on loopback only.
// A port other than 53 is possible with systemd-resolved alone.
type Target struct {
	Addrs []netip.AddrPort `json:"addrs"`
}

// Backup is what a mechanism needs to put things back, as it stands in the
// journal.
type Backup = json.RawMessage

// Hold is what became of a change.
type Hold int

// What can become of a change.
const (
	// Ours: what Apply set still stands.
	Ours Hold = iota
	// Gone: it was lost by itself, as when the network went down or its
	// manager was started again.
	Gone
	// Foreign: somebody else set something else.
	Foreign
	// Away: there is no network that it could be set on.
	Away
)

// The errors that mechanisms tell apart.
var (
	// ErrNeedsRoot: this process lacks the right to make the change, one with
	// the superuser's rights has it.
	ErrNeedsRoot = errors.New("the change needs the administrator's rights")
	// ErrLoopback: what is set now is an address of this computer, which would
	// lead nowhere once it was put back.
	ErrLoopback = errors.New("this computer's DNS is set to an address of its own already")
	// ErrPort: the mechanism can name servers on port 53 only.
	ErrPort = errors.New("only port 53 can be set there")
)

// Mechanism is one way to set this computer's DNS. Calls end with ctx; a call to
// another program has a second at most, one that changes something five. Methods are called one at a time, but
// for Watch.
type Mechanism interface {
	// Name is “NetworkManager”, “systemd-resolved”, “resolvconf”, “resolv.conf”…
	Name() string
	// Detect tells whether it owns the DNS of the links that lead out now.
	Detect(ctx context.Context) (bool, error)
	// Allowed tells whether this process may use it; ErrNeedsRoot where only the
	// superuser may.
	Allowed(ctx context.Context) error
	// Read returns what is set now and changes nothing. It returns ErrLoopback
	// rather than keep an address that leads nowhere once we are gone, and
	// ErrPort for a target that it cannot express.
	Read(ctx context.Context, t Target) (Backup, error)
	// Apply points the system at t. It may be repeated, and returns b extended by
	// what it covers now, such as a network that came up since.
	Apply(ctx context.Context, b Backup, t Target) (Backup, error)
	// Holds tells what became of Apply.
	Holds(ctx context.Context, b Backup, t Target) (Hold, error)
	// Restore puts back what is still ours and leaves alone what is not. It may
	// be repeated.
	Restore(ctx context.Context, b Backup, t Target) error
	// Networks names what is covered, for people: “Wired (eth0)”.
	Networks(b Backup) []string
	// Watch calls changed, which never waits, when something may have changed,
	// until ctx ends. Calling it too often is right, too seldom is not.
	Watch(ctx context.Context, changed func()) error
	// Volatile tells whether a restart of the computer alone undoes Apply.
	Volatile() bool
}
