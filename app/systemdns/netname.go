package systemdns

import (
	"context"
	"net"
	"net/netip"
)

// NetworkName is what people call the network of id: its connection where
// NetworkManager runs, else the interface. It is empty for no network. A call
// over D-Bus takes a second at most.
func NetworkName(ctx context.Context, id NetworkID) string {
	if id == (NetworkID{}) {
		return ""
	}
	if name := connectionName(ctx); name != "" {
		return name
	}
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && id.Local.Contains(p.Addr().Unmap()) {
				return i.Name
			}
		}
	}
	return ""
}
