package systemdns

import (
	"io"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// disk opens what a map has, by path.
type disk map[string]string

func (d disk) open(path string) (io.ReadCloser, error) {
	text, ok := d[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func TestNetworkResolvers(t *testing.T) {
	const nm, resolved, etc = "/run/NetworkManager/no-stub-resolv.conf", "/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"
	cases := map[string]struct {
		files           disk
		listen          string
		servers, search string
	}{
		"nothing":                    {disk{}, "127.0.0.1:53", "", ""},
		"plain":                      {disk{etc: "# x\nsearch LAN. corp.example\nnameserver 192.168.1.1\nnameserver fe80::1%eth0\n"}, "127.0.0.1:53", "192.168.1.1 fe80::1%eth0", "lan corp.example"},
		"networkmanager first":       {disk{nm: "nameserver 10.0.0.1", resolved: "nameserver 10.0.0.2", etc: "nameserver 127.0.0.53"}, "127.0.0.1:53", "10.0.0.1", ""},
		"resolved behind its stub":   {disk{resolved: "nameserver 10.0.0.2\nsearch home.arpa\n", etc: "nameserver 127.0.0.53\nsearch x\n"}, "127.0.0.1:53", "10.0.0.2", "home.arpa"},
		"only this computer":         {disk{nm: "nameserver 127.0.0.1", etc: "nameserver ::1\nsearch lan\n"}, "127.0.0.1:53", "", ""},
		"only where we listen":       {disk{etc: "nameserver 192.168.1.5\n"}, "192.168.1.5:53", "", ""},
		"where we listen and others": {disk{etc: "nameserver 192.168.1.5\nnameserver 192.168.1.1\n"}, "192.168.1.5:53", "192.168.1.1", ""},
		"none of one file":           {disk{nm: "search lan\n", etc: "nameserver 10.0.0.9\n"}, "127.0.0.1:53", "10.0.0.9", ""},
		"last search counts":         {disk{etc: "search a b\ndomain c\nnameserver 10.0.0.9\n"}, "127.0.0.1:53", "10.0.0.9", "c"},
		"lines that are none":        {disk{etc: "nameserver\nnameserver x\n nameserver 0.0.0.0\nnameserver 224.0.0.1\nsearch\nnameserver ::ffff:10.0.0.9 x\nnameserver 10.0.0.9\n"}, "127.0.0.1:53", "10.0.0.9", ""},
		"too many":                   {disk{etc: strings.Repeat("nameserver 10.0.0.1\n", 3) + "nameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\nnameserver 10.0.0.5\nnameserver 10.0.0.6\nnameserver 10.0.0.7\n"}, "127.0.0.1:53", "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6", ""},
	}
	for about, c := range cases {
		got := NetworkResolvers(c.files.open, []netip.AddrPort{netip.MustParseAddrPort(c.listen)})
		var servers []string
		for _, s := range got.Servers {
			servers = append(servers, s.String())
		}
		if strings.Join(servers, " ") != c.servers || strings.Join(got.Search, " ") != c.search {
			t.Errorf("%s: %v, %v", about, servers, got.Search)
		}
	}
}

func TestIsPrivate(t *testing.T) {
	for domain, want := range map[string]bool{
		"lan": true, "internal": true, "home.arpa": true, "home": true, "corp": true, "intranet": true, "private": true,
		"fritz.lan": true, "eu.corp": true, "a.b.home.arpa": true, "arpa": false, "example.com": false, "corp.example.com": false, "notlan": false, "": false, "local": false,
	} {
		if IsPrivate(domain) != want {
			t.Errorf("%q: %v", domain, !want)
		}
	}
}

// FuzzResolvers: no file makes the parser fail, and what it names is another
// computer.
func FuzzResolvers(f *testing.F) {
	f.Add([]byte("nameserver 192.168.1.1\nsearch lan\n"))
	f.Add([]byte("nameserver fe80::1%eth0\r\ndomain .\n"))
	f.Add([]byte("nameserver 127.0.0.53\noptions edns0\x00"))
	listen := []netip.AddrPort{netip.MustParseAddrPort("192.168.1.5:53")}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := parseResolvers(text, listen)
		if len(r.Servers) > maxResolvers || len(r.Search) > maxResolvers {
			t.Errorf("too many: %+v", r)
		}
		if slices.ContainsFunc(r.Servers, func(a netip.Addr) bool { return !a.IsValid() || a.IsLoopback() || a == listen[0].Addr() }) {
			t.Errorf("servers %v", r.Servers)
		}
		if slices.Contains(r.Search, "") {
			t.Errorf("search %q", r.Search)
		}
	})
}
