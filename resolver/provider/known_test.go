package provider

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sharing lists the operators whose services live at the same addresses and
// are told apart by the TLS name.
var sharing = map[string]bool{"Control D": true}

func TestKnownProvidersAreComplete(t *testing.T) {
	idForm := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	filters := []string{"none", "malware", "ads", "adult", "family", "social", "profile"}
	ids, names, tlsNames := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range All() {
		t.Run(p.ID, func(t *testing.T) {
			if !idForm.MatchString(p.ID) || ids[p.ID] {
				t.Errorf("id %q is not in kebab case, or stands twice", p.ID)
			}
			if names[p.Name] || tlsNames[p.TLSName] {
				t.Errorf("name %q or TLS name %q stands twice", p.Name, p.TLSName)
			}
			ids[p.ID], names[p.Name], tlsNames[p.TLSName] = true, true, true
			for field, value := range map[string]string{"Name": p.Name, "Operator": p.Operator, "LogPolicy": p.LogPolicy, "Source": p.Source} {
				if value == "" || value != strings.TrimSpace(value) {
					t.Errorf("%s is %q", field, value)
				}
			}
			if got, err := hostName(p.TLSName); err != nil || got != p.TLSName {
				t.Errorf("TLS name %q: %v", p.TLSName, err)
			}
			for f := range strings.SplitSeq(p.Filter, ", ") {
				if !slices.Contains(filters, f) {
					t.Errorf("filter %q is unknown", f)
				}
			}
			if slices.Contains(p.Ports, DefaultPort) || slices.Contains(p.Ports, 0) {
				t.Errorf("ports %v repeat the default or hold 0", p.Ports)
			}
		})
	}
}

func TestKnownAddressesArePublicAndUnique(t *testing.T) {
	owners := map[netip.Addr]Provider{}
	for _, p := range All() {
		if len(p.Addrs) == 0 {
			t.Errorf("%s has no address", p.ID)
		}
		own, v6 := map[netip.Addr]bool{}, false
		for _, a := range p.Addrs {
			if !a.IsGlobalUnicast() || a.IsPrivate() || a.Is4In6() || a.Zone() != "" {
				t.Errorf("%s: %s is not a public address", p.ID, a)
			}
			if a.Is4() && v6 {
				t.Errorf("%s: %s stands after an IPv6 address", p.ID, a)
			}
			v6 = v6 || a.Is6()
			if own[a] {
				t.Errorf("%s: %s stands twice", p.ID, a)
			}
			own[a] = true
			if o, ok := owners[a]; ok && (o.Operator != p.Operator || !sharing[p.Operator]) {
				t.Errorf("%s is an address of both %s and %s", a, o.ID, p.ID)
			}
			owners[a] = p
		}
	}
}

func TestKnownIDs(t *testing.T) {
	// What users wrote into settings must keep its meaning.
	want := []string{
		"cloudflare", "cloudflare-security", "cloudflare-family", "quad9", "quad9-unfiltered", "quad9-ecs", "google",
		"cleanbrowsing-security", "cleanbrowsing-adult", "cleanbrowsing-family", "adguard", "adguard-family",
		"adguard-unfiltered", "nextdns", "controld", "controld-malware", "controld-ads", "controld-social",
		"digitale-gesellschaft", "uncensoreddns", "uncensoreddns-unicast", "applied-privacy", "libredns",
	}
	var got []string
	for _, p := range All() {
		got = append(got, p.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("ids\n got %v\nwant %v", got, want)
	}
	if _, ok := ByID(Default); !ok || Default != got[0] {
		t.Errorf("the default %q is not the first provider", Default)
	}
	if _, ok := ByID("no-such"); ok {
		t.Error("an unknown id was found")
	}
}

func TestAllIsTheCallersOwn(t *testing.T) {
	All()[0].Addrs[0] = netip.Addr{}
	p, _ := ByID("CloudFlare")
	p.Addrs[1] = netip.Addr{}
	again, _ := ByID("cloudflare")
	if slices.Contains(again.Addrs, netip.Addr{}) {
		t.Error("a caller changed the table")
	}
}
