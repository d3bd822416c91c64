package daemon

import (
	"context"
	"crypto/x509"
	"net/netip"
	"sync"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver/ddr"
)

// designatedPatience bounds a discovery, whatever the network does.
const designatedPatience = 15 * time.Second

// discover asks a network's resolver whom it designates.
func discover(ctx context.Context, roots *x509.CertPool, server netip.AddrPort) ([]ddr.Designated, error) {
	return ddr.Finder{Roots: roots}.Find(ctx, server)
}

// Designated implements control.Controller.
func (d *Daemon) Designated(ctx context.Context) ([]control.Designated, error) {
	if d.opts.Demo != nil {
		return nil, demoProblem("upstream")
	}
	ctx, cancel := context.WithTimeout(ctx, designatedPatience)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	servers := d.networkServers()
	if len(servers) == 0 {
		return nil, &control.Problem{Code: control.CodeNotNow, Message: "This network names no DNS server that could be asked for an encrypted one.",
			Hint: "Choose a provider from the list."}
	}
	d.mu.Lock()
	roots := d.plan.roots
	d.mu.Unlock()
	found := make([][]control.Designated, len(servers))
	var wait sync.WaitGroup
	for i, server := range servers {
		wait.Go(func() {
			list, err := d.seams.discover(ctx, roots, server)
			found[i] = designated(server.Addr(), list, err)
		})
	}
	wait.Wait()
	all := []control.Designated{}
	for _, list := range found {
		all = append(all, list...)
	}
	return all, nil
}

// designated is what became of asking one resolver, as the API shows it.
func designated(by netip.Addr, list []ddr.Designated, err error) []control.Designated {
	if err != nil {
		return []control.Designated{{Resolver: by.String(), Addresses: []string{}, Problem: "The network’s resolver " + by.String() + " did not tell: " + err.Error() + "."}}
	}
	if len(list) == 0 {
		return []control.Designated{{Resolver: by.String(), Addresses: []string{}, Problem: "The network’s resolver " + by.String() + " names no encrypted one."}}
	}
	var all []control.Designated
	for _, f := range list {
		c := control.Designated{Resolver: by.String(), Name: f.Name, Addresses: []string{}, Upstream: f.Spec()}
		for _, a := range f.Addrs {
			c.Addresses = append(c.Addresses, a.String())
		}
		if f.Err != nil {
			who := f.Name
			if who == "" {
				who = by.String()
			}
			c.Problem = who + " is not offered: " + f.Err.Error() + "."
		}
		all = append(all, c)
	}
	return all
}
