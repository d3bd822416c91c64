package provider

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	cases := []struct {
		spec, id, label, name string
		addrs                 string // joined by blanks
		port                  uint16
	}{
		{"cloudflare", "cloudflare", "Cloudflare", "one.one.one.one",
			"1.1.1.1:853 1.0.0.1:853 [2606:4700:4700::1111]:853 [2606:4700:4700::1001]:853", 853},
		{" LibreDNS\n", "libredns", "LibreDNS", "dot.libredns.gr", "116.202.176.26:853", 853},
		{"9.9.9.9#dns.quad9.net", "quad9", "Quad9", "dns.quad9.net", "9.9.9.9:853", 853},
		{"9.9.9.9:853#dns.quad9.net", "quad9", "Quad9", "dns.quad9.net", "9.9.9.9:853", 853},
		{"9.9.9.9@8853#DNS.Quad9.net.", "quad9", "Quad9", "dns.quad9.net", "9.9.9.9:8853", 8853},
		{"2620:fe::fe#dns.quad9.net", "quad9", "Quad9", "dns.quad9.net", "[2620:fe::fe]:853", 853},
		{"[2620:fe::fe]:8853#dns.quad9.net", "quad9", "Quad9", "dns.quad9.net", "[2620:fe::fe]:8853", 8853},
		{"[2620:fe::fe]@8853#dns.quad9.net", "quad9", "Quad9", "dns.quad9.net", "[2620:fe::fe]:8853", 8853},
		{"2620:fe::fe@8853#dns.quad9.net", "quad9", "Quad9", "dns.quad9.net", "[2620:fe::fe]:8853", 8853},
		{"[2620:fe::9]#dns.quad9.net", "quad9", "Quad9", "dns.quad9.net", "[2620:fe::9]:853", 853},
		{"1.1.1.1", "cloudflare", "Cloudflare", "one.one.one.one", "1.1.1.1:853", 853},
		{"::ffff:1.1.1.1", "cloudflare", "Cloudflare", "one.one.one.one", "1.1.1.1:853", 853},
		{"1.1.1.1:443", "cloudflare", "Cloudflare", "one.one.one.one", "1.1.1.1:443", 443},
		{"76.76.2.11", "controld", "Control D", "p0.freedns.controld.com", "76.76.2.11:853", 853},
		{"10.0.0.53", "", "10.0.0.53", "10.0.0.53", "10.0.0.53:853", 853},
		{"10.0.0.53:53", "", "10.0.0.53", "10.0.0.53", "10.0.0.53:53", 53},
		{"10.0.0.53@65535", "", "10.0.0.53", "10.0.0.53", "10.0.0.53:65535", 65535},
		{"10.0.0.53#10.0.0.53", "", "10.0.0.53", "10.0.0.53", "10.0.0.53:853", 853},
		{"[2001:db8:0::1]", "", "2001:db8::1", "2001:db8::1", "[2001:db8::1]:853", 853},
		{"127.0.0.1:8853#dot.test", "", "dot.test", "dot.test", "127.0.0.1:8853", 8853},
		{"192.168.1.1#router", "", "router", "router", "192.168.1.1:853", 853},
		{"1.1.1.1#cloudflare-dns.com", "", "cloudflare-dns.com", "cloudflare-dns.com", "1.1.1.1:853", 853},
		// The right name at somebody else's address is not the provider.
		{"10.0.0.53#dns.google", "", "dns.google", "dns.google", "10.0.0.53:853", 853},
		{"dns.google", "google", "Google", "dns.google", "", 853},
		{"dns.example.net:8853", "", "dns.example.net", "dns.example.net", "", 8853},
		{"tls://dns.google", "google", "Google", "dns.google", "", 853},
		{"TLS://dns.google./", "google", "Google", "dns.google", "", 853},
		{"tls://abc123.dns.nextdns.io:443", "", "abc123.dns.nextdns.io", "abc123.dns.nextdns.io", "", 443},
		{"tls://8.8.4.4", "google", "Google", "dns.google", "8.8.4.4:853", 853},
		{"tls://10.0.0.53:8853", "", "10.0.0.53", "10.0.0.53", "10.0.0.53:8853", 8853},
		{"tls://9.9.9.9#dns.quad9.net", "quad9", "Quad9", "dns.quad9.net", "9.9.9.9:853", 853},
		{"tls://[2620:fe::fe]:853#dns.quad9.net", "quad9", "Quad9", "dns.quad9.net", "[2620:fe::fe]:853", 853},
		{"tls://bücher.example", "", "xn--bcher-kva.example", "xn--bcher-kva.example", "", 853},
		{"10.0.0.53#BÜCHER.example", "", "xn--bcher-kva.example", "xn--bcher-kva.example", "10.0.0.53:853", 853},
	}
	for _, c := range cases {
		t.Run(c.spec, func(t *testing.T) {
			got, err := Parse(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			want := Upstream{Spec: strings.TrimSpace(c.spec), ID: c.id, Label: c.label, Name: c.name, Port: c.port}
			if strings.EqualFold(want.Spec, c.id) {
				want.Spec = c.id
			}
			for a := range strings.FieldsSeq(c.addrs) {
				want.Addrs = append(want.Addrs, netip.MustParseAddrPort(a))
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestEveryKnownProviderParses(t *testing.T) {
	for _, p := range All() {
		got, err := Parse(strings.ToUpper(p.ID))
		if err != nil || !reflect.DeepEqual(got, p.Upstream()) {
			t.Errorf("%s: %+v, %v", p.ID, got, err)
		}
		for _, a := range p.Addrs {
			u, err := Parse(a.String() + "#" + p.TLSName)
			if err != nil || u.ID != p.ID || u.Label != p.Name {
				t.Errorf("%s at %s: %+v, %v", p.ID, a, u, err)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	cases := []struct{ spec, want string }{
		{"", "“” names no server; give a provider’s id"},
		{"foo", "“foo” is not a known provider; give a provider’s id such as cloudflare, IP#NAME"},
		{"cloudfare", "“cloudfare” is not a known provider; did you mean “cloudflare”?"},
		{"Cloudflare_Famly", "did you mean “cloudflare-family”?"},
		{"quad", "did you mean “quad9”?"},
		{"quad9.", "did you mean “quad9”?"},
		{"two words", "“two words” is not a known provider;"},
		{"digitale", "did you mean “digitale-gesellschaft”?"},
		{"cloudflare:443", "gives a port to a provider’s id; write “cloudflare”, or an address with a port such as 1.1.1.1:443"},
		{"https://dns.google/dns-query", "is DNS over HTTPS; DoT Proxy speaks only DNS over TLS"},
		{"H3://dns.google", "is DNS over HTTP/3;"},
		{"quic://dns.adguard-dns.com", "is DNS over QUIC;"},
		{"udp://1.1.1.1", "is plain DNS over UDP, which is not encrypted;"},
		{"tcp://1.1.1.1", "is plain DNS over TCP, which is not encrypted;"},
		{"gopher://x", "unknown kind of address; write tls://"},
		{"tls://", "needs a full name or an address after tls://"},
		{"tls://router", "needs a full name or an address after tls://"},
		{"tls://dns.google/path", "holds “dns.google/path”, which is no valid host name"},
		{"1.1.1.1:0", "has “0” as its port; a port is a number from 1 to 65535"},
		{"1.1.1.1:65536#one.one.one.one", "has “65536” as its port"},
		{"1.1.1.1:#one.one.one.one", "has “” as its port"},
		{"1.1.1.1@+53", "has “+53” as its port"},
		{"dns.google:https", "has “https” as its port"},
		{"1.1.1.1#", "has no name after the #"},
		{"#dns.google", "has no address; give"},
		{"dns.google#dns.google", "needs an IP address before the #"},
		{"1.1.1.1#a#b", "holds “a#b”, which is no valid host name"},
		{"1.1.1.1#two words", "holds “two words”, which is no valid host name"},
		{"1.1.1.1#*.example.com", "which is no valid host name"},
		{"1.1.1.1#a_b.example", "which is no valid host name"},
		{"1.1.1.1#-a.example", "which is no valid host name"},
		{"1.1.1.1#" + strings.Repeat("a", 64) + ".example", "which is no valid host name"},
		{"1.1.1.1#" + strings.Repeat("a.", 127) + "example", "which is no valid host name"},
		{"1.1.1.256", "holds “1.1.1.256”, which is no valid IP address"},
		{"1.1.1", "holds “1.1.1”, which is no valid IP address"},
		{"１.１.１.１", "which is no valid IP address"},
		{"a..b", "which is no valid host name"},
		{"[1.1.1.1]:853", "needs an IPv6 address between the brackets"},
		{"[2620:fe::fe", "needs an IPv6 address between the brackets"},
		{"[2620:fe::fe]853", "needs a colon between the bracket and the port"},
		{"[2620:fe::xyz]:853", "holds no valid IPv6 address; with a port write it as [2620:fe::fe]:853"},
		{"1:2:3", "holds no valid IPv6 address"},
		{"fe80::1%eth0#router.lan", "has an IPv6 scope zone, which is not supported"},
		{"fe80::1", "holds the link-local address fe80::1"},
		{"0.0.0.0", "holds 0.0.0.0, which is no server’s address"},
		{"[::]:853#dns.google", "holds ::, which is no server’s address"},
		{"224.0.0.1", "holds 224.0.0.1, which is no single server’s address"},
		{"ff02::1", "holds ff02::1, which is no single server’s address"},
		{"255.255.255.255", "holds 255.255.255.255, which is no single server’s address"},
		{"1.1.1.1#0.0.0.0", "holds 0.0.0.0, which is no server’s address"},
		{"a\x00b", "“a\uFFFDb” contains characters that cannot be shown"},
		{"\xff", "contains characters that cannot be shown"},
		{strings.Repeat("x", 2001), strings.Repeat("x", 80) + "…” is too long: 2001 bytes, and at most 2000 are allowed"},
	}
	for _, c := range cases {
		t.Run(c.spec, func(t *testing.T) {
			u, err := Parse(c.spec)
			if err == nil {
				t.Fatalf("was read as %+v", u)
			}
			if !reflect.DeepEqual(u, Upstream{}) {
				t.Errorf("an error came with %+v", u)
			}
			if !strings.HasPrefix(err.Error(), "“") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("says %q, want %q", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"cloudflare", "9.9.9.9:853#dns.quad9.net", "2620:fe::fe@853#dns.quad9.net", "[2620:fe::fe]:853", "1.1.1.1",
		"tls://dns.google:853", "tls://bücher.example", "https://dns.google", "fe80::1%lo", "::ffff:9.9.9.9",
		"sdns://AwAAAAAAAAAADjE4NS4zNS4yMDAuMjUwID4aGg9sU_PpekktVwhLW5gHBZ7gV6sVBYdv2D_aPbg4EHBpaG9sZS5oYXh4LmluZm8",
		"quad9?pin-sha256=" + strings.Repeat("A", 43) + "=&verify=pins", "1.1.1.1?client-cert=/a%20b.pem&client-key=/k",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		u, err := Parse(spec)
		if err != nil {
			if msg := err.Error(); !strings.HasPrefix(msg, "“") || strings.ContainsAny(msg, "\n\r\x00\x1b") {
				t.Errorf("the error is not one printable sentence: %q", msg)
			}
			return
		}
		if u.Name == "" || u.Label == "" || u.Port == 0 {
			t.Errorf("%+v lacks a name, a label or a port", u)
		}
		if len(u.Addrs) == 0 {
			if host, err := hostName(u.Name); err != nil || host != u.Name || !strings.Contains(host, ".") {
				t.Errorf("%+v has neither an address nor a name to look up", u)
			}
		}
		for _, a := range u.Addrs {
			if !a.IsValid() || a.Port() == 0 || a.Addr().IsUnspecified() || a.Addr().Is4In6() {
				t.Errorf("%+v cannot be reached", u)
			}
		}
		if u.PinsOnly && len(u.Pins) == 0 || u.ClientKey != "" && u.ClientCert == "" {
			t.Errorf("%+v can prove nothing", u)
		}
		again, err := Parse(u.Spec)
		if err != nil || !reflect.DeepEqual(again, u) {
			t.Errorf("%+v became %+v, %v", u, again, err)
		}
	})
}
