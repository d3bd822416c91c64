package daemon

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/portal"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

// fakeEngine opens what refuse does not refuse and has the health it is given.
type fakeEngine struct {
	refuse func(netip.AddrPort) error // nil: nothing is refused

	mu        sync.Mutex
	cfg       resolver.Config
	open      []netip.AddrPort
	calls     [][]netip.AddrPort // what Listen was asked for
	upstreams []provider.Upstream
	measure   func(provider.Upstream) resolver.Measurement
	expect    chan struct{}
	roots     *x509.CertPool
	switches  int // calls of SetUpstreams
	cache     int
	rules     resolver.Rules
	ruled     int // calls of SetRules
	moved     int // calls of NetworkChanged
	bypass    resolver.Bypass
	saves     int    // calls of SaveCache
	memory    string // the cache
	breaks    error  // of SaveCache in the middle, and of LoadCache at the end
	health    resolver.Health
	blocked   []resolver.Blocked
	closed    bool
}

func (f *fakeEngine) make(c resolver.Config) engine {
	f.cfg, f.upstreams, f.roots, f.cache, f.rules = c, c.Upstreams, c.Roots, c.Rules.Cache.Bytes, c.Rules
	return f
}

func (f *fakeEngine) Listen(addrs []resolver.ListenAddr) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var want []netip.AddrPort
	for _, a := range addrs {
		if f.refuse != nil && !slices.Contains(f.open, a.Addr) {
			err := f.refuse(a.Addr)
			if errors.Is(err, errNoAddress) && a.Optional {
				continue
			}
			if err != nil {
				f.calls = append(f.calls, nil)
				return &resolver.ListenError{Network: "udp", Addr: a.Addr, Err: err}
			}
		}
		want = append(want, a.Addr)
	}
	f.calls, f.open = append(f.calls, want), want
	return nil
}

func (f *fakeEngine) Addrs() []netip.AddrPort {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.open)
}

func (f *fakeEngine) SetUpstreams(u []provider.Upstream, roots *x509.CertPool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.upstreams, f.roots = u, roots
	f.switches++
}

func (f *fakeEngine) SetRules(r resolver.Rules) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cache, f.rules = r.Cache.Bytes, r
	f.ruled++
}

func (f *fakeEngine) NetworkChanged() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.moved++
}

func (f *fakeEngine) Bypass(b resolver.Bypass) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bypass = b
}

func (f *fakeEngine) setMeasure(measure func(provider.Upstream) resolver.Measurement) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.measure = measure
}

func (f *fakeEngine) setExpect(told chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expect = told
}

func (f *fakeEngine) Expect(string) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.expect != nil {
		return f.expect
	}
	told := make(chan struct{}, 1)
	told <- struct{}{}
	return told
}

func (f *fakeEngine) Measure(_ context.Context, up provider.Upstream) resolver.Measurement {
	f.mu.Lock()
	measure := f.measure
	f.mu.Unlock()
	if measure != nil {
		return measure(up)
	}
	return resolver.Measurement{TLS: "TLS 1.3", Connect: 20 * time.Millisecond, First: 9 * time.Millisecond, Warm: 5 * time.Millisecond}
}

func (f *fakeEngine) SaveCache(w io.Writer) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.saves++
	_, err := io.WriteString(w, f.memory)
	return errors.Join(err, f.breaks)
}

func (f *fakeEngine) LoadCache(r io.Reader) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := io.ReadAll(r)
	f.memory = string(text)
	return len(text), errors.Join(err, f.breaks)
}

func (f *fakeEngine) block(b resolver.Blocked) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.blocked = append(f.blocked, b)
}

func (f *fakeEngine) Blocked() []resolver.Blocked {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.blocked)
}

func (f *fakeEngine) Release(client netip.Prefix) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.blocked)
	f.blocked = slices.DeleteFunc(f.blocked, func(b resolver.Blocked) bool { return b.Client.Contains(client.Addr()) })
	return len(f.blocked) < n
}

