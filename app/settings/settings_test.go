package settings

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
)

// known accepts what the tests use as upstreams.
func known(s control.Settings) *control.Problem {
	for _, u := range s.Upstreams {
		if !slices.Contains([]string{"cloudflare", "quad9", "cleanbrowsing-family"}, u) {
			return control.BadValue("upstreams", "there is no provider "+control.Quote(u)+".", "")
		}
	}
	return nil
}

// family are settings that nobody may swap for the default.
func family() control.Settings {
	s := control.Default()
	s.Upstreams, s.Port = []string{"cleanbrowsing-family"}, 5353
	s.Networks = []control.NetworkRule{
		{Name: "Büro “2”", Gateway: "00:00:5e:00:53:01", Upstreams: []string{"quad9"}},
		{Name: "Café", Gateway: "192.0.2.1", Upstreams: []string{}, Pause: true, Confirmed: true},
	}
	return s
}

func newFile(t *testing.T, text string) File {
	t.Helper()
	f := File{Path: filepath.Join(t.TempDir(), "dot-proxy", "settings.toml"), Check: known}
	if text != "" {
		write(t, f.Path, text)
	}
	return f
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func loaded(t *testing.T, f File, want control.Settings) {
	t.Helper()
	s, p, err := f.Load()
	if err != nil || p != nil || !s.Equal(want) {
		t.Errorf("got %+v, %v, %v; want %+v", s, p, err, want)
	}
}

func TestMissingKeysAndFileMeanDefaults(t *testing.T) {
	f := newFile(t, "")
	loaded(t, f, control.Default())
	if entries, _ := os.ReadDir(filepath.Dir(f.Path)); len(entries) > 0 {
		t.Errorf("loading wrote %v", entries)
	}
	want := control.Default()
	want.Port = 5353
	loaded(t, newFile(t, "port = 5353\n"), want)
	loaded(t, newFile(t, "\xef\xbb\xbf# from Windows\r\nport = 5353\r\n"), want)
	loaded(t, newFile(t, "# nothing set\n"), control.Default())
	loaded(t, newFile(t, "\n"), control.Default())
}

func TestFaultsNameTheirLine(t *testing.T) {
	bundle := filepath.ToSlash(filepath.Join(t.TempDir(), "none.pem"))
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", "port = 53\n\nprot = 5\n", "settings.toml, line 3: unknown key “prot”."},
		{"first of two", "a = 1\nb = 2\n", "settings.toml, line 1: unknown key “a”."},
		{"letter case", "Port = 53\n", "settings.toml, line 1: unknown key “Port”."},
		{"table of later versions", "\n[zones]\n\"a\" = \"b\"\n", "settings.toml, line 2: unknown key “zones”."},
		{"letter case of a table", "[Routes]\n", "settings.toml, line 1: unknown key “Routes”."},
		{"key in a table", "[rate_limit]\nburst = 5\nper_secnd = 5\n", "settings.toml, line 3: unknown key “rate_limit.per_secnd”."},
		{"key in a table within braces", "port = 53\nrate_limit = {burst = 5, brust = 1}\n", "settings.toml, line 2: unknown key “rate_limit.brust”."},
		{"letter case in a table", "rate_limit.Burst = 5\n", "settings.toml, line 1: unknown key “rate_limit.Burst”."},
		{"type in a table", "[rate_limit]\n\nburst = \"5\"\n", "settings.toml, line 3: the key “rate_limit.burst” takes a whole number."},
		{"number for a table", "port = 53\nrate_limit = 5\n", "settings.toml, line 2: the key “rate_limit” takes a table."},
		{"value in a table", "[rate_limit]\nburst = 5\nblock_after = -1\n", "settings.toml, line 3: the limit of queries cannot have -1 as its block_after."},
		{"text for a route", "[routes]\n\"a.b\" = \"10.0.0.1\"\n", "settings.toml, line 2: the key “routes” takes a table of domains and lists of servers, such as \"home.arpa\" = [\"192.168.1.1\"]."},
		{"list of routes", "[[routes]]\na = [\"10.0.0.1\"]\n", "settings.toml, line 1: the key “routes” takes a table of domains and lists of servers, such as \"home.arpa\" = [\"192.168.1.1\"]."},
		{"name without quotes", "[routes]\na.b = [\"10.0.0.1\"]\n", "settings.toml, line 2: the key “routes” takes a table of domains and lists of servers, such as \"home.arpa\" = [\"192.168.1.1\"]."},
		{"route", "[routes]\n\"lan\" = [\"10.0.0.1\"]\n\"corp\" = []\n", "settings.toml, line 3: “corp” is routed to no server."},
		{"mixed route", "[routes]\n\"lan\" = [\"10.0.0.1\", \"tls://10.0.0.2\"]\n", "settings.toml, line 2: “lan” is routed to servers in clear text and over TLS."},
		{"override", "[overrides]\n\"a.example\" = [\"here\"]\n", "settings.toml, line 2: “here”, which “a.example” is to have, is not an IP address."},
		{"rule", "port = 53\n[[networks]]\nname = \"Office\"\ngateway = \"00:00:5e:00:53:01\"\n", "settings.toml, line 2: in the rule for “Office”: there is no provider to ask."},
		{"key in a rule", "[[networks]]\nname = \"Office\"\nrouter = \"x\"\n", "settings.toml, line 3: unknown key “networks.router”."},
		{"key in a rule within braces", "port = 53\nnetworks = [{name = \"Office\", router = \"x\"}]\n", "settings.toml, line 2: unknown key “networks.router”."},
		{"type in a rule", "[[networks]]\nname = \"Office\"\npause = 1\n", "settings.toml, line 3: the key “networks.pause” takes true or false."},
		{"text for rules", "networks = \"Office\"\n", "settings.toml, line 1: the key “networks” takes a list of rules for networks, which dot-proxy networks makes."},
		{"access", "access = [\"privat\"]\n", "settings.toml, line 1: “privat” is neither an IP address nor a prefix."},
		{"number for a switch", "hosts = 1\n", "settings.toml, line 1: the key “hosts” takes true or false."},
		{"type of a number", "# x\nport = \"53\"\n", "settings.toml, line 2: the key “port” takes a whole number."},
		{"fraction", "port = 53.0\n", "settings.toml, line 1: the key “port” takes a whole number."},
		{"huge number", "cache_mib = 99999999999999999999\n", "settings.toml, line 1: the key “cache_mib” takes a whole number."},
		{"text for a list", "listen = \"::1\"\n", "settings.toml, line 1: the key “listen” takes a list of addresses such as [\"127.0.0.1\"]."},
		{"number in a list", "upstreams = [\n\"quad9\",\n9\n]\n", "settings.toml, line 3: the key “upstreams” takes a list of providers such as [\"quad9\"]."},
		{"table for a value", "[port]\nx = 1\n", "settings.toml, line 1: the key “port” takes a whole number."},
		{"dotted", "port.x = 1\n", "settings.toml, line 1: the key “port” takes a whole number."},
		{"twice", "port = 53\nport = 54\n", "settings.toml, line 2: key port is already defined."},
		{"no TOML", "port = 53\nport 54\n", "settings.toml, line 2: expected '=' after key."},
		{"cut short", "port = ", "settings.toml, line 1: expected value, not end of input."},
		{"value of a port", "listen = [\"::1\"]\nport = 70000\n", "settings.toml, line 2: 70000 is not a port."},
		{"value of an address", "\nlisten = [\"localhost\"]\n", "settings.toml, line 2: “localhost” is not an IP address."},
		{"empty list", "upstreams = []\n", "settings.toml, line 1: there is no provider to ask."},
		{"upstream", "port = 53\nupstreams = [\"quad9\", \"quad99\"]\n", "settings.toml, line 2: there is no provider “quad99”."},
		{"privacy", "log_privacy = \"none\"\n", "settings.toml, line 1: “none” is not a level of the query log."},
		{"certificate file", "ca_bundle = \"" + bundle + "\"\n", "settings.toml, line 1: the certificate file " + control.Quote(bundle) + " cannot be read: there is no such file."},
		{"topmost of two values", "port = 0\nlisten = []\n", "settings.toml, line 1: 0 is not a port."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, p, err := newFile(t, c.text).Load()
			if err == nil || p == nil {
				t.Fatalf("accepted: %+v", s)
			}
			if p.Message != c.want || p.Code != control.CodeSettings || p.Hint == "" {
				t.Errorf("got  %+v\nwant %s", p, c.want)
			}
			if !errors.Is(err, p) || len(s.Upstreams) > 0 {
				t.Errorf("with no last good copy: settings %+v, error %v", s, err)
			}
		})
	}
}

