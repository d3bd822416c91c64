package systemdns

import (
	"errors"
	"slices"
	"testing"

	"github.com/godbus/dbus/v5"
)

func nmHolds(t *testing.T, n *networkManager, b Backup, want Hold) {
	t.Helper()
	if got, err := n.Holds(t.Context(), b, both); err != nil || got != want {
		t.Fatalf("it is %v, %v; want %v", got, err, want)
	}
}

// point sets the DNS and returns what to put back.
func nmPoint(t *testing.T, n *networkManager) Backup {
	t.Helper()
	b, err := n.Read(t.Context(), both)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = n.Apply(t.Context(), b, both); err != nil {
		t.Fatal(err)
	}
	nmHolds(t, n, b, Ours)
	return b
}

func TestNetworkManagerRound(t *testing.T) {
	for _, old := range []bool{false, true} {
		f, n := newFakeNM(t)
		f.with(func() { f.old = old })
		f.somebody(map[string]any{"method": "auto", "dns-search": []string{"home"}})
		before := f.now().dns("ipv4")
		b := nmPoint(t, n)
		if got := n.Networks(b); !slices.Equal(got, []string{"Wired (eth0)"}) {
			t.Errorf("it covers %v", got)
		}
		if got := n.Servers(b); !slices.Equal(got, addrs("10.9.0.1")) {
			t.Errorf("the network's servers are %v", got)
		}
		if err := n.Restore(t.Context(), b, both); err != nil {
			t.Fatal(err)
		}
		if got := f.now().dns("ipv4"); !got.equal(before) {
			t.Errorf("it has %+v, had %+v", got, before)
		}
		nmHolds(t, n, b, Gone)
	}
}

func TestNetworkManagerIsChangedByOthers(t *testing.T) {
	f, n := newFakeNM(t)
	b := nmPoint(t, n)
	f.somebody(map[string]any{"method": "auto", "dns-data": []string{"192.0.2.53"}})
	nmHolds(t, n, b, Foreign)
	if err := n.Restore(t.Context(), b, both); err != nil {
		t.Fatal(err)
	}
	if got := f.now().dns("ipv4").Servers; !slices.Equal(got, []string{"192.0.2.53"}) {
		t.Errorf("another's change was put back to %v", got)
	}
	f.somebody(auto())
	nmHolds(t, n, b, Gone)
	f.set(nmPath, nmName, "ActiveConnections", []dbus.ObjectPath{})
	nmHolds(t, n, b, Away)
}

func TestNetworkManagerWithoutWhatWasThere(t *testing.T) {
	f, n := newFakeNM(t)
	nmPoint(t, n)
	b, err := n.Read(t.Context(), both) // ours already: there is nothing to go back to
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Restore(t.Context(), b, both); err != nil {
		t.Fatal(err)
	}
	profiles := 0
	f.with(func() { profiles = f.profiles })
	if profiles != 1 || f.now().ours(both) {
		t.Errorf("the profile was applied %d times", profiles)
	}
}

func TestNetworkManagerChangesMeanwhile(t *testing.T) {
	f, n := newFakeNM(t)
	b, err := n.Read(t.Context(), both)
	if err != nil {
		t.Fatal(err)
	}
	f.with(func() { f.hurried = true })
	if _, err := n.Apply(t.Context(), b, both); !failedAs(err, nmName+".Device.VersionIdMismatch") {
		t.Errorf("it says %v", err)
	}
	if f.now().ours(both) {
		t.Error("it was written over another's change")
	}
}

func TestNetworkManagerOfLoopback(t *testing.T) {
	f, n := newFakeNM(t)
	f.somebody(map[string]any{"method": "auto", "dns-data": []string{"127.0.0.1"}, "dns-priority": int32(-10)})
	if _, err := n.Read(t.Context(), both); !errors.Is(err, ErrLoopback) {
		t.Errorf("it says %v", err)
	}
}

