package resolver

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"slices"
	"time"
)

// drainTimeout is how long a listener that is no longer wanted finishes the
// queries it took.
const drainTimeout = queryTimeout + time.Second

// drainHurry is how long it has where its address is wanted again.
const drainHurry = 300 * time.Millisecond

// listener answers on one address over UDP and TCP.
type listener struct {
	addr netip.AddrPort // with the real port
	udp  *udpListener
	tcp  *tcpListener
}

// Listen opens the addresses that are not open yet, then closes those that are
// not named any more; queries they took are still answered. When an address
// cannot be opened the error is a *ListenError and nothing changed. Port 0
// takes a free port. The first time, the primary upstream is connected to and
// asked one question, so that Health becomes known.
func (e *Engine) Listen(addrs []ListenAddr) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	opened := make(map[netip.AddrPort]*listener)
	keep := make(map[netip.AddrPort]bool)
	for _, a := range addrs {
		keep[a.Addr] = true
		if e.listeners[a.Addr] != nil || opened[a.Addr] != nil {
			continue
		}
		l, err := e.open(a.Addr)
		if errors.Is(err, errInUse) && e.endDrains() {
			l, err = e.open(a.Addr) // it was our own
		}
		if err != nil && a.Optional && (errors.Is(err, errNoAddress) || errors.Is(err, errNoFamily)) {
			e.log.Info("listen address skipped: this computer does not have it", "address", a.Addr.Addr())
			continue
		}
		if err != nil {
			closeAll(context.Background(), opened)
			return err
		}
		opened[a.Addr] = l
	}
	wasIdle := len(e.listeners) == 0
	gone := make(map[netip.AddrPort]*listener)
	for a, l := range e.listeners {
		if !keep[a] {
			gone[a] = l
			delete(e.listeners, a)
		}
	}
	maps.Copy(e.listeners, opened)
	for _, l := range opened {
		l.serve()
	}
	e.settle(gone, wasIdle)
	return nil
}

// settle closes what is no longer wanted and, when the last listener was
// closed, the upstream connections; with the first one it connects.
func (e *Engine) settle(gone map[netip.AddrPort]*listener, wasIdle bool) {
	if len(gone) > 0 {
		e.drain(gone)
	}
	e.noteAddresses()
	switch idle := len(e.listeners) == 0; {
	case wasIdle && !idle:
		e.fwd.Load().warm()
	case idle && !wasIdle:
		f := e.newForwarder(e.fwd.Load().configured(), e.fwd.Load().roots)
		old := e.fwd.Swap(f)
		e.retire(old)
		e.endRoutes(nil)
	}
}

// drain is listeners that take no more queries and finish those they took.
type drain struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// over tells whether all its queries are answered.
func (d drain) over() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

func (e *Engine) drain(gone map[netip.AddrPort]*listener) {
	ctx, cancel := context.WithTimeout(e.ctx, drainTimeout)
	d := drain{cancel, make(chan struct{})}
	e.drains = append(slices.DeleteFunc(e.drains, drain.over), d)
	e.retired.Go(func() {
		defer close(d.done)
		defer cancel()
		closeAll(ctx, gone)
	})
}

// endDrains frees the addresses of listeners that still finish their queries,
// after a short while, and tells whether there were any.
func (e *Engine) endDrains() bool {
	drains := e.drains
	e.drains = nil
	for _, d := range drains {
		select {
		case <-d.done:
		case <-time.After(drainHurry):
			d.cancel()
			<-d.done
		}
	}
	return len(drains) > 0
}

// Addrs are the open addresses, in order.
func (e *Engine) Addrs() []netip.AddrPort {
	e.mu.Lock()
	defer e.mu.Unlock()
	var addrs []netip.AddrPort
	for _, l := range e.listeners {
		addrs = append(addrs, l.addr)
	}
	slices.SortFunc(addrs, netip.AddrPort.Compare)
	return addrs
}

// open binds UDP and TCP on addr.
func (e *Engine) open(addr netip.AddrPort) (*listener, error) {
	const tries = 10 // for port 0: a port free over UDP may be taken over TCP
	var l *listener
	var err error
	for range tries {
		if l, err = e.openOnce(addr); err == nil || addr.Port() != 0 {
			break
		}
	}
	return l, err
}

func (e *Engine) openOnce(addr netip.AddrPort) (*listener, error) {
	u, err := listenUDP(e, addr)
	if err != nil {
		return nil, &ListenError{Network: "udp", Addr: addr, Err: err}
	}
	real := netip.AddrPortFrom(addr.Addr(), u.port())
	t, err := listenTCP(e, real)
	if err != nil {
		u.close(context.Background())
		return nil, &ListenError{Network: "tcp", Addr: real, Err: err}
	}
	return &listener{addr: real, udp: u, tcp: t}, nil
}

func (l *listener) serve() {
	l.udp.serve()
	l.tcp.serve()
}

// closeAll stops taking queries, lets those taken be answered until ctx ends,
// and closes.
func closeAll(ctx context.Context, ls map[netip.AddrPort]*listener) {
	for _, l := range ls {
		l.udp.stop()
		l.tcp.stop()
	}
	for _, l := range ls {
		l.udp.close(ctx)
		l.tcp.close(ctx)
	}
}
