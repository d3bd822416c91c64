package systemdns

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Routes as the kernel writes them.
const (
	default4   = "\t00000000\t0100090A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
	near4      = "\t0000090A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
	rejected4  = "\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0\n"
	halfRoute4 = "\t00000000\t0100080A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n"
	default6   = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 "
	rejected6  = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 "
	near6      = "fd090000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001 "
)

// system is a root folder with the given files.
func system(t *testing.T, files map[string]string) tree {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return treeAt(dir)
}

func TestDevicesThatLeadOut(t *testing.T) {
	tun := map[string]string{"/sys/class/net/tun0/tun_flags": "0x1001\n", "/sys/class/net/tun0/type": "65534\n"}
	wg := map[string]string{"/sys/class/net/wg0/uevent": "DEVTYPE=wireguard\nINTERFACE=wg0\n", "/sys/class/net/wg0/type": "65534\n"}
	ppp := map[string]string{"/sys/class/net/ppp0/type": "512\n"}
	gre := map[string]string{"/sys/class/net/gre1/type": "778\n"}
	for _, c := range []struct {
		name   string
		v4, v6 string
		more   map[string]string
		want   []string
	}{
		{"none", "", "", nil, nil},
		{"one", "eth0" + default4 + "eth0" + near4, "", nil, []string{"eth0"}},
		{"both families once", "eth0" + default4, default6 + "    eth0\n", nil, []string{"eth0"}},
		{"IPv6 alone", "", near6 + "    eth0\n" + default6 + "   wlan0\n", nil, []string{"wlan0"}},
		{"two, by name", "wlan0" + default4 + "eth0" + default4, "", nil, []string{"eth0", "wlan0"}},
		{"rejected", "*" + rejected4, rejected6 + "      lo\n", nil, nil},
		{"half of all addresses is not all", "tun0" + halfRoute4 + "eth0" + default4, "", tun, []string{"eth0"}},
		{"a tunnel beside a link", "eth0" + default4 + "tun0" + default4, "", tun, []string{"eth0"}},
		{"a tunnel alone", "tun0" + default4, "", tun, nil},
		{"WireGuard", "wg0" + default4, "", wg, nil},
		{"IP in IP", "gre1" + default4, "", gre, nil},
		{"a modem", "ppp0" + default4, "", ppp, []string{"ppp0"}},
		{"an old VPN beside a link", "ppp0" + default4 + "eth0" + default4, "", ppp, []string{"eth0"}},
		{"cut off", "eth0\t00000000\t0100090A", "0000 00\n", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"/proc/net/route": routeHead + c.v4, "/proc/net/ipv6_route": c.v6}
			maps.Copy(files, c.more)
			if got := outDevices(system(t, files)); !slices.Equal(got, c.want) {
				t.Errorf("they are %v, want %v", got, c.want)
			}
		})
	}
}

func TestIndexOfALink(t *testing.T) {
	tree := system(t, map[string]string{"/sys/class/net/eth0/ifindex": "7\n", "/sys/class/net/bad0/ifindex": "x\n"})
	for device, want := range map[string]int32{"eth0": 7, "bad0": 0, "gone0": 0} {
		if got := linkIndex(tree, device); got != want {
			t.Errorf("%s is %d, want %d", device, got, want)
		}
	}
}

func FuzzRoutes(f *testing.F) {
	f.Add("eth0"+default4, default6+"eth0\n")
	f.Add("*"+rejected4, rejected6+"lo\n")
	f.Fuzz(func(t *testing.T, v4, v6 string) {
		for _, d := range append(routes4([]byte(v4)), routes6([]byte(v6))...) {
			if d == "" || d == "lo" && v4 == "" {
				t.Errorf("%q leads out", d)
			}
		}
	})
}
