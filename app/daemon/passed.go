package daemon

import (
	"net/netip"
	"slices"

	"dotproxy/app/control"
	"dotproxy/resolver"
)

// Passed are sockets that a service manager opened for this process.
type Passed interface {
	resolver.Sockets
	// Addrs are their addresses, in order.
	Addrs() []netip.AddrPort
	// Half says that of an address one of UDP and TCP was passed alone, and what
	// to do; empty where that is not so.
	Half(addr netip.AddrPort) (message, hint string)
}

// fitPassed sets the default addresses and port to those of the passed sockets:
// the port of the first, and the addresses that have it.
func (l *layers) fitPassed(p Passed) {
	if p == nil || len(p.Addrs()) == 0 {
		return
	}
	l.defaultPort, l.defaultListen = p.Addrs()[0].Port(), nil
	for _, a := range p.Addrs() {
		if a.Port() == l.defaultPort {
			l.defaultListen = append(l.defaultListen, a.Addr().String())
		}
	}
}

// passed are the addresses of passed sockets.
func (d *Daemon) passed() []netip.AddrPort {
	if d.opts.Sockets == nil {
		return nil
	}
	return d.opts.Sockets.Addrs()
}

// passedProblem is that of an address to listen on that was passed over one of
// UDP and TCP alone. A passed socket beside the addresses is said in the log:
// it stays open, to be used when its address is set again.
func (d *Daemon) passedProblem(addrs []resolver.ListenAddr) *control.Problem {
	var idle []netip.AddrPort
	for _, a := range d.passed() {
		if !slices.Contains(own(addrs), a) {
			idle = append(idle, a)
		} else if message, hint := d.opts.Sockets.Half(a); message != "" {
			return &control.Problem{Code: control.CodeAddress, Field: "listen", Message: message, Hint: hint}
		}
	}
	if len(idle) > 0 && !slices.Equal(idle, d.idle) {
		d.log.Warn("passed sockets are not answered on, since they are not in the settings", "addresses", idle)
	}
	d.idle = idle
	return nil
}

// notePort keeps what allowed the port that the engine answers on, and logs it
// where it is new. It is called with op held.
func (d *Daemon) notePort() {
	by, open := control.PortBy(""), d.eng.Addrs()
	switch {
	case len(open) == 0:
	case slices.ContainsFunc(d.passed(), func(a netip.AddrPort) bool { return slices.Contains(open, a) }):
		by = control.PortByPassed
	default:
		by = d.seams.rights().portBy(open[0].Port())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if by != "" && by != d.portBy {
		d.log.Info("the port is allowed "+by.Words(), "port", open[0].Port())
	}
	d.portBy = by
}