func (f *fakeEngine) Admission() resolver.AdmissionCounts {
	return resolver.AdmissionCounts{Malformed: 1, Refused: 2, Limited: 3, Blocked: 4, Dropped: 5}
}

func (f *fakeEngine) Health() resolver.Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.health
}

func (f *fakeEngine) Close(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed, f.open = true, nil
	return nil
}

// set changes the health and tells of it.
func (f *fakeEngine) set(h resolver.Health) {
	f.mu.Lock()
	f.health = h
	f.mu.Unlock()
	f.cfg.OnHealth()
}

func (f *fakeEngine) specs() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var specs []string
	for _, u := range f.upstreams {
		specs = append(specs, u.Spec)
	}
	return specs
}

// fakeStore has what it is given and keeps what is saved.
type fakeStore struct {
	refuse error
	saved  []control.Settings

	mu sync.Mutex
	loaded
}

func (f *fakeStore) Load() loaded {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loaded
}

// set changes what Load finds.
func (f *fakeStore) set(l loaded) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loaded = l
}

func (f *fakeStore) Save(s control.Settings) error {
	if f.refuse != nil {
		return f.refuse
	}
	f.saved = append(f.saved, s)
	return nil
}

// rig is a daemon on fakes.
type rig struct {
	*Daemon
	eng    *fakeEngine
	store  *fakeStore
	disk   *fakeDisk
	dns    *fakeDNS // nil: this computer's DNS cannot be changed
	portal func(context.Context, []netip.AddrPort) (portal.Result, error)
	// asks is what the computer's resolv.conf says.
	asks, known bool
	// lookup and nonce are the seams of that name, nil for none.
	lookup func(context.Context, string)
	nonce  func() string
}

// newRig makes a daemon with the upstreams cloudflare and quad9 saved.
func newRig(t *testing.T, change func(*Options, *rig)) *rig {
	t.Helper()
	s := control.Default()
	s.Upstreams = []string{"cloudflare", "quad9"}
	r := &rig{eng: &fakeEngine{}, store: &fakeStore{loaded: loaded{settings: s, usable: true}}, disk: &fakeDisk{}, asks: true, known: true}
	o := Options{Version: "1.2.3", Quit: func() { panic("not to be quit") }}
	if change != nil {
		change(&o, r)
	}
	var dns func(*Daemon) computerDNS
	if r.dns != nil {
		dns = func(*Daemon) computerDNS { return r.dns }
	}
	d, err := newDaemon(o, seams{
		engine: r.eng.make, store: r.store, program: "/opt/dot-proxy",
		holder: func(string, netip.AddrPort) holder { return holder{program: program{name: "dnsmasq", pid: 812}} },
		rights: func() rights { return rights{from: lowPorts, bounding: true, effective: true, file: true} },
		asks:   func([]netip.AddrPort) (bool, bool) { return r.asks, r.known },
		around: r.disk.around(), dns: dns, portal: r.portal, lookup: r.lookup, nonce: r.nonce,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Daemon = d
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	return r
}

// answeredBy is the health of providers of which the one with that index
// answers, -1 for none.
func answeredBy(i int, faults ...*resolver.Fault) resolver.Health {
	h := resolver.Health{Known: true, Answering: i}
	for n := range max(i+1, len(faults)) {
		s := resolver.ServerHealth{Upstream: n, Addr: netip.MustParseAddrPort("192.0.2.1:853")}
		if n < len(faults) {
			s.Fault = faults[n]
		}
		if n == i {
			s.Connected, s.TLS, s.KeyExchange = true, "TLS 1.3", "X25519MLKEM768"
		}
		h.Servers = append(h.Servers, s)
	}
	return h
}

func problemOf(t *testing.T, err error) *control.Problem {
	t.Helper()
	p, ok := errors.AsType[*control.Problem](err)
	if !ok {
		t.Fatalf("error %v is no problem", err)
	}
	return p
}

func addrs(texts ...string) []netip.AddrPort {
	var list []netip.AddrPort
	for _, t := range texts {
		list = append(list, netip.MustParseAddrPort(t))
	}
	return list
}
