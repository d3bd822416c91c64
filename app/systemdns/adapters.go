package systemdns

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
)

// adapters is the mechanism of Windows: the DNS of each network adapter is set
// here, and a rule of the Name Resolution Policy Table has all names asked
// here, so that Windows, which asks several adapters at once, goes around us on
// none of them. Windows keeps both over restarts.
type adapters struct{ system windowsDNS }

// windowsDNS is what adapters needs of Windows.
type windowsDNS interface {
	// elevated tells whether this process has the administrator's rights.
	elevated() bool
	// list returns the adapters that are up and have a gateway but for VPNs;
	// with all, every one of this computer.
	list(all bool) ([]adapter, error)
	// set has an adapter ask the servers, of both families; those of a family
	// that has none are the network's.
	set(guid string, servers []netip.Addr) error
	// rule reads our rule of the Name Resolution Policy Table: none where there
	// is none.
	rule() ([]netip.Addr, error)
	// setRule writes our rule, or removes it where servers are none.
	setRule(servers []netip.Addr) error
	// flush forgets the answers of another resolver.
	flush()
}

// adapter is a network adapter and its DNS.
type adapter struct {
	// GUID names it for Windows, Name for people.
	GUID string `json:"guid"`
	Name string `json:"name"`
	// Set are the servers that somebody set, Offered those of the network.
	Set     []netip.Addr `json:"set,omitempty"`
	Offered []netip.Addr `json:"offered,omitempty"`
	// Unknown is true where Set was ours already when it was first seen.
	Unknown bool `json:"unknown,omitempty"`
}

// adaptersBackup is the journal's part of adapters.
type adaptersBackup struct {
	Adapters []adapter `json:"adapters"`
}

func readAdapters(raw Backup) (adaptersBackup, error) {
	var b adaptersBackup
	err := json.Unmarshal(raw, &b)
	return b, err
}

func (b adaptersBackup) known(guid string) (adapter, bool) {
	i := slices.IndexFunc(b.Adapters, func(a adapter) bool { return a.GUID == guid })
	if i < 0 {
		return adapter{}, false
	}
	return b.Adapters[i], true
}

// Name implements Mechanism.
func (w *adapters) Name() string { return "winipcfg" }

// Volatile implements Mechanism.
func (w *adapters) Volatile() bool { return false }

// Detect implements Mechanism.
func (w *adapters) Detect(context.Context) (bool, error) {
	_, err := w.system.list(false)
	return err == nil, err
}

// Allowed implements Mechanism.
func (w *adapters) Allowed(context.Context) error {
	if w.system.elevated() {
		return nil
	}
	return ErrNeedsRoot
}

// points tells whether an adapter's servers are the target's.
func (a adapter) points(t Target) bool { return slices.Equal(a.Set, t.hosts()) }

// hosts are the addresses of a target, those of IPv4 first, as Windows has
// them.
func (t Target) hosts() (list []netip.Addr) {
	for _, is4 := range []bool{true, false} {
		for _, a := range t.Addrs {
			if a.Addr().Is4() == is4 {
				list = append(list, a.Addr())
			}
		}
	}
	return list
}

// before is the adapter as a backup has it.
func (a adapter) before(t Target) adapter {
	if a.points(t) {
		a.Set, a.Unknown = nil, true
	}
	a.Offered = slices.DeleteFunc(slices.Clone(a.Offered), func(s netip.Addr) bool { return !elsewhere(s, t.Addrs) })
	return a
}

// Read implements Mechanism.
func (w *adapters) Read(_ context.Context, t Target) (Backup, error) {
	if err := onlyPort53(t); err != nil {
		return nil, err
	}
	now, err := w.system.list(false)
	if err != nil {
		return nil, err
	}
	b := adaptersBackup{Adapters: []adapter{}}
	for _, a := range now {
		if !a.points(t) && slices.ContainsFunc(a.Set, func(s netip.Addr) bool { return s.IsLoopback() || s.IsUnspecified() }) {
			return nil, ErrLoopback
		}
		b.Adapters = append(b.Adapters, a.before(t))
	}
	return json.Marshal(b)
}

// Apply implements Mechanism. An adapter whose DNS was set by somebody else
// meanwhile goes back to that. One that is away stays known, since it keeps
// what it was told.
func (w *adapters) Apply(_ context.Context, raw Backup, t Target) (Backup, error) {
	b, err := readAdapters(raw)
	if err != nil {
		return raw, err
	}
	now, err := w.system.list(false)
	if err != nil {
		return raw, err
	}
	for _, a := range now {
		if i := slices.IndexFunc(b.Adapters, func(k adapter) bool { return k.GUID == a.GUID }); i < 0 {
			b.Adapters = append(b.Adapters, a.before(t))
		} else if !a.points(t) {
			b.Adapters[i] = a.before(t)
		}
		if a.points(t) {
			continue
		}
		if err := w.system.set(a.GUID, t.hosts()); err != nil {
			return raw, err
		}
	}
	if err := w.system.setRule(t.hosts()); err != nil {
		return raw, err
	}
	w.system.flush()
	return json.Marshal(b)
}

// Holds implements Mechanism.
func (w *adapters) Holds(_ context.Context, raw Backup, t Target) (Hold, error) {
	b, err := readAdapters(raw)
	if err != nil {
		return Gone, err
	}
	now, err := w.system.list(false)
	if err != nil {
		return Gone, err
	}
	var seen tally
	for _, a := range now {
		known, covered := b.known(a.GUID)
		seen.add(a.points(t), covered, !known.Unknown && slices.Equal(a.Set, known.Set))
	}
	rule, err := w.system.rule()
	if verdict := seen.verdict(); verdict != Ours || slices.Equal(rule, t.hosts()) {
		return verdict, err
	}
	return Gone, err
}

// Restore implements Mechanism: the rule first, for it leads all names here.
func (w *adapters) Restore(_ context.Context, raw Backup, t Target) error {
	b, err := readAdapters(raw)
	if err != nil {
		return err
	}
	if err := w.system.setRule(nil); err != nil {
		return err
	}
	now, err := w.system.list(true)
	if err != nil {
		return err
	}
	for _, a := range now {
		if known, _ := b.known(a.GUID); a.points(t) {
			if err := w.system.set(a.GUID, known.Set); err != nil {
				return err
			}
		}
	}
	w.system.flush()
	return nil
}

// Networks implements Mechanism.
func (w *adapters) Networks(raw Backup) []string {
	b, _ := readAdapters(raw)
	names := []string{}
	for _, a := range b.Adapters {
		names = append(names, a.Name)
	}
	return names
}

// Servers implements Remembers.
func (w *adapters) Servers(raw Backup) []netip.Addr {
	b, _ := readAdapters(raw)
	var lists [][]netip.Addr
	for _, a := range b.Adapters {
		lists = append(lists, a.Set, a.Offered)
	}
	return distinct(lists...)
}

// Watch implements Mechanism.
func (w *adapters) Watch(ctx context.Context, changed func()) error {
	return watchAddresses(ctx, changed)
}
