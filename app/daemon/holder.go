package daemon

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"

	"dotproxy/app/control"
)

// holder is the program that holds a port, as far as it is known.
type holder struct {
	program
	// at is the address that it holds.
	at netip.AddrPort
	// hidden is set where another user's socket was found, which shows no
	// process. user is then the one who opened it.
	hidden bool
	// likely: the process is a guess, a DNS server that runs here.
	likely bool
}

// program is a running one.
type program struct {
	pid  int32
	name string
	// user is whose it is, command how it was started; empty where not known.
	user, command string
	// unit is the service of the system's manager that it belongs to, container
	// tells that it runs in a container. Linux alone.
	unit      string
	container bool
}

// socket is one open socket of this computer.
type socket struct {
	udp  bool
	addr netip.AddrPort
	// pid is the process that has it, 0 where this user may not see it.
	pid int32
	// user is who opened it, empty where not known.
	user string
	// busy is set for a connection: its own port cannot be listened on either.
	busy bool
}

// holderOf picks the socket in the way; one that listens and whose process is
// known is preferred.
func holderOf(network string, addr netip.AddrPort, sockets []socket, describe func(pid int32) program) holder {
	var best holder
	for _, s := range sockets {
		if s.udp != (network == "udp") || !collide(s.addr, addr) {
			continue
		}
		switch {
		case s.pid > 0 && !s.busy:
			return holder{program: describe(s.pid), at: s.addr}
		case s.pid > 0:
			best = holder{program: describe(s.pid), at: s.addr}
		case best.pid > 0:
		case isResolvedStub(s.addr.Addr()):
			best = holder{program: program{name: resolvedName, user: s.user}, at: s.addr}
		case best.name == "":
			best = holder{program: program{user: s.user}, at: s.addr, hidden: true}
		}
	}
	return best
}

// collide tells whether two sockets cannot be open together: the same port,
// and the same address or one of them for all addresses. A wildcard of IPv6
// may hold IPv4 as well.
func collide(held, want netip.AddrPort) bool {
	if held.Port() != want.Port() {
		return false
	}
	h, w := held.Addr().Unmap(), want.Addr().Unmap()
	switch {
	case h == w:
		return true
	case h.IsUnspecified():
		return h.Is6() || w.Is4()
	case w.IsUnspecified():
		return h.Is4() == w.Is4()
	}
	return false
}

// isResolvedStub knows the addresses that only systemd-resolved answers on.
func isResolvedStub(a netip.Addr) bool {
	return a == netip.AddrFrom4([4]byte{127, 0, 0, 53}) || a == netip.AddrFrom4([4]byte{127, 0, 0, 54})
}

// inUseProblem says who holds a port, and the way out that this program has.
func inUseProblem(want netip.AddrPort, h holder) *control.Problem {
	h.name, h.user, h.unit = shown(h.name), shown(h.user), shown(h.unit)
	name, way := h.recognise(want)
	return &control.Problem{Code: control.CodePortInUse, Field: "port",
		Message: fmt.Sprintf("Port %d is taken by %s.", want.Port(), h.words(name)), Hint: way}
}

// shown is a name as it can be put into a sentence: programs choose theirs, and
// what a terminal would obey is none.
func shown(name string) string {
	const most = 64
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, string([]rune(name)[:min(most, len([]rune(name)))]))
}

// words names the holder, whose program is known by name.
func (h holder) words(name string) string {
	process := ""
	switch {
	case h.pid > 0 && h.user != "":
		process = fmt.Sprintf(" (process %d of user %s)", h.pid, h.user)
	case h.pid > 0:
		process = fmt.Sprintf(" (process %d)", h.pid)
	}
	switch {
	case h.likely:
		who := name + process
		return "a program whose process this user may not see, most likely " + who
	case name != "":
		return name + process
	case h.pid > 0 && h.user != "":
		return fmt.Sprintf("process %d of user %s", h.pid, h.user)
	case h.pid > 0:
		return fmt.Sprintf("process %d", h.pid)
	case h.hidden && h.user != "":
		return "a program of user " + h.user + ", whose process this user may not see"
	case h.hidden:
		return "another program, whose name this user may not see"
	}
	return "another program, which could not be found"
}
