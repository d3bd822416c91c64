package provider

import (
	"encoding/base64"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// digest is a SHA-256 digest whose base64 has a +, a / and padding.
func digest(last byte) (d [32]byte) {
	d[0], d[1], d[2], d[31] = 0xfb, 0xef, 0xff, last
	return d
}

// file is an absolute path on the system that runs the test.
func file(name string) string {
	if runtime.GOOS == "windows" {
		return `C:\keys\` + name
	}
	return "/etc/keys/" + name
}

func TestParseOptions(t *testing.T) {
	one, two := digest(1), digest(2)
	std := base64.StdEncoding.EncodeToString(one[:])
	other := base64.StdEncoding.EncodeToString(two[:])
	if !strings.Contains(std, "+") || !strings.Contains(std, "/") || !strings.HasSuffix(std, "=") {
		t.Fatalf("%s lacks what is to be tested", std)
	}
	pins := func(p ...[32]byte) Upstream { return Upstream{Pins: p} }
	cases := []struct {
		about, options string
		want           Upstream // only what options set
	}{
		{"one pin", "pin-sha256=" + std, pins(one)},
		{"no padding", "pin-sha256=" + strings.TrimRight(std, "="), pins(one)},
		{"alphabet of URLs", "pin-sha256=" + base64.URLEncoding.EncodeToString(one[:]), pins(one)},
		{"alphabet of URLs, no padding", "pin-sha256=" + base64.RawURLEncoding.EncodeToString(one[:]), pins(one)},
		{"percent-encoding", "pin-sha256=" + url.QueryEscape(std), pins(one)},
		{"percent-encoding in small letters", "pin-sha256=" + strings.ToLower(url.QueryEscape("+")) + std[1:], pins(one)},
		{"two pins", "pin-sha256=" + std + "&pin-sha256=" + other, pins(one, two)},
		{"a pin twice", "pin-sha256=" + std + "&pin-sha256=" + other + "&pin-sha256=" + std, pins(one, two)},
		{"pins only", "verify=pins&pin-sha256=" + std, Upstream{Pins: [][32]byte{one}, PinsOnly: true}},
		{"certificate and key", "client-cert=" + file("c.pem") + "&client-key=" + file("k.pem"), Upstream{ClientCert: file("c.pem"), ClientKey: file("k.pem")}},
		{"both in one file", "client-cert=" + file("both.pem"), Upstream{ClientCert: file("both.pem")}},
		{"odd letters in a path", "client-cert=" + file("a%20b%26c%25=+?#ü.pem"), Upstream{ClientCert: file("a b&c%=+?#ü.pem")}},
		{"everything", "client-key=" + file("k") + "&pin-sha256=" + std + "&client-cert=" + file("c") + "&verify=pins",
			Upstream{Pins: [][32]byte{one}, PinsOnly: true, ClientCert: file("c"), ClientKey: file("k")}},
	}
	servers := []string{
		"cloudflare", "9.9.9.9#dns.quad9.net", "2620:fe::fe@8853#dns.quad9.net", "1.1.1.1", "10.0.0.53:8853", "[2001:db8::1]", "dns.google",
		"tls://dns.google", "tls://dns.google:8853/", "tls://9.9.9.9#dns.quad9.net", stamp(3, "10.0.0.1", strings.Repeat("h", 32), "dns.example.net"),
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			for _, server := range servers {
				want, err := Parse(server)
				if err != nil {
					t.Fatal(err)
				}
				want.Spec = server + "?" + c.options
				want.Pins, want.PinsOnly = c.want.Pins, c.want.PinsOnly
				want.ClientCert, want.ClientKey = c.want.ClientCert, c.want.ClientKey
				got, err := Parse(" " + want.Spec + "\n")
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("\n got %+v, %v\nwant %+v", got, err, want)
				}
			}
		})
	}
}

// The same provider is the same text, whatever its letters.
func TestParseOptionsKeepTheID(t *testing.T) {
	want := "cloudflare?client-cert=" + file("A.pem")
	got, err := Parse("CloudFlare?client-cert=" + file("A.pem"))
	if err != nil || got.Spec != want || got.ID != "cloudflare" || got.Label != "Cloudflare" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestParseRefusesOptions(t *testing.T) {
	pin := digest(1)
	std := base64.StdEncoding.EncodeToString(pin[:])
	sha1 := base64.StdEncoding.EncodeToString(pin[:20])
	cases := []struct{ spec, want string }{
		{"?pin-sha256=" + std, "has no address; give a provider’s id"},
		{"cloudfare?pin-sha256=" + std, "is not a known provider; did you mean “cloudflare”?"},
		{"https://dns.google/dns-query?dns=x", "is DNS over HTTPS;"},
		{"cloudflare?", "has nothing after the ?; the options are pin-sha256=…, verify=pins, client-cert=… and client-key=…"},
		{"cloudflare?pin=" + std, "has the unknown option “pin”; the options are pin-sha256=…"},
		{"cloudflare?PIN-SHA256=" + std, "has the unknown option “PIN-SHA256”"},
		{"cloudflare?=x", "has the unknown option “”"},
		{"cloudflare?pin-sha256=" + std + "&", "has the unknown option “”"},
		{"cloudflare?verify=pins?pin-sha256=" + std, "has “pins?pin-sha256=" + std[:20]},
		{"cloudflare?pin-sha256", "has no value for pin-sha256; write pin-sha256=…"},
		{"cloudflare?pin-sha256=", "has no value for pin-sha256"},
		{"cloudflare?client-cert=", "has no value for client-cert"},
		{"cloudflare?client-cert=" + file("c") + "&client-key=", "has no value for client-key"},
		{"cloudflare?verify", "has no value for verify"},
		{"cloudflare?pin-sha256=!!!", "has “!!!” for pin-sha256, which is no base64"},
		{"cloudflare?pin-sha256=" + std[:43] + "%0a", "has characters in pin-sha256 that cannot be shown"},
		{"cloudflare?pin-sha256=" + std[:20] + " " + std[20:], "which is no base64"},
		{"cloudflare?pin-sha256=" + std[:42] + "F=", "which is no base64"}, // loose bits at the end
		{"cloudflare?pin-sha256=" + sha1, "has a pin-sha256 of 20 bytes; a SHA-256 digest has 32, which base64 writes with 44 characters"},
		{"cloudflare?pin-sha256=" + strings.Repeat("0f", 32), "has a pin-sha256 of 48 bytes"},
		{"9.9.9.9?pin-sha256=" + std + "#dns.quad9.net", "which is no base64"},
		{"cloudflare?pin-sha256=%zz", "has a % in pin-sha256 that begins no percent-encoding; write %25"},
		{"cloudflare?client-cert=" + file("c%"), "has a % in client-cert that begins no percent-encoding"},
		{"cloudflare?client-cert=" + file("c%00"), "has characters in client-cert that cannot be shown"},
		{"cloudflare?client-cert=" + file("c%ff"), "has characters in client-cert that cannot be shown"},
		{"cloudflare?verify=ca", "has “ca” for verify; the only other way to verify is pins"},
		{"cloudflare?verify=none&pin-sha256=" + std, "has “none” for verify"},
		{"cloudflare?verify=pins", "has verify=pins and no pin; add the pin-sha256"},
		{"cloudflare?verify=pins&verify=pins&pin-sha256=" + std, "has verify twice; give it once"},
		{"cloudflare?client-cert=" + file("c") + "&client-cert=" + file("c"), "has client-cert twice; give it once"},
		{"cloudflare?client-cert=" + file("c") + "&client-key=" + file("k") + "&client-key=" + file("k"), "has client-key twice"},
		{"cloudflare?client-key=" + file("k"), "has a client-key and no client-cert; add the file"},
		{"cloudflare?client-cert=c.pem", "has “c.pem” for client-cert; give the file’s whole path"},
		{"cloudflare?client-cert=" + file("c") + "&client-key=../k.pem", "has “../k.pem” for client-key; give the file’s whole path"},
		{"cloudflare?client-cert=~/c.pem", "has “~/c.pem” for client-cert"},
		{"cloudflare?" + strings.Repeat("pin-sha256="+std+"&", 40), "is too long: 2"},
	}
	for _, c := range cases {
		t.Run(c.spec, func(t *testing.T) {
			u, err := Parse(c.spec)
			if err == nil || !reflect.DeepEqual(u, Upstream{}) {
				t.Fatalf("was read as %+v, %v", u, err)
			}
			if !strings.HasPrefix(err.Error(), "“") || !strings.Contains(err.Error(), c.want) || strings.HasSuffix(err.Error(), ".") {
				t.Errorf("says %q, want %q", err, c.want)
			}
		})
	}
}
