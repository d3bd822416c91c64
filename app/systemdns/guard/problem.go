package guard

import (
	"context"
	"errors"

	"dotproxy/app/control"
	"dotproxy/app/systemdns"
)

// unchanged begins the message of a change that was not made.
const unchanged = "This computer’s DNS could not be changed; it was left as it was"

func notSet(message, hint string) *control.Problem {
	return &control.Problem{Code: control.CodeSystemDNS, Message: message, Hint: hint}
}

// The problems that arise here.
var (
	errNotArrived = errors.New("no query came in")
	// errHeld: another guard is at work.
	errHeld = errors.New("another guard is at work")
)

// problemOf says an error for people.
func problemOf(err error) *control.Problem {
	if p, ok := errors.AsType[*control.Problem](err); ok {
		return p
	}
	if r, ok := errors.AsType[*systemdns.Refusal](err); ok {
		return notSet(unchanged+": "+r.Why, r.Do)
	}
	switch {
	case errors.Is(err, systemdns.ErrLoopback):
		return notSet(unchanged+": it names an address of this computer already, to which there would be no way back.",
			"Set it to the server of your network yourself, end a resolver that runs here, and try again.")
	case errors.Is(err, systemdns.ErrNeedsRoot):
		return notSet(unchanged+": that needs the administrator’s rights.", "Allow the change when you are asked, or set it to 127.0.0.1 yourself.")
	case errors.Is(err, systemdns.ErrPort):
		return notSet(unchanged+": it can only name servers on port 53.", "Listen on port 53, and try again.")
	case errors.Is(err, systemdns.ErrNone):
		return notSet(unchanged+": no way to change it is known here.", "Set it to 127.0.0.1 yourself.")
	case errors.Is(err, errNotArrived):
		return notSet("This computer’s programs did not ask DoT Proxy after the change, so it was undone.",
			"Another program may answer for names here, such as a VPN’s; end it, and try again.")
	case errors.Is(err, errGone):
		return notSet("The guard of this computer’s DNS ended before it was done.", "Try dot-proxy system-dns repair.")
	case errors.Is(err, errHeld):
		return notSet(unchanged+": another DoT Proxy holds it, perhaps another user’s.", "End that one, and try again.")
	case errors.Is(err, context.DeadlineExceeded):
		return notSet(unchanged+": the system did not answer in time.", "Try again.")
	}
	return notSet(unchanged+": "+err.Error()+".", "Set it to 127.0.0.1 yourself, or try again.")
}

// notRestored is the problem of a change that still stands.
func notRestored(err error) *control.Problem {
	if p, ok := errors.AsType[*control.Problem](err); ok {
		return p
	}
	return notSet("This computer’s DNS could not be put back: "+err.Error()+".", "Try dot-proxy system-dns repair, or set it yourself.")
}

// fought is the problem of a DNS that another program wants too.
func fought() *control.Problem {
	return notSet("Another program keeps changing this computer’s DNS, so it was left as that program wants it.",
		"End that program, such as a VPN’s, or its change of DNS; then turn “Use as this computer’s DNS” on again.")
}
