package systemdns

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

var pair = Target{[]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53"), netip.MustParseAddrPort("[::1]:53")}}

const serviceOrder = `An asterisk (*) denotes that a network service is disabled.
(1) USB 10/100 LAN (2)
(Hardware Port: USB 10/100 LAN, Device: en7)

(2) Wi-Fi
(Hardware Port: Wi-Fi, Device: en0)

(*) Old Ethernet
(Hardware Port: Ethernet, Device: en4)

(3) Work VPN
(Hardware Port: com.example.vpn, Device: )

(4) Tunnel
(Hardware Port: L2TP, Device: ppp0)

`

func TestServicesOfMacOS(t *testing.T) {
	want := []service{{Name: "USB 10/100 LAN (2)", Device: "en7"}, {Name: "Wi-Fi", Device: "en0"}, {Name: "Old Ethernet", Device: "en4", off: true}}
	got := parseServices(serviceOrder)
	if !slices.EqualFunc(got, want, func(a, b service) bool { return a.Name == b.Name && a.Device == b.Device && a.off == b.off }) {
		t.Errorf("they are %+v", got)
	}
}

func FuzzServicesOfMacOS(f *testing.F) {
	f.Add(serviceOrder)
	f.Add("(1) \n(Hardware Port: x, Device: en0)\n")
	f.Fuzz(func(t *testing.T, said string) {
		for _, s := range parseServices(said) {
			if s.Name == "" || s.Device == "" || strings.ContainsAny(s.Name+s.Device, "\n") {
				t.Errorf("it reads %+v", s)
			}
		}
	})
}

// fakeMac is a Mac's networksetup(8).
type fakeMac struct {
	order   string
	set     map[string][]string
	changes []string
	fails   bool
}

func newFakeMac() (*fakeMac, *networkSetup) {
	f := &fakeMac{order: serviceOrder, set: map[string][]string{"Wi-Fi": {"192.0.2.53"}, "Old Ethernet": nil, "USB 10/100 LAN (2)": nil}}
	n := newNetworkSetup(f.run)
	n.root = func() bool { return true }
	return f, n
}

func (f *fakeMac) run(_ context.Context, _ time.Duration, _, program string, args ...string) (string, error) {
	switch {
	case program == "ipconfig":
		if args[1] == "en0" {
			return "10.9.0.1\n", nil
		}
		return "", errors.New("exit status 1")
	case program != "networksetup":
		f.changes = append(f.changes, program)
		return "", nil
	case args[0] == "-listnetworkserviceorder":
		return f.order, nil
	case args[0] == "-getdnsservers" && len(f.set[args[1]]) == 0:
		return "There aren't any DNS Servers set on " + args[1] + ".\n", nil
	case args[0] == "-getdnsservers":
		return strings.Join(f.set[args[1]], "\n") + "\n", nil
	case f.fails:
		return "** Error: The parameters were not valid.\n", errors.New("exit status 4")
	}
	f.changes = append(f.changes, strings.Join(args[1:], " "))
	f.set[args[1]] = args[2:]
	if args[2] == "empty" {
		f.set[args[1]] = nil
	}
	return "", nil
}

// setUp points a Mac here and returns what to put back.
func setUp(t *testing.T, m Mechanism) Backup {
	t.Helper()
	b, err := m.Read(t.Context(), pair)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = m.Apply(t.Context(), b, pair); err != nil {
		t.Fatal(err)
	}
	verdict(t, m, b, Ours)
	return b
}

func verdict(t *testing.T, m Mechanism, b Backup, want Hold) {
	t.Helper()
	if got, err := m.Holds(t.Context(), b, pair); err != nil || got != want {
		t.Fatalf("it is %v, %v; want %v", got, err, want)
	}
}

func TestMacRound(t *testing.T) {
	f, n := newFakeMac()
	b := setUp(t, n)
	want := []string{"USB 10/100 LAN (2) 127.0.0.1 ::1", "Wi-Fi 127.0.0.1 ::1", "dscacheutil", "killall"}
	if !slices.Equal(f.changes, want) {
		t.Errorf("it changed %q", f.changes)
	}
	if got := n.Networks(b); !slices.Equal(got, []string{"USB 10/100 LAN (2)", "Wi-Fi"}) {
		t.Errorf("it covers %q", got)
	}
	if got := n.Servers(b); len(got) != 2 || got[0].String() != "192.0.2.53" || got[1].String() != "10.9.0.1" {
		t.Errorf("the network's servers are %v", got)
	}
	f.changes = nil
	if err := n.Restore(t.Context(), b, pair); err != nil {
		t.Fatal(err)
	}
	if want := []string{"USB 10/100 LAN (2) empty", "Wi-Fi 192.0.2.53", "dscacheutil", "killall"}; !slices.Equal(f.changes, want) {
		t.Errorf("it put back %q", f.changes)
	}
	verdict(t, n, b, Gone)
}

func TestMacChangedByOthers(t *testing.T) {
	f, n := newFakeMac()
	b := setUp(t, n)
	f.set["Wi-Fi"] = []string{"198.51.100.1"}
	verdict(t, n, b, Foreign)
	if err := n.Restore(t.Context(), b, pair); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.set["Wi-Fi"], []string{"198.51.100.1"}) || f.set["USB 10/100 LAN (2)"] != nil {
		t.Errorf("it is %v", f.set)
	}
}

func TestMacNetworksComeAndGo(t *testing.T) {
	f, n := newFakeMac()
	b := setUp(t, n)
	f.order = strings.Replace(f.order, "(*) Old", "(5) Old", 1)
	verdict(t, n, b, Ours) // a network that came up is covered by the next Apply
	b, err := n.Apply(t.Context(), b, pair)
	if err != nil || !ours(f.set["Old Ethernet"], pair) {
		t.Fatalf("it is %v, %v", f.set, err)
	}
	f.order = strings.Replace(f.order, "(5) Old", "(*) Old", 1)
	if err := n.Restore(t.Context(), b, pair); err != nil {
		t.Fatal(err)
	}
	if f.set["Old Ethernet"] != nil {
		t.Error("a service that was switched off would lead here")
	}
	f.order = "An asterisk (*) denotes that a network service is disabled.\n"
	verdict(t, n, b, Away)
}

func TestMacRefusals(t *testing.T) {
	f, n := newFakeMac()
	f.set["Wi-Fi"] = []string{"127.0.0.1"}
	if _, err := n.Read(t.Context(), pair); !errors.Is(err, ErrLoopback) {
		t.Errorf("another resolver here: %v", err)
	}
	f.set["Wi-Fi"] = nil
	if _, err := n.Read(t.Context(), Target{[]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:5353")}}); !errors.Is(err, ErrPort) {
		t.Errorf("another port: %v", err)
	}
	n.root = func() bool { return false }
	if err := n.Allowed(t.Context()); !errors.Is(err, ErrNeedsRoot) {
		t.Errorf("no rights: %v", err)
	}
	b, err := n.Read(t.Context(), pair)
	if err != nil {
		t.Fatal(err)
	}
	f.fails = true
	if _, err := n.Apply(t.Context(), b, pair); err == nil || !strings.Contains(err.Error(), "not valid") {
		t.Errorf("a failure is told as %v", err)
	}
}
