package systemdns

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"testing"
)

func TestLinkOfSystemdResolved(t *testing.T) {
	high := Target{[]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:5353")}}
	network := linkServer{Addr: netip.MustParseAddr("10.9.0.1")}
	for _, c := range []struct {
		name   string
		before linkDNS
		target Target
	}{
		{"no server", linkDNS{}, both},
		{"the network's", linkDNS{Servers: []linkServer{network}, Domains: []linkDomain{{Name: "lan"}}, DefaultRoute: true, TLS: "opportunistic"}, both},
		{"another port", linkDNS{Servers: []linkServer{network}}, high},
		{"ours beside another's", linkDNS{Servers: []linkServer{{Addr: netip.MustParseAddr("127.0.0.1")}, network}, Domains: []linkDomain{everything}}, high},
		{"ours on another port", linkDNS{Servers: []linkServer{{Addr: netip.MustParseAddr("127.0.0.1"), Port: 54}}, Domains: []linkDomain{everything}}, high},
		{"ours, not for all names", linkDNS{Servers: []linkServer{{Addr: netip.MustParseAddr("127.0.0.1"), Port: 5353}}}, high},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.before.ours(c.target) {
				t.Error("it is ours before")
			}
			now := c.before.pointed(c.target)
			if !now.ours(c.target) || !now.DefaultRoute || now.TLS != "no" {
				t.Errorf("it is %+v", now)
			}
			for _, d := range c.before.Domains {
				if !slices.Contains(now.Domains, d) {
					t.Errorf("it lost the domain %v", d)
				}
			}
			if now.equal(c.before) || !now.equal(now.pointed(c.target)) {
				t.Error("a change is not seen, or a second one is made")
			}
		})
	}
	if own := (linkDNS{Servers: []linkServer{{Addr: netip.MustParseAddr("127.0.0.1")}, {Addr: netip.MustParseAddr("::1")}}, Domains: []linkDomain{everything}}); !own.ours(both) {
		t.Error("port 53 is not the default one")
	}
}

func TestLoopbackOfALink(t *testing.T) {
	for text, want := range map[string]bool{"127.0.0.1": true, "::1": true, "0.0.0.0": true, "127.0.0.53": false, "10.9.0.1": false} {
		if got := (linkDNS{Servers: []linkServer{{Addr: netip.MustParseAddr(text)}}}).namesLoopback(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestWhetherNetworkdManages(t *testing.T) {
	tree := system(t, map[string]string{
		"/run/systemd/netif/links/2": "# private\nADMIN_STATE=configured\nOPER_STATE=routable\n",
		"/run/systemd/netif/links/3": "ADMIN_STATE=unmanaged\n",
		"/run/systemd/netif/links/4": "OPER_STATE=routable\n",
	})
	for index, want := range map[int32]bool{2: true, 3: false, 4: false, 5: false} {
		if got := networkdManages(tree, index); got != want {
			t.Errorf("link %d: %v", index, got)
		}
	}
}

func TestForgetsWhatAStoppedResolvedWouldRead(t *testing.T) {
	tree := system(t, map[string]string{
		"/run/systemd/resolve/netif/2": "SERVERS=127.0.0.1:5353\nDOMAINS=~.\n",
		"/run/systemd/resolve/netif/3": "SERVERS=10.9.0.1\n",
	})
	b := resolvedBackup{Links: []resolvedLink{{Interface: "eth0", Index: 2}, {Interface: "eth1", Index: 3}, {Interface: "gone0", Index: 9}}}
	if err := newResolved(systemBus{}, tree).forget(b, both); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(tree.at("/run/systemd/resolve/netif/2")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it would point here again")
	}
	if _, err := os.Stat(tree.at("/run/systemd/resolve/netif/3")); err != nil {
		t.Error("another's was removed")
	}
}

// A link that lost its default route is put back too.
func TestLinksToPutBack(t *testing.T) {
	tree := system(t, map[string]string{
		"/proc/net/route":             routeHead + "wlan0" + default4,
		"/sys/class/net/eth0/ifindex": "2\n", "/sys/class/net/wlan0/ifindex": "3\n", "/sys/class/net/new0/ifindex": "9\n",
	})
	b := resolvedBackup{Links: []resolvedLink{{Interface: "eth0", Index: 2}, {Interface: "wlan0", Index: 3}, {Interface: "gone0", Index: 4}, {Interface: "new0", Index: 5}}}
	got := newResolved(systemBus{}, tree).links(b)
	want := []resolvedLink{{Interface: "wlan0", Index: 3, leads: true}, {Interface: "eth0", Index: 2}}
	if !slices.Equal(got, want) {
		t.Errorf("they are %+v", got)
	}
}

func TestWhetherResolvedIsAsked(t *testing.T) {
	for _, c := range []struct {
		name, conf, nss string
		want            bool
	}{
		{"by its stub", "nameserver 127.0.0.53\noptions edns0\n", "hosts: files dns\n", true},
		{"by the stub without search", "nameserver 127.0.0.54\n", "", true},
		{"by nsswitch", "nameserver 10.9.0.1\n", "passwd: files\nhosts: files resolve [!UNAVAIL=return] dns\n", true},
		{"not", "nameserver 10.9.0.1\n", "hosts: files dns\n", false},
		{"beside another", "nameserver 127.0.0.53\nnameserver 10.9.0.1\n", "hosts: files dns\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newResolved(systemBus{}, system(t, map[string]string{"/etc/resolv.conf": c.conf, "/etc/nsswitch.conf": c.nss}))
			if got, err := r.asked(); err != nil || got != c.want {
				t.Errorf("it is %v, %v", got, err)
			}
		})
	}
}
