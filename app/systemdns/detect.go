package systemdns

import (
	"context"
	"errors"
	"net/netip"
)

// Remembers is implemented by a mechanism whose change hides whom the network
// offered, so that Files do not tell it.
type Remembers interface {
	// Servers are those that were asked before, none where b does not say.
	Servers(b Backup) []netip.Addr
}

// ErrNone is that no way to set this computer's DNS was found.
var ErrNone = errors.New("no way to set this computer's DNS is known here")

// Detect returns the mechanism that owns this computer's DNS now. One that
// cannot tell is passed over; where none is found the error says why, and is
// ErrNone where there is nothing more to say.
func Detect(ctx context.Context) (Mechanism, error) { return detect(ctx, mechanisms()) }

func detect(ctx context.Context, all []Mechanism) (Mechanism, error) {
	failed := []error{ErrNone}
	for _, m := range all {
		found, err := m.Detect(ctx)
		if found && err == nil {
			return m, nil
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

// ByName returns the mechanism with a journal's name; false where this system
// has none of that name.
func ByName(name string) (Mechanism, bool) {
	for _, m := range mechanisms() {
		if m.Name() == name {
			return m, true
		}
	}
	return nil, false
}
