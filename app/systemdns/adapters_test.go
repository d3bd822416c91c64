package systemdns

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

// fakeWindows has two adapters.
type fakeWindows struct {
	adapters []adapter
	away     map[string]bool
	policy   []netip.Addr
	rights   bool
	did      []string
	fails    error
}

func addrs(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

func newFakeWindows() (*fakeWindows, *adapters) {
	f := &fakeWindows{rights: true, away: map[string]bool{}, adapters: []adapter{
		{GUID: "{1}", Name: "Ethernet", Offered: addrs("10.9.0.1", "fd09::1")},
		{GUID: "{2}", Name: "Wi-Fi", Set: addrs("192.0.2.53"), Offered: addrs("10.8.0.1")},
	}}
	return f, &adapters{f}
}

func (f *fakeWindows) elevated() bool { return f.rights }

func (f *fakeWindows) list(all bool) ([]adapter, error) {
	return slices.DeleteFunc(slices.Clone(f.adapters), func(a adapter) bool { return !all && f.away[a.GUID] }), f.fails
}

func (f *fakeWindows) set(guid string, servers []netip.Addr) error {
	f.did = append(f.did, fmt.Sprint(guid, servers))
	f.of(guid).Set = servers
	return f.fails
}

func (f *fakeWindows) of(guid string) *adapter {
	return &f.adapters[slices.IndexFunc(f.adapters, func(a adapter) bool { return a.GUID == guid })]
}

func (f *fakeWindows) rule() ([]netip.Addr, error) { return f.policy, nil }

func (f *fakeWindows) setRule(servers []netip.Addr) error {
	f.did = append(f.did, fmt.Sprint("rule", servers))
	f.policy = servers
	return nil
}

func (f *fakeWindows) flush() { f.did = append(f.did, "flush") }

func TestWindowsRound(t *testing.T) {
	f, w := newFakeWindows()
	b := setUp(t, w)
	if want := []string{"{1}[127.0.0.1 ::1]", "{2}[127.0.0.1 ::1]", "rule[127.0.0.1 ::1]", "flush"}; !slices.Equal(f.did, want) {
		t.Errorf("it did %q", f.did)
	}
	if got := w.Networks(b); !slices.Equal(got, []string{"Ethernet", "Wi-Fi"}) {
		t.Errorf("it covers %q", got)
	}
	if got := w.Servers(b); !slices.Equal(got, addrs("10.9.0.1", "fd09::1", "192.0.2.53", "10.8.0.1")) {
		t.Errorf("the network's servers are %v", got)
	}
	f.did = nil
	if err := w.Restore(t.Context(), b, pair); err != nil {
		t.Fatal(err)
	}
	if want := []string{"rule[]", "{1}[]", "{2}[192.0.2.53]", "flush"}; !slices.Equal(f.did, want) {
		t.Errorf("it put back by %q", f.did)
	}
	verdict(t, w, b, Gone)
}

func TestWindowsRuleIsKept(t *testing.T) {
	f, w := newFakeWindows()
	b := setUp(t, w)
	f.policy = nil
	verdict(t, w, b, Gone)
	if _, err := w.Apply(t.Context(), b, pair); err != nil {
		t.Fatal(err)
	}
	verdict(t, w, b, Ours)
}

func TestWindowsChangedByOthers(t *testing.T) {
	f, w := newFakeWindows()
	b := setUp(t, w)
	f.of("{1}").Set = addrs("198.51.100.1")
	verdict(t, w, b, Foreign)
	if err := w.Restore(t.Context(), b, pair); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.of("{1}").Set, addrs("198.51.100.1")) || !slices.Equal(f.of("{2}").Set, addrs("192.0.2.53")) || f.policy != nil {
		t.Errorf("it is %+v, %v", f.adapters, f.policy)
	}
}

func TestWindowsAdaptersComeAndGo(t *testing.T) {
	f, w := newFakeWindows()
	f.away["{2}"] = true
	b := setUp(t, w)
	f.away["{2}"] = false
	verdict(t, w, b, Ours) // covered by the next Apply
	b, err := w.Apply(t.Context(), b, pair)
	if err != nil || !f.of("{2}").points(pair) {
		t.Fatalf("it is %+v, %v", f.adapters, err)
	}
	f.away["{1}"], f.away["{2}"] = true, true
	verdict(t, w, b, Away)
	if b, err = w.Apply(t.Context(), b, pair); err != nil {
		t.Fatal(err)
	}
	if err := w.Restore(t.Context(), b, pair); err != nil {
		t.Fatal(err)
	}
	if f.of("{1}").Set != nil || !slices.Equal(f.of("{2}").Set, addrs("192.0.2.53")) {
		t.Errorf("adapters that are away have %+v", f.adapters)
	}
}

func TestWindowsRefusals(t *testing.T) {
	f, w := newFakeWindows()
	f.of("{2}").Set = addrs("127.0.0.1", "192.0.2.1")
	if _, err := w.Read(t.Context(), pair); !errors.Is(err, ErrLoopback) {
		t.Errorf("another resolver here: %v", err)
	}
	if _, err := w.Read(t.Context(), Target{[]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:5353")}}); !errors.Is(err, ErrPort) {
		t.Errorf("another port: %v", err)
	}
	f.rights = false
	if err := w.Allowed(t.Context()); !errors.Is(err, ErrNeedsRoot) {
		t.Errorf("no rights: %v", err)
	}
	_, w = newFakeWindows()
	b := setUp(t, w)
	f = w.system.(*fakeWindows)
	f.fails = errors.New("access denied")
	if err := w.Restore(t.Context(), b, pair); err == nil {
		t.Error("a failure is not told")
	}
	if f.policy != nil {
		t.Error("the rule leads all names here still")
	}
}

func TestServerLists(t *testing.T) {
	for text, want := range map[string][]netip.Addr{
		"":                     nil,
		"127.0.0.1; ::1":       addrs("127.0.0.1", "::1"),
		"10.9.0.1,10.9.0.2":    addrs("10.9.0.1", "10.9.0.2"),
		"10.9.0.1 10.9.0.2":    addrs("10.9.0.1", "10.9.0.2"),
		"example, 10.9.0.1;;,": addrs("10.9.0.1"),
	} {
		if got := serverList(text); !slices.Equal(got, want) {
			t.Errorf("%q is %v", text, got)
		}
	}
}
