package ddr

import (
	"net/netip"
	"strings"
	"testing"
)

// A private address is no reason to trust what nobody vouches for.
func TestPrivateAddressIsNotTrusted(t *testing.T) {
	for by, says := range map[string]string{
		"192.168.1.1": "a private address alone is not trusted", "fd00::1": "a private address alone is not trusted", "fe80::1": "a private address alone is not trusted",
		"192.0.2.1": "nobody vouches for the designation", "2001:db8::1": "nobody vouches for the designation",
	} {
		if got := words(errNotNamed, netip.MustParseAddr(by)).Error(); !strings.Contains(got, by) || !strings.Contains(got, says) {
			t.Errorf("%s: it says %q", by, got)
		}
	}
}
