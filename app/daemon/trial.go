package daemon

import (
	"context"
	"slices"
	"sync"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

// testedAtOnce is how many providers are tried at the same time.
const testedAtOnce = 3

// TestProviders implements control.Controller.
func (d *Daemon) TestProviders(ctx context.Context, specs []string) (<-chan control.TestEvent, error) {
	ups, err := d.tested(specs)
	if err != nil {
		return nil, err
	}
	if !d.testing.TryLock() {
		return nil, &control.Problem{Code: control.CodeNotNow, Message: "Providers are being tested already.", Hint: "Wait until that test ends."}
	}
	first := control.TestEvent{}
	for _, u := range ups {
		first.Upstreams = append(first.Upstreams, u.Spec)
	}
	events := make(chan control.TestEvent, len(ups)+1) // so that nobody waits for a slow reader
	events <- first
	d.done.Go(func() {
		defer d.testing.Unlock()
		defer close(events)
		d.testAll(ctx, ups, events)
	})
	return events, nil
}

// tested are the upstreams of a test: those named, or all that are known or set.
func (d *Daemon) tested(specs []string) ([]provider.Upstream, error) {
	if d.opts.Demo != nil {
		return []provider.Upstream{d.opts.Demo.Upstream}, nil
	}
	if len(specs) == 0 {
		for _, p := range provider.All() {
			specs = append(specs, p.ID)
		}
		for _, spec := range d.Settings().Upstreams {
			if !slices.Contains(specs, spec) {
				specs = append(specs, spec)
			}
		}
	}
	if len(specs) > control.MaxTested {
		return nil, control.BadValue("upstreams", "These are too many providers for one test.", "Name fewer.")
	}
	var ups []provider.Upstream
	for _, spec := range specs {
		u, problem := usableUpstream("upstreams", spec)
		if problem != nil {
			return nil, problem
		}
		ups = append(ups, u)
	}
	return ups, nil
}

func (d *Daemon) testAll(ctx context.Context, ups []provider.Upstream, events chan<- control.TestEvent) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	turns := make(chan struct{}, testedAtOnce)
	var wait sync.WaitGroup
	defer wait.Wait()
	for _, u := range ups {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return
		}
		wait.Go(func() {
			defer func() { <-turns }()
			if m := d.eng.Measure(ctx, u); ctx.Err() == nil {
				events <- control.TestEvent{Result: new(testResult(u, m))}
			}
		})
	}
}

func testResult(u provider.Upstream, m resolver.Measurement) control.ProviderTest {
	r := control.ProviderTest{
		Upstream: u.Spec, Name: u.Label, TLS: m.TLS, KeyExchange: m.KeyExchange, Resumed: m.Resumed, Issuer: m.Issuer,
		ConnectMS: milliseconds(m.Connect), FirstMS: milliseconds(m.First), WarmMS: milliseconds(m.Warm), NSID: m.NSID, Validates: m.Validates,
	}
	if m.Addr.IsValid() {
		r.Address = m.Addr.String()
	}
	if !m.Expires.IsZero() {
		r.Expires = new(m.Expires.UTC())
	}
	if m.Fault != nil {
		r.Error = m.Fault.Text
		r.Network = slices.Contains([]resolver.FaultKind{resolver.FaultUnreachable, resolver.FaultTimeout, resolver.FaultRefused, resolver.FaultClosed, resolver.FaultLookup}, m.Fault.Kind)
	}
	return r
}
