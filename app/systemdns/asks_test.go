package systemdns

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAsks(t *testing.T) {
	cases := []struct {
		about, conf, listen string
		want                bool
	}{
		{"ours", "nameserver 127.0.0.1\n", "127.0.0.1:53", true},
		{"ours among others", "search lan\nnameserver 192.168.1.1\nnameserver ::1\n", "127.0.0.1:53 [::1]:53", true},
		{"another", "nameserver 192.168.1.1\n", "127.0.0.1:53", false},
		{"the stub of systemd-resolved", "nameserver 127.0.0.53\noptions edns0 trust-ad\n", "127.0.0.1:53", false},
		{"ours on another port", "nameserver 127.0.0.1\n", "127.0.0.1:5353", false},
		{"wildcard", "nameserver 127.0.0.1\n", "0.0.0.0:53", true},
		{"wildcard of the other family", "nameserver 127.0.0.1\n", "[::]:53", false},
		{"wildcard and another computer", "nameserver 192.168.1.1\n", "0.0.0.0:53", false},
		{"zone", "nameserver ::1%lo\n", "[::1]:53", true},
		{"spaces and comments", "# nameserver 127.0.0.1\n\tnameserver \t 10.0.0.1 # x\n; nameserver ::1\n", "127.0.0.1:53 [::1]:53", false},
		{"none named means this computer", "search lan\n", "127.0.0.1:53", true},
		{"a line that is wrong", "nameserver\nnameserver here\nnameserver 127.0.0.1", "127.0.0.1:53", true},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "resolv.conf")
			if err := os.WriteFile(path, []byte(c.conf), 0o600); err != nil {
				t.Fatal(err)
			}
			var listen []netip.AddrPort
			for a := range strings.FieldsSeq(c.listen) {
				listen = append(listen, netip.MustParseAddrPort(a))
			}
			if asks, known := asksIn(path, listen); asks != c.want || !known {
				t.Errorf("asks %v, known %v; want %v", asks, known, c.want)
			}
		})
	}
}

func TestAsksUnknown(t *testing.T) {
	if asks, known := asksIn(filepath.Join(t.TempDir(), "none"), nil); asks || known {
		t.Errorf("without a file: asks %v, known %v", asks, known)
	}
	path := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(path, []byte(strings.Repeat("x", maxConf+10)), 0o600); err != nil {
		t.Fatal(err)
	}
	if asks, known := asksIn(path, nil); asks || known {
		t.Errorf("with one endless line: asks %v, known %v", asks, known)
	}
}

func FuzzNameservers(f *testing.F) {
	f.Add("nameserver 127.0.0.1\nnameserver fe80::1%eth0\noptions rotate\n")
	f.Add("nameserver\x00 ::ffff:127.0.0.1")
	f.Fuzz(func(t *testing.T, text string) {
		servers, err := nameservers(strings.NewReader(text))
		if err == nil && len(servers) == 0 {
			t.Error("neither servers nor an error")
		}
		for _, s := range servers {
			if !s.IsValid() || s.Zone() != "" || s.Is4In6() {
				t.Errorf("server %v", s)
			}
		}
	})
}