func TestABrokenFileFallsBackToTheLastGoodOne(t *testing.T) {
	for name, broken := range map[string]string{"no TOML": "port = \n", "unknown key": "x = 1\n", "emptied": "", "blank": " \n"} {
		t.Run(name, func(t *testing.T) {
			f := newFile(t, "")
			if err := f.Save(family()); err != nil {
				t.Fatal(err)
			}
			write(t, f.Path, broken)
			for range 2 { // again at the next start
				s, p, err := f.Load()
				if err != nil || p == nil || p.Code != control.CodeSettings || !s.Equal(family()) {
					t.Fatalf("got %+v, %v, %v", s, p, err)
				}
				if !strings.Contains(p.Hint, "last good settings are used") {
					t.Errorf("hint %q", p.Hint)
				}
			}
			if text(t, f.Path) != broken {
				t.Error("the broken file was changed")
			}
		})
	}
}

func TestAFileReadWithoutFaultIsTheLastGoodOne(t *testing.T) {
	f := newFile(t, "upstreams = [\"quad9\"] # by hand\n")
	want := control.Default()
	want.Upstreams = []string{"quad9"}
	loaded(t, f, want)
	write(t, f.Path, "upstreams = [quad9]\n")
	if s, p, err := f.Load(); err != nil || p == nil || !s.Equal(want) {
		t.Errorf("got %+v, %v, %v", s, p, err)
	}
}

