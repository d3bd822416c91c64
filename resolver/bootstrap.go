package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
)

const (
	lookupTimeout = 3 * time.Second
	// lookupEvery is how often a name may be looked up at most.
	lookupEvery = 2500 * time.Millisecond
)

// bootstrapIDs are the built-in providers that look up a bare name where no
// configured provider has addresses.
var bootstrapIDs = []string{"cloudflare", "quad9"}

// lookup finds the addresses of an upstream given by name, over verified TLS
// through the other providers and never through the system's resolver, which
// may be us. waiter, where not nil, hears when it is over.
func (u *upstream) lookup(waiter chan<- result) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if waiter != nil {
		u.waiters = append(u.waiters, waiter)
	}
	if u.looking {
		return
	}
	u.looking = true
	u.lookedUp = time.Now()
	u.f.spawn(u.runLookup)
}

// lookupAgain looks the name up anew, since connecting failed.
func (u *upstream) lookupAgain() {
	if len(u.cfg.Addrs) > 0 {
		return
	}
	u.mu.Lock()
	due := !u.looking && time.Since(u.lookedUp) >= lookupEvery
	u.mu.Unlock()
	if due {
		u.lookup(nil)
	}
}

func (u *upstream) runLookup() {
	ctx, cancel := context.WithTimeout(u.f.ctx, lookupTimeout)
	defer cancel()
	addrs, err := u.f.addresses(ctx, u.cfg)
	var gone []*server
	if err == nil {
		gone = u.setAddrs(addrs)
	}
	u.mu.Lock()
	u.looking = false
	u.fault = nil
	if err != nil {
		u.fault = &Fault{Kind: FaultLookup, Text: "the address of " + u.cfg.Name + " could not be looked up over TLS", Err: err}
		err = u.fault
	}
	waiters := u.waiters
	u.waiters = nil
	u.mu.Unlock()
	for _, s := range gone {
		s.close(errShutdown)
	}
	u.f.changed()
	for _, w := range waiters {
		w <- result{found: u, err: err}
	}
}

// addresses asks for the A and AAAA records of up's name.
func (f *forwarder) addresses(ctx context.Context, up provider.Upstream) ([]netip.AddrPort, error) {
	b := f.bootstrapper()
	if b == nil {
		return nil, errors.New("no provider with an address to ask")
	}
	var found []netip.AddrPort
	var errs []error
	for _, typ := range []uint16{dns.TypeA, dns.TypeAAAA} {
		ips, err := lookupType(ctx, b, up.Name, typ)
		if err != nil {
			errs = append(errs, err)
		}
		for _, ip := range ips {
			if a := netip.AddrPortFrom(ip, up.Port); !slices.Contains(found, a) {
				found = append(found, a)
			}
		}
	}
	if len(found) == 0 {
		return nil, errors.Join(append(errs, errors.New("no address found"))...)
	}
	return found, nil
}

// bootstrapper is the forwarder that asks for upstreams' names, made when it
// is first needed.
func (f *forwarder) bootstrapper() *forwarder {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.boot != nil || f.isBoot || f.ctx.Err() != nil {
		return f.boot
	}
	ups := withAddrs(f.configured())
	if len(ups) == 0 {
		ups = withAddrs(f.lookups)
	}
	if len(ups) == 0 {
		for _, id := range bootstrapIDs {
			if up, err := provider.Parse(id); err == nil {
				ups = append(ups, up)
			}
		}
	}
	f.boot = newForwarder(forwarderConfig{upstreams: ups, roots: f.roots, dial: f.dial, log: f.log, isBoot: true, rules: Rules{HideSubnet: f.rules.HideSubnet}, ports: f.ports})
	return f.boot
}

// withAddrs are those of ups that need no look-up themselves.
func withAddrs(ups []provider.Upstream) []provider.Upstream {
	var known []provider.Upstream
	for _, u := range ups {
		if len(u.Addrs) > 0 {
			known = append(known, u)
		}
	}
	return known
}

func lookupType(ctx context.Context, x exchanger, host string, typ uint16) ([]netip.Addr, error) {
	qu := &question{typ: typ, class: classIN, rd: true}
	var buf [maxName]byte
	n, err := dns.PackDomainName(dns.Fqdn(host), buf[:], 0, nil, false)
	if err != nil {
		return nil, err
	}
	qu.seal(buf[:n])
	a, err := x.exchange(ctx, qu)
	if err != nil {
		return nil, err
	}
	return addressRecords(a.msg, typ)
}

// addressRecords returns the addresses in a message's answer section.
func addressRecords(msg []byte, typ uint16) ([]netip.Addr, error) {
	_, off, err := skipQuestion(msg, headerLen)
	if err != nil {
		return nil, err
	}
	var ips []netip.Addr
	for range binary.BigEndian.Uint16(msg[6:]) {
		r, err := readRecord(msg, off)
		if err != nil {
			return nil, err
		}
		off = r.end
		if ip, ok := netip.AddrFromSlice(msg[r.rdata:r.end]); ok && r.typ == typ {
			ips = append(ips, ip)
		}
	}
	return ips, nil
}

// failedLately tells whether the last look-up failed a moment ago.
func (u *upstream) failedLately() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.fault != nil && time.Since(u.lookedUp) < lookupEvery
}
