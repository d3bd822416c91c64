package daemon

import (
	"dotproxy/app/systemdns/guard"
)

// guarded is this computer's DNS as a guard changes it, a process that outlives
// this one.
type guarded struct {
	*guard.Client
}

// newGuarded has the engine confirm that programs of this computer ask it.
func newGuarded(d *Daemon) computerDNS {
	expect := func(name string) <-chan struct{} { return arrival(d.eng.Expect(name)) }
	return guarded{guard.NewClient(guard.Options{Expect: expect, Log: d.log})}
}

// arrival closes a channel where one was told of; that it was waited for in
// vain is no arrival.
func arrival(told <-chan struct{}) <-chan struct{} {
	arrived := make(chan struct{})
	go func() {
		if _, ok := <-told; ok {
			close(arrived)
		}
	}()
	return arrived
}

// State implements computerDNS.
func (g guarded) State() dnsState {
	s := g.Client.State()
	return dnsState{on: s.Phase == guard.Set, networks: s.Networks, servers: s.Servers, problem: s.Problem}
}
