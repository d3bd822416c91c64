package settings

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
)

func TestSet(t *testing.T) {
	base := control.Default()
	base.Routes = map[string][]string{"lan": {"10.0.0.1"}}
	for _, c := range []struct {
		key, value string
		change     func(*control.Settings)
	}{
		{"port", "5353", func(s *control.Settings) { s.Port = 5353 }},
		{"port", " 0x35 ", func(*control.Settings) {}},
		{"hosts", "false", func(s *control.Settings) { s.Hosts = false }},
		{"keep_statistics", "true", func(s *control.Settings) { s.KeepStatistics = true }},
		{"log_privacy", "off", func(s *control.Settings) { s.LogPrivacy = control.LogOff }},
		{"log_privacy", `"hide_names"`, func(s *control.Settings) { s.LogPrivacy = control.LogHideNames }},
		{"ca_bundle", "/etc/ca bundle.pem", func(s *control.Settings) { s.CABundle = "/etc/ca bundle.pem" }},
		{"ca_bundle", `'C:\ca.pem'`, func(s *control.Settings) { s.CABundle = `C:\ca.pem` }},
		{"ca_bundle", `C:\ca.pem`, func(s *control.Settings) { s.CABundle = `C:\ca.pem` }},
		{"ca_bundle", "5", func(s *control.Settings) { s.CABundle = "5" }},
		{"ca_bundle", "", func(*control.Settings) {}},
		{"listen", "::1", func(s *control.Settings) { s.Listen = []string{"::1"} }},
		{"listen", `["127.0.0.1", "::1"]`, func(*control.Settings) {}},
		{"upstreams", "quad9, 1.1.1.1#one.one.one.one", func(s *control.Settings) { s.Upstreams = []string{"quad9", "1.1.1.1#one.one.one.one"} }},
		{"access", "[]", func(s *control.Settings) { s.Access = []string{} }},
		{"access", "[\n\"any\"\n]", func(s *control.Settings) { s.Access = []string{"any"} }},
		{"rate_limit.burst", "7", func(s *control.Settings) { s.RateLimit.Burst = 7 }},
		{"rate_limit.loopback", "true", func(s *control.Settings) { s.RateLimit.Loopback = true }},
		{"rate_limit", "{burst = 8}", func(s *control.Settings) { s.RateLimit.Burst = 8 }},
		{"routes.home.arpa", "192.168.1.1", func(s *control.Settings) { s.Routes["home.arpa"] = []string{"192.168.1.1"} }},
		{"routes.lan", `["tls://10.0.0.2"]`, func(s *control.Settings) { s.Routes["lan"] = []string{"tls://10.0.0.2"} }},
		{"routes.lan", "[]", func(s *control.Settings) { delete(s.Routes, "lan") }},
		{"routes", "{}", func(s *control.Settings) { delete(s.Routes, "lan") }},
		{"routes", `{"a.b" = ["10.0.0.3"]}`, func(s *control.Settings) { s.Routes = map[string][]string{"a.b": {"10.0.0.3"}} }},
		{"overrides.*.ads.example", "NXDOMAIN", func(s *control.Settings) { s.Overrides["*.ads.example"] = []string{"NXDOMAIN"} }},
	} {
		want := base.Clone()
		c.change(&want)
		got, err := Set(base, c.key, c.value)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s = %s: %v\n got %+v\nwant %+v", c.key, c.value, err, got, want)
		}
	}
	if !slices.Equal(base.Routes["lan"], []string{"10.0.0.1"}) || len(base.Routes) != 1 {
		t.Errorf("the settings that were given changed: %v", base.Routes)
	}
}

func TestSetRefuses(t *testing.T) {
	for _, c := range []struct{ key, value, says string }{
		{"prot", "53", "“prot”: there is no such setting"},
		{"Port", "53", "“Port”: there is no such setting"},
		{"", "53", "“”: there is no such setting"},
		{"port.x", "53", "“port.x”: there is no such setting"},
		{"rate_limit.brust", "53", "“rate_limit.brust”: there is no such setting"},
		{"rate_limit.burst.x", "53", "“rate_limit.burst.x”: there is no such setting"},
		{"port", "five", "“five” is not what port takes, which is a whole number"},
		{"port", "53\nhosts = false", "is not what port takes"},
		{"hosts", "yes", "“yes” is not what hosts takes, which is true or false"},
		{"rate_limit", "{brust = 1}", "is not what rate_limit takes"},
		{"rate_limit.burst", "many", "“many” is not what rate_limit.burst takes, which is a whole number"},
		{"routes", "10.0.0.1", "is not what routes takes"},
		{"routes.lan", "{a = 1}", ""},
	} {
		_, err := Set(control.Default(), c.key, c.value)
		if c.says == "" {
			continue // a bare text, for Check to judge
		}
		if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, ErrUnknownKey) != strings.Contains(c.says, "no such setting") {
			t.Errorf("%s = %s: %v", c.key, c.value, err)
		}
	}
}

func TestTOML(t *testing.T) {
	s := family()
	text, err := TOML(s)
	if err != nil {
		t.Fatal(err)
	}
	again, _, wrong := parse([]byte(text))
	if wrong != nil || !again.Equal(s) || strings.Contains(text, "#") {
		t.Errorf("%+v\n%s", wrong, text)
	}
	for _, key := range Keys() {
		if key, inner, ok := strings.Cut(key, "."); !strings.Contains(text, key) || ok && !strings.Contains(text, "\n"+inner+" = ") {
			t.Errorf("%s is not printed", key)
		}
	}
	if one, err := TOML(s, "port"); err != nil || one != "port = 5353\n" {
		t.Errorf("%q, %v", one, err)
	}
}

// FuzzSet: no key or value makes it fail, and what it makes can be saved and
// read again.
func FuzzSet(f *testing.F) {
	f.Add("port", "5353")
	f.Add("routes.home.arpa", "192.168.1.1")
	f.Add("rate_limit", "{burst = 8}")
	f.Add("overrides", "{\"a\" = []}\nport = 1")
	f.Fuzz(func(t *testing.T, key, value string) {
		s, err := Set(control.Default(), key, value)
		if err != nil {
			return
		}
		text, err := TOML(s)
		if err != nil {
			t.Fatal(err)
		}
		if again, _, wrong := parse([]byte(text)); wrong != nil || !again.Equal(s) {
			t.Errorf("%q = %q: %+v\n%s", key, value, wrong, text)
		}
	})
}