func TestBothBroken(t *testing.T) {
	f := newFile(t, "x = 1\n")
	for _, copy := range []string{"y = 1\n", "", "upstreams = [\"gone\"]\n"} {
		write(t, f.Path+lastGood, copy)
		s, p, err := f.Load()
		if err == nil || p == nil || len(s.Upstreams) > 0 {
			t.Errorf("copy %q: got %+v, %v, %v", copy, s, p, err)
		}
	}
}

func TestAFileThatCannotBeReadIsBroken(t *testing.T) {
	f := newFile(t, "")
	if err := os.MkdirAll(f.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	_, p, err := f.Load()
	if err == nil || p.Message != "settings.toml: it cannot be read: it is not a plain file." {
		t.Errorf("got %v, %v", p, err)
	}
	if err := f.Save(family()); err == nil {
		t.Error("saved over a folder")
	}
}

func TestPath(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	user, err := Path(false)
	if dir, _ := os.UserConfigDir(); err != nil || user != filepath.Join(dir, "dot-proxy", "settings.toml") {
		t.Errorf("user: %q, %v", user, err)
	}
	if runtime.GOOS != "windows" {
		if system, err := Path(true); err != nil || system != "/etc/dot-proxy/settings.toml" {
			t.Errorf("system: %q, %v", system, err)
		}
		t.Setenv("XDG_CONFIG_HOME", "")
		t.Setenv("HOME", "")
		if path, err := Path(false); err == nil {
			t.Errorf("without a home: %q", path)
		}
	}
}

func TestCachePath(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if dir, err := os.UserCacheDir(); err != nil || CachePath(false, "") != filepath.Join(dir, "dot-proxy", "cache") {
		t.Errorf("user: %q", CachePath(false, ""))
	}
	one, other := CachePath(false, "one.toml"), CachePath(false, "other.toml")
	if one == other || one == CachePath(false, "") || filepath.Dir(one) != filepath.Dir(other) {
		t.Errorf("engines with settings of their own share a cache: %q, %q", one, other)
	}
	if got := StatisticsPath(false, "one.toml"); filepath.Dir(got) != filepath.Dir(one) || got == StatisticsPath(false, "other.toml") || got == one {
		t.Errorf("the counters are kept in %q, the cache in %q", got, one)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for directory, want := range map[string]string{"": "/var/cache/dot-proxy/cache", "/var/cache/x": "/var/cache/x/cache", "/a:/b": "/a/cache", "a": "/var/cache/dot-proxy/cache"} {
		t.Setenv("CACHE_DIRECTORY", directory)
		if got := CachePath(true, ""); got != want {
			t.Errorf("system with %q: %q", directory, got)
		}
	}
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	if got := CachePath(false, ""); got != "" {
		t.Errorf("without a home: %q", got)
	}
}

// FuzzParse: no text makes the parser fail, a fault is a sentence with a line
// that exists, and what is accepted survives being saved.
func FuzzParse(f *testing.F) {
	f.Add([]byte("listen = ['127.0.0.1', '::1']\nport = 53\nupstreams = ['cloudflare']\nca_bundle = ''\ncache_mib = 8\nlog_privacy = 'full'\n"))
	f.Add([]byte("prot = 53\n"))
	f.Add([]byte("[[upstreams]]\n"))
	f.Add([]byte("\xef\xbb\xbfport=0x35\r\n"))
	f.Add([]byte("ca_bundle = \"\"\"a\nb\\u0000\"\"\"\n"))
	f.Add([]byte("port.a.b = {c = [1, 2]}\n"))
	f.Add([]byte("race = true\n[routes]\n\"home.arpa\" = [\"192.168.1.1\"]\n[overrides]\n\"*.a\\u0000.b\" = [\"NXDOMAIN\"]\n[rate_limit]\nburst = 5\n"))
	f.Add([]byte("routes = {a = [], \"b c\" = [\"\"]}\nrate_limit.block_for = 1\n[overrides.x]\ny = 1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, _, wrong := parse(text)
		if wrong != nil {
			p := wrong.problem("settings.toml")
			if wrong.line < 0 || wrong.line > strings.Count(string(text), "\n")+1 || strings.ContainsAny(p.Message, "\n\r") {
				t.Errorf("line %d: %q", wrong.line, p.Message)
			}
			return
		}
		b, err := render(s)
		if err != nil {
			t.Fatal(err)
		}
		again, _, wrong := parse(b)
		if wrong != nil || !again.Equal(s) {
			t.Errorf("%+v saved is %+v (%+v)\n%s", s, again, wrong, b)
		}
	})
}
