package daemon

import (
	"net/netip"
	"slices"
	"time"

	"dotproxy/app/control"
)

// localPatience is for how long a computer counts as asking us after its last
// query.
const localPatience = 10 * time.Minute

// stalePatience is for how long an answer that was given after its time counts
// as bridging a gap.
const stalePatience = 30 * time.Second

// noteStale notes that an answer was given after its time, and tells of the
// first one after a while.
func (d *Daemon) noteStale(at time.Time) {
	now, last := at.Unix(), d.lastStale.Load()
	if last >= now || !d.lastStale.CompareAndSwap(last, now) {
		return
	}
	if at.Sub(time.Unix(last, 0)) >= stalePatience {
		d.kick()
	}
}

// notInUse tells whether a protected engine serves nobody on this computer,
// and which address its DNS should be set to. It is called with mu held.
func (d *Daemon) notInUse(state control.State, now time.Time) (address netip.AddrPort, unused bool) {
	if state != control.Protected || d.opts.Demo != nil {
		return netip.AddrPort{}, false
	}
	addrs := d.eng.Addrs()
	if len(addrs) == 0 || beyondLoopback(addrs) {
		return netip.AddrPort{}, false
	}
	if last := d.lastLocal.Load(); last != 0 && now.Sub(time.Unix(last, 0)) < localPatience {
		return netip.AddrPort{}, false
	}
	if asks, known := d.seams.asks(addrs); asks || !known {
		return netip.AddrPort{}, false
	}
	return dnsAddress(addrs), true
}

// dnsAddress is the address to set the computer's DNS to, IPv4 first.
func dnsAddress(addrs []netip.AddrPort) netip.AddrPort {
	return addrs[max(0, slices.IndexFunc(addrs, func(a netip.AddrPort) bool { return a.Addr().Is4() }))]
}

// noteLocal notes that this computer asked. Once a second is often enough, so
// the hot path only reads. The first for a while is told at once.
func (d *Daemon) noteLocal(client netip.Addr, at time.Time) {
	if !client.IsLoopback() {
		return
	}
	now, last := at.Unix(), d.lastLocal.Load()
	if last >= now || !d.lastLocal.CompareAndSwap(last, now) {
		return
	}
	if at.Sub(time.Unix(last, 0)) >= localPatience {
		d.kick()
	}
}
