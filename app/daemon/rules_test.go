package daemon

import (
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

// ruled returns the rules of the default settings with a change.
func ruled(t *testing.T, change func(*control.Settings)) resolver.Rules {
	t.Helper()
	l := layers{saved: control.Default()}
	change(&l.saved)
	p, problem := l.plan()
	if problem != nil {
		t.Fatal(problem)
	}
	return p.rules
}

func TestDefaultRulesLetPrivateNetworksAsk(t *testing.T) {
	r := ruled(t, func(*control.Settings) {})
	if len(r.Admission.Access) == 0 {
		t.Error("an engine in a container would serve nobody")
	}
	want := resolver.Rules{
		Cache: resolver.CacheRules{Bytes: 8 << 20, MaxTTL: 24 * time.Hour, Stale: 24 * time.Hour},
		Names: resolver.NameRules{Canary: true},
		Admission: resolver.AdmissionRules{Access: r.Admission.Access, Limit: resolver.RateLimit{
			PerSecond: 200, Burst: 1000, BlockAfter: 5000, BlockWindow: time.Minute, BlockFor: 10 * time.Minute}},
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("\n got %+v\nwant %+v", r, want)
	}
}

func TestRulesFollowTheSettings(t *testing.T) {
	change := func(s *control.Settings) {
		s.CacheMiB, s.CacheMinTTL, s.CacheMaxTTL, s.StaleHours = 1, 30, 60, 2
		s.Race, s.HideSubnet, s.Canary, s.RebindingProtection = true, true, false, true
		s.Access = []string{"192.0.2.7"}
		s.Routes = map[string][]string{"lan": {"192.168.1.1", "[fd00::1]:5353"}, "a.example": {"tls://10.0.0.53"}}
		s.Overrides = map[string][]string{"b": {"192.0.2.1", "2001:db8::1"}, "*.a": {"NXDOMAIN"}}
		s.RateLimit = control.RateLimit{PerSecond: 1, Burst: 2, Loopback: true, BlockAfter: 3, BlockWindow: 4, BlockFor: 5}
	}
	u, problem := parseUpstream("routes", "tls://10.0.0.53")
	if problem != nil {
		t.Fatal(problem)
	}
	want := resolver.Rules{
		Cache: resolver.CacheRules{Bytes: 1 << 20, MinTTL: 30 * time.Second, MaxTTL: time.Minute, Stale: 2 * time.Hour},
		Names: resolver.NameRules{
			Overrides: []resolver.Override{{Name: "*.a"}, {Name: "b", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}}},
			Routes: []resolver.Route{{Suffix: "a.example", Upstreams: []provider.Upstream{u}},
				{Suffix: "lan", Plain: addrs("192.168.1.1:53", "[fd00::1]:5353")}},
			BlockRebinding: true,
		},
		Admission: resolver.AdmissionRules{Access: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32")},
			Limit: resolver.RateLimit{PerSecond: 1, Burst: 2, Loopback: true, BlockAfter: 3, BlockWindow: 4 * time.Second, BlockFor: 5 * time.Second}},
		Race: true, HideSubnet: true,
	}
	for range 10 { // the same each time, whatever a map's order
		if got := ruled(t, change); !reflect.DeepEqual(got, want) {
			t.Fatalf("\n got %+v\nwant %+v", got, want)
		}
	}
}

func TestRulesAreRefused(t *testing.T) {
	key := filepath.Join(t.TempDir(), "none.pem")
	cases := map[string]struct {
		change       func(*control.Settings)
		field, entry string
		names        string
	}{
		"route to ourselves":     {func(s *control.Settings) { s.Routes["lan"] = []string{"127.0.0.1"} }, "routes", "lan", "this program’s own address"},
		"route of a fixed name":  {func(s *control.Settings) { s.Routes["localhost"] = []string{"10.0.0.1"} }, "routes", "localhost", "always answered"},
		"route with an asterisk": {func(s *control.Settings) { s.Routes["*.lan"] = []string{"10.0.0.1"} }, "routes", "*.lan", "asterisk"},
		"route of no name":       {func(s *control.Settings) { s.Routes["a..b"] = []string{"10.0.0.1"} }, "routes", "a..b", "no valid domain name"},
		"routed twice": {func(s *control.Settings) {
			s.Routes["lan"], s.Routes["lan."] = []string{"10.0.0.1"}, []string{"10.0.0.2"}
		}, "routes", "lan.", "routed twice"},
		"route to nobody known": {func(s *control.Settings) { s.Routes["lan"] = []string{"quad99"} }, "routes", "lan", "quad99"},
		"override of localhost": {func(s *control.Settings) { s.Overrides["localhost"] = []string{"10.0.0.1"} }, "overrides", "localhost", "always this computer"},
		"override of no name":   {func(s *control.Settings) { s.Overrides["a b"] = []string{"10.0.0.1"} }, "overrides", "a b", "no valid domain name"},
		"client certificate":    {func(s *control.Settings) { s.Upstreams = []string{"quad9?client-cert=" + key} }, "upstreams", "", "does not exist"},
		"a route's certificate": {func(s *control.Settings) { s.Routes["a.example"] = []string{"quad9?client-cert=" + key} }, "routes", "a.example", "does not exist"},
	}
	for about, c := range cases {
		l := layers{saved: control.Default()}
		c.change(&l.saved)
		_, p := l.plan()
		if p == nil || p.Code != control.CodeBadValue || p.Field != c.field || p.Entry != c.entry || !strings.Contains(p.Message, c.names) || p.Hint == "" {
			t.Errorf("%s: %+v", about, p)
		}
		if byName := checkNames(l.saved); (byName == nil) != strings.Contains(about, "certificate") {
			t.Errorf("%s: the file's check says %v", about, byName)
		}
	}
}
