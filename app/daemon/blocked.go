package daemon

import (
	"context"
	"net/netip"
	"strings"

	"dotproxy/app/control"
)

// Blocked implements control.Controller.
func (d *Daemon) Blocked() []control.Blocked {
	var list []control.Blocked
	for _, b := range d.eng.Blocked() {
		list = append(list, control.Blocked{Client: b.Client.String(), Until: b.Until, Dropped: b.Dropped})
	}
	return list
}

// Release implements control.Controller.
func (d *Daemon) Release(_ context.Context, client string) error {
	prefix, ok := parseClient(strings.TrimSpace(client))
	if !ok {
		return control.BadValue("client", control.Quote(client)+" is neither an IP address nor a prefix.", "Give a client as the list of blocked clients has it.")
	}
	if !d.eng.Release(prefix) {
		return control.BadValue("client", control.Quote(client)+" is not blocked.", "The list of blocked clients names those that are.")
	}
	return nil
}

// parseClient reads an address or a prefix.
func parseClient(text string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	return p, err == nil
}
