package provider

import (
	"encoding/base64"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ameshkov/dnsstamps"
)

// stamp encodes raw fields, for what the library does not write.
func stamp(kind byte, fields ...string) string {
	bin := append([]byte{kind}, make([]byte, 8)...)
	for _, f := range fields {
		bin = append(append(bin, byte(len(f))), f...)
	}
	return "sdns://" + base64.RawURLEncoding.EncodeToString(bin)
}

func TestParseStamp(t *testing.T) {
	hash := strings.Repeat("h", 32)
	more := func(items ...string) string { // a set in which all but the last announce a successor
		var b strings.Builder
		for i, it := range items {
			n := byte(len(it))
			if i < len(items)-1 {
				n |= 0x80
			}
			b.WriteString(string([]byte{n}) + it)
		}
		return b.String()
	}
	raw := func(tail string) string {
		return "sdns://" + base64.RawURLEncoding.EncodeToString([]byte("\x03\x07\x00\x00\x00\x00\x00\x00\x00"+tail))
	}
	cases := []struct {
		about, spec, id, name, addr string
		port                        uint16
		hashes                      int
	}{
		{"address, name", stamp(3, "9.9.9.9", "", "dns.quad9.net"), "quad9", "dns.quad9.net", "9.9.9.9:853", 853, 0},
		{"padding", stamp(3, "9.9.9.9", "", "dns.quad9.net") + "=", "quad9", "dns.quad9.net", "9.9.9.9:853", 853, 0},
		{"port with the address", stamp(3, "[2620:fe::fe]:8853", "", "dns.quad9.net:443"), "quad9", "dns.quad9.net", "[2620:fe::fe]:8853", 8853, 0},
		{"port with the name", stamp(3, "10.0.0.1", "", "dns.example.net:443"), "", "dns.example.net", "10.0.0.1:443", 443, 0},
		{"port 843 as written", stamp(3, "10.0.0.1:843", "", "dns.example.net"), "", "dns.example.net", "10.0.0.1:843", 843, 0},
		{"name only", stamp(3, "", "", "dns.sb"), "", "dns.sb", "", 853, 0},
		{"port and name only", stamp(3, ":8853", "", "dns.google"), "google", "dns.google", "", 8853, 0},
		{"international name", stamp(3, "", "", "bücher.example"), "", "xn--bcher-kva.example", "", 853, 0},
		{"address only", stamp(3, "10.0.0.1", "", ""), "", "10.0.0.1", "10.0.0.1:853", 853, 0},
		{"known address only", stamp(3, "8.8.8.8", "", ""), "google", "dns.google", "8.8.8.8:853", 853, 0},
		{"address as the name", stamp(3, "", "", "10.0.0.1:8853"), "", "10.0.0.1", "10.0.0.1:8853", 8853, 0},
		{"one hash", stamp(3, "10.0.0.1", hash, "dns.example.net"), "", "dns.example.net", "10.0.0.1:853", 853, 1},
		{"two hashes", raw("\x0810.0.0.1" + more(hash, hash) + "\x0fdns.example.net"), "", "dns.example.net", "10.0.0.1:853", 853, 2},
		{"bootstrap", raw("\x00\x00\x0fdns.example.net" + more("1.1.1.1", "9.9.9.9")), "", "dns.example.net", "", 853, 0},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			u, err := Parse(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			var addrs []netip.AddrPort
			if c.addr != "" {
				addrs = append(addrs, netip.MustParseAddrPort(c.addr))
			}
			if u.Spec != c.spec || u.ID != c.id || u.Name != c.name || u.Port != c.port || len(u.CertHashes) != c.hashes || !slices.Equal(u.Addrs, addrs) {
				t.Errorf("read as %+v", u)
			}
			for _, h := range u.CertHashes {
				if string(h[:]) != hash {
					t.Errorf("hash %x", h)
				}
			}
		})
	}
}

// TestStampAgreesWithLibrary writes stamps with an independent library.
func TestStampAgreesWithLibrary(t *testing.T) {
	s := dnsstamps.ServerStamp{
		Proto: dnsstamps.StampProtoTypeTLS, ServerAddrStr: "185.35.200.250:8853", ProviderName: "dns.example.net",
		Hashes: [][]uint8{slices.Repeat([]byte{1}, 32), slices.Repeat([]byte{2}, 32)},
		Props:  dnsstamps.ServerInformalPropertyDNSSEC,
	}
	got, err := Parse("SDNS" + strings.TrimPrefix(s.String(), "sdns"))
	want := Upstream{
		Spec: "SDNS" + strings.TrimPrefix(s.String(), "sdns"), Label: "dns.example.net", Name: "dns.example.net", Port: 8853,
		Addrs:      []netip.AddrPort{netip.MustParseAddrPort("185.35.200.250:8853")},
		CertHashes: [][32]byte{[32]byte(s.Hashes[0]), [32]byte(s.Hashes[1])},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v, %v\nwant %+v", got, err, want)
	}
}

func TestParseStampRefuses(t *testing.T) {
	whole := stamp(3, "10.0.0.1", strings.Repeat("h", 32), "dns.example.net")
	bin, _ := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(whole, "sdns://"))
	cases := map[string]string{
		stamp(0, "9.9.9.9"):                             "is a plain DNS stamp; DoT Proxy speaks only DNS over TLS",
		stamp(1, "9.9.9.9", "key", "2.dnscrypt-cert.x"): "is a DNSCrypt stamp; DoT Proxy speaks only DNS over TLS",
		stamp(2, "", "", "dns.google", "/dns-query"):    "is a DNS-over-HTTPS stamp; DoT Proxy speaks only DNS over TLS",
		stamp(4, "", "", "dns.example.net"):             "is a DNS-over-QUIC stamp;",
		stamp(5, "odoh.example", "/"):                   "is an Oblivious DoH stamp;",
		stamp(0x81, "9.9.9.9:443"):                      "is a DNSCrypt relay stamp;",
		stamp(9, "9.9.9.9"):                             "is a damaged DNS stamp; copy it again in full",
		"sdns://":                                       "is a damaged DNS stamp",
		"sdns://***":                                    "is a damaged DNS stamp",
		stamp(3, "", "", ""):                            "names no server",
		stamp(3, "dns.google", "", "dns.google"):        "whose address is not an IP address",
		stamp(3, "dns.google", "", ""):                  "whose address is not an IP address",
		stamp(3, "0.0.0.0", "", "dns.google"):           "holds 0.0.0.0, which is no server’s address",
		stamp(3, "", "", "router"):                      "without an address and without a full name",
		stamp(3, ":x", "", "dns.google"):                "has “x” as its port",
		stamp(3, "10.0.0.1", "short", "dns.google"):     "a certificate hash that is not 32 bytes long",
		stamp(3, "10.0.0.1", "", "a b.example"):         "holds “a b.example”, which is no valid host name",
	}
	for spec, want := range cases {
		if u, err := Parse(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want %q", spec, u, err, want)
		}
	}
	for n := range bin {
		cut := "sdns://" + base64.RawURLEncoding.EncodeToString(bin[:n])
		if u, err := Parse(cut); err == nil {
			t.Errorf("the first %d bytes were read as %+v", n, u)
		}
	}
}