func TestWhetherItIsNetworkManagers(t *testing.T) {
	active, manager := nmName+".Connection.Active", nmName+".DnsManager"
	for _, c := range []struct {
		name   string
		change func(*fakeNM)
		want   bool
	}{
		{"a link", func(*fakeNM) {}, true},
		{"no gateway", func(f *fakeNM) { f.set(fakeConfig, nmName+".IP4Config", "Gateway", "") }, false},
		{"a VPN", func(f *fakeNM) { f.set(fakeActive, active, "Vpn", true) }, false},
		{"WireGuard", func(f *fakeNM) { f.set(fakeActive, active, "Type", "wireguard") }, false},
		{"another's link", func(f *fakeNM) { f.set(fakeActive, active, "StateFlags", uint32(nmExternal)) }, false},
		{"not up yet", func(f *fakeNM) { f.set(fakeActive, active, "State", uint32(1)) }, false},
		{"it leaves DNS alone", func(f *fakeNM) { f.set(nmPath+"/DnsManager", manager, "Mode", nmModeNone) }, false},
		{"it leaves the file alone", func(f *fakeNM) { f.set(nmPath+"/DnsManager", manager, "RcManager", "unmanaged") }, false},
		{"of another type", func(f *fakeNM) { f.set(fakeActive, active, "State", "2") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, n := newFakeNM(t)
			c.change(f)
			if got, err := n.Detect(t.Context()); err != nil || got != c.want {
				t.Errorf("it is %v, %v", got, err)
			}
		})
	}
	t.Run("no bus", func(t *testing.T) {
		n := newNetworkManager(busAt("unix:path="+t.TempDir()+"/bus"), func() bool { return true })
		if got, err := n.Detect(t.Context()); err != nil || got {
			t.Errorf("it is %v, %v", got, err)
		}
	})
	t.Run("no network at all", func(t *testing.T) {
		f, n := newFakeNM(t)
		f.set(nmPath, nmName, "ActiveConnections", []dbus.ObjectPath{})
		n.routes = func() bool { return false }
		if got, err := n.Detect(t.Context()); err != nil || !got {
			t.Errorf("it is %v, %v", got, err)
		}
	})
}

func TestWhoMayAskNetworkManager(t *testing.T) {
	f, n := newFakeNM(t)
	if err := n.Allowed(t.Context()); err != nil {
		t.Error(err)
	}
	for _, answer := range []string{"no", "auth"} {
		f.with(func() { f.may = answer })
		if err := n.Allowed(t.Context()); !errors.Is(err, ErrNeedsRoot) {
			t.Errorf("%s: it says %v", answer, err)
		}
	}
}

// crashed has a guard end between the two steps of a reapply.
func (f *fakeNM) crashed(v4 map[string]any) {
	f.with(func() { f.applied = applied(v4, map[string]any{"method": nmLinkLocal}).all; f.version++ })
}

func TestIPv6ComesBackAfterACrash(t *testing.T) {
	with6 := func(v4 map[string]any) (*fakeNM, *networkManager, Backup, map[string]any) {
		f, n := newFakeNM(t)
		f.with(func() { f.applied = applied(v4, auto()).all })
		b := nmPoint(t, n)
		ours := map[string]any{"method": v4["method"]}
		for key, value := range f.now().all["ipv4"] {
			ours[key] = value.Value()
		}
		return f, n, b, ours
	}
	none := func() map[string]any { return map[string]any{"method": "disabled"} }
	method := func(f *fakeNM) string { return property[string](f.now().all["ipv6"], "method") }
	t.Run("within a restore", func(t *testing.T) {
		f, n, b, _ := with6(auto())
		f.crashed(auto())
		if err := n.Restore(t.Context(), b, both); err != nil || method(f) != "auto" {
			t.Errorf("IPv6 is %s, %v", method(f), err)
		}
	})
	t.Run("not over another's IPv4", func(t *testing.T) {
		f, n, b, _ := with6(auto())
		f.crashed(map[string]any{"method": "auto", "dns-data": []string{"192.0.2.53"}})
		if err := n.Restore(t.Context(), b, both); err != nil || method(f) != "auto" || !slices.Equal(f.now().dns("ipv4").Servers, []string{"192.0.2.53"}) {
			t.Errorf("IPv6 is %s, IPv4 %+v, %v", method(f), f.now().dns("ipv4"), err)
		}
	})
	t.Run("without IPv4", func(t *testing.T) { // and so without a gateway
		f, n, b, ours := with6(none())
		for _, do := range []func() error{
			func() error { return n.Restore(t.Context(), b, both) },
			func() error { _, err := n.Apply(t.Context(), b, both); return err },
		} {
			f.crashed(ours)
			f.set(fakeConfig, nmName+".IP4Config", "Gateway", "")
			nmHolds(t, n, b, Gone)
			if err := do(); err != nil || method(f) != "auto" {
				t.Errorf("IPv6 is %s, %v", method(f), err)
			}
		}
	})
}

func TestWithoutAGatewayItIsPutBackToo(t *testing.T) {
	f, n := newFakeNM(t)
	b := nmPoint(t, n)
	f.set(fakeConfig, nmName+".IP4Config", "Gateway", "")
	nmHolds(t, n, b, Away)
	b, err := n.Apply(t.Context(), b, both)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Restore(t.Context(), b, both); err != nil || f.now().ours(both) {
		t.Errorf("it still leads here, %v", err)
	}
}
