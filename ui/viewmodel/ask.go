package viewmodel

import (
	"context"
	"net"
	"net/netip"
	"time"

	"dotproxy/app/control"
)

// askPatience bounds a query of the window's own.
const askPatience = 10 * time.Second

// AskAddress is where a program of this computer reaches the engine; ok is
// false where it cannot.
func AskAddress(s control.Status) (at netip.AddrPort, ok bool) {
	if len(s.Listen) == 0 || s.State == control.Failed || s.State == control.Stopped {
		return at, false
	}
	at, err := netip.ParseAddrPort(s.Listen[0])
	if err != nil {
		return at, false
	}
	switch a := at.Addr(); {
	case a.IsUnspecified() && a.Is4():
		at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
	case a.IsUnspecified():
		at = netip.AddrPortFrom(netip.IPv6Loopback(), at.Port())
	}
	return at, true
}

// AskExample asks the engine at an address for example.com., as any program
// would, so that there is a query to see.
func AskExample(ctx context.Context, at netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, at.String())
	}}
	_, err := r.LookupNetIP(ctx, "ip4", "example.com.")
	return err
}
