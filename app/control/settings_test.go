package control_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dotproxy/app/control"
)

func TestDefaultSettingsAreGood(t *testing.T) {
	if wrong := control.Default().Check(); len(wrong) > 0 {
		t.Error(wrong)
	}
}

func TestCheckNamesTheField(t *testing.T) {
	many := make([]string, 17)
	for i := range many {
		many[i] = "10.0.0." + string(rune('a'+i))
	}
	for name, c := range map[string]struct {
		change func(*control.Settings)
		field  string // empty: nothing is wrong
		says   string
	}{
		"every address":        {func(s *control.Settings) { s.Listen = []string{"0.0.0.0", "::"} }, "", ""},
		"link-local with zone": {func(s *control.Settings) { s.Listen = []string{"fe80::1%eth0"} }, "", ""},
		"no address":           {func(s *control.Settings) { s.Listen = nil }, "listen", "no address"},
		"a name":               {func(s *control.Settings) { s.Listen = []string{"localhost"} }, "listen", "“localhost”"},
		"with a port":          {func(s *control.Settings) { s.Listen = []string{"127.0.0.1:53"} }, "listen", "“127.0.0.1:53”"},
		"with spaces":          {func(s *control.Settings) { s.Listen = []string{" 127.0.0.1"} }, "listen", "not an IP"},
		"octal":                {func(s *control.Settings) { s.Listen = []string{"127.0.0.010"} }, "listen", "not an IP"},
		"twice":                {func(s *control.Settings) { s.Listen = []string{"::1", "0:0::1"} }, "listen", "twice"},
		"twice, mapped":        {func(s *control.Settings) { s.Listen = []string{"127.0.0.1", "::ffff:127.0.0.1"} }, "listen", "twice"},
		"multicast":            {func(s *control.Settings) { s.Listen = []string{"224.0.0.251"} }, "listen", "one computer"},
		"too many":             {func(s *control.Settings) { s.Listen = many }, "listen", "17"},
		"port 65535":           {func(s *control.Settings) { s.Port = 65535 }, "", ""},
		"port 0":               {func(s *control.Settings) { s.Port = 0 }, "port", "0 is not a port"},
		"port 65536":           {func(s *control.Settings) { s.Port = 65536 }, "port", "65536"},
		"no upstream":          {func(s *control.Settings) { s.Upstreams = []string{} }, "upstreams", "no provider"},
		"empty upstream":       {func(s *control.Settings) { s.Upstreams = []string{"quad9", " "} }, "upstreams", "empty"},
		"upstream twice":       {func(s *control.Settings) { s.Upstreams = []string{"quad9", "quad9"} }, "upstreams", "twice"},
		"no cache":             {func(s *control.Settings) { s.CacheMiB = 0 }, "", ""},
		"negative cache":       {func(s *control.Settings) { s.CacheMiB = -1 }, "cache_mib", "-1"},
		"huge cache":           {func(s *control.Settings) { s.CacheMiB = 4097 }, "cache_mib", "4097"},
		"privacy":              {func(s *control.Settings) { s.LogPrivacy = "some" }, "log_privacy", "“some”"},
		"no least time":        {func(s *control.Settings) { s.CacheMinTTL = 0 }, "", ""},
		"negative least time":  {func(s *control.Settings) { s.CacheMinTTL = -1 }, "cache_min_ttl", "-1 seconds"},
		"least over most":      {func(s *control.Settings) { s.CacheMinTTL, s.CacheMaxTTL = 61, 60 }, "cache_min_ttl", "at least 61 and at most 60"},
		"no most time":         {func(s *control.Settings) { s.CacheMaxTTL = 0 }, "cache_max_ttl", "at most 0 seconds"},
		"more than a day":      {func(s *control.Settings) { s.CacheMaxTTL = 86401 }, "cache_max_ttl", "86401"},
		"never stale":          {func(s *control.Settings) { s.StaleHours = 0 }, "", ""},
		"negative stale":       {func(s *control.Settings) { s.StaleHours = -1 }, "stale_hours", "-1 hours"},
		"stale over a week":    {func(s *control.Settings) { s.StaleHours = 169 }, "stale_hours", "169"},
		"access":               {func(s *control.Settings) { s.Access = []string{"any", "private", "10.0.0.1", "2001:db8::/32"} }, "", ""},
		"nobody":               {func(s *control.Settings) { s.Access = nil }, "", ""},
		"unknown access":       {func(s *control.Settings) { s.Access = []string{"private", "lan"} }, "access", "“lan”"},
		"access with a zone":   {func(s *control.Settings) { s.Access = []string{"fe80::1%eth0"} }, "access", "“fe80::1%eth0”"},
		"too much access":      {func(s *control.Settings) { s.Access = make([]string, 1001) }, "access", "1001"},
		"routes": {func(s *control.Settings) {
			s.Routes = map[string][]string{"lan": {"10.0.0.1", "10.0.0.1:5353", "[fd00::1]"}, "a.example": {"tls://10.0.0.1", "quad9"}}
		}, "", ""},
		"route to nobody":   {func(s *control.Settings) { s.Routes = map[string][]string{"lan": {}} }, "routes", "“lan” is routed to no server"},
		"route of nothing":  {func(s *control.Settings) { s.Routes = map[string][]string{" ": {"10.0.0.1"}} }, "routes", "no domain"},
		"route to a blank":  {func(s *control.Settings) { s.Routes = map[string][]string{"lan": {"10.0.0.1", ""}} }, "routes", "is empty"},
		"mixed route":       {func(s *control.Settings) { s.Routes = map[string][]string{"lan": {"10.0.0.1", "quad9"}} }, "routes", "in clear text and over TLS"},
		"route to too many": {func(s *control.Settings) { s.Routes = map[string][]string{"lan": many} }, "routes", "17 servers"},
		"too many routes":   {func(s *control.Settings) { s.Routes = thousandAndOne() }, "routes", "1001"},
		"overrides": {func(s *control.Settings) {
			s.Overrides = map[string][]string{"*.a": {"NXDOMAIN"}, "b": {"::1", "192.0.2.1"}}
		}, "", ""},
		"override of nothing": {func(s *control.Settings) { s.Overrides = map[string][]string{"": {"::1"}} }, "overrides", "no name"},
		"override, empty":     {func(s *control.Settings) { s.Overrides = map[string][]string{"a": nil} }, "overrides", "“a” has no address"},
		"override, a name":    {func(s *control.Settings) { s.Overrides = map[string][]string{"a": {"b"}} }, "overrides", "“b”"},
		"override, a zone":    {func(s *control.Settings) { s.Overrides = map[string][]string{"a": {"fe80::1%x"}} }, "overrides", "“fe80::1%x”"},
		"override, both":      {func(s *control.Settings) { s.Overrides = map[string][]string{"a": {"::1", "NXDOMAIN"}} }, "overrides", "addresses and NXDOMAIN"},
		"override, too long":  {func(s *control.Settings) { s.Overrides = map[string][]string{"a": make([]string, 101)} }, "overrides", "101 addresses"},
		"too many overrides":  {func(s *control.Settings) { s.Overrides = thousandAndOne() }, "overrides", "1001"},
		"no limit":            {func(s *control.Settings) { s.RateLimit = control.RateLimit{} }, "", ""},
		"limit without burst": {func(s *control.Settings) { s.RateLimit.Burst = 0 }, "rate_limit", "0 as its burst"},
		"negative limit":      {func(s *control.Settings) { s.RateLimit.PerSecond = -1 }, "rate_limit", "-1 as its per_second"},
		"no window":           {func(s *control.Settings) { s.RateLimit.BlockWindow = 0 }, "rate_limit", "0 as its block_window"},
		"block for ever":      {func(s *control.Settings) { s.RateLimit.BlockFor = 1 << 30 }, "rate_limit", "block_for"},
		"no privacy":          {func(s *control.Settings) { s.LogPrivacy = "" }, "log_privacy", "“”"},
	} {
		t.Run(name, func(t *testing.T) {
			s := control.Default()
			c.change(&s)
			wrong := s.Check()
			if c.field == "" {
				if len(wrong) > 0 {
					t.Fatalf("refused: %v", wrong)
				}
				return
			}
			if len(wrong) != 1 || wrong[0].Field != c.field || wrong[0].Code != control.CodeBadValue {
				t.Fatalf("got %v, want one problem of %s", wrong, c.field)
			}
			if p := wrong[0]; !strings.Contains(p.Message, c.says) || p.Hint == "" {
				t.Errorf("message %q, hint %q: want %q", p.Message, p.Hint, c.says)
			}
		})
	}
}

func thousandAndOne() map[string][]string {
	table := map[string][]string{}
	for i := range 1001 {
		table[strconv.Itoa(i)] = []string{"10.0.0.1"}
	}
	return table
}

func TestCheckNamesTheEntry(t *testing.T) {
	s := control.Default()
	s.Routes = map[string][]string{"lan": {"10.0.0.1"}, "corp": {}}
	s.Overrides = map[string][]string{"a": {"::1"}, "b": {"x"}}
	s.RateLimit.Burst = -1
	var got []string
	for _, p := range s.Check() {
		got = append(got, p.Field+" "+p.Entry)
	}
	if want := []string{"routes corp", "overrides b", "rate_limit burst"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPlainServer(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.1": "10.0.0.1:53", " 10.0.0.1:5353": "10.0.0.1:5353", "fd00::1": "[fd00::1]:53", "[fd00::1]": "[fd00::1]:53",
		"[fd00::1]:5353": "[fd00::1]:5353", "::ffff:10.0.0.1": "10.0.0.1:53", "fe80::1%eth0": "[fe80::1%eth0]:53",
		"tls://10.0.0.1": "", "10.0.0.1#dns.test": "", "10.0.0.1@853": "", "quad9": "", "": "", "[fd00::1": "", "dns.example": "", "10.0.0.1?verify=pins": "",
	} {
		got, ok := control.PlainServer(text)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: %v, %v; want %q", text, got, ok, want)
		}
	}
}

func TestAccessPrefixes(t *testing.T) {
	list, err := control.AccessPrefixes([]string{"private", "192.0.2.7", "2001:db8:0:1::9/64", "::ffff:192.0.2.8"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"10.1.2.3": true, "172.31.0.1": true, "172.32.0.1": false, "192.168.9.9": true, "169.254.1.1": true, "100.64.0.1": true, "100.128.0.1": false,
		"fd12::1": true, "fe80::1": true, "2001:db8::1": false, "2001:db8:0:1::5": true, "192.0.2.7": true, "192.0.2.8": true, "192.0.2.9": false,
	} {
		if got := slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(netip.MustParseAddr(text)) }); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	for _, text := range []string{"8.8.8.8", "2001:db8::1"} {
		all, err := control.AccessPrefixes([]string{"any"})
		if err != nil || !slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(netip.MustParseAddr(text)) }) {
			t.Errorf("any lacks %s", text)
		}
	}
}

func TestCheckNamesAllThatIsWrong(t *testing.T) {
	var fields []string
	for _, p := range (control.Settings{CacheMiB: -1, CABundle: filepath.Join(t.TempDir(), "none.pem")}).Check() {
		fields = append(fields, p.Field)
	}
	if want := []string{"listen", "port", "upstreams", "ca_bundle", "cache_mib", "cache_max_ttl", "log_privacy"}; !slices.Equal(fields, want) {
		t.Errorf("got %v, want %v", fields, want)
	}
}

func authority(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestCheckReadsTheCertificateFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := authority(t)
	for _, c := range []struct{ name, path, says string }{
		{"system", "", ""},
		{"one", write("one.pem", good), ""},
		{"with comments and a broken one", write("two.pem", slices.Concat([]byte("# roots\n"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}), good)), ""},
		{"empty", write("empty.pem", nil), "holds no certificate"},
		{"a key", write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}})), "holds no certificate"},
		{"absent", filepath.Join(dir, "absent.pem"), "there is no such file"},
		{"a folder", dir, "it is a folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := control.Default()
			s.CABundle = c.path
			wrong := s.Check()
			pool, err := control.LoadRoots(c.path)
			if c.says == "" {
				if len(wrong) > 0 || err != nil || (pool == nil) != (c.path == "") {
					t.Fatalf("refused: %v %v %v", wrong, err, pool)
				}
				return
			}
			if len(wrong) != 1 || wrong[0].Field != "ca_bundle" || !strings.Contains(wrong[0].Message, c.says) || err == nil {
				t.Errorf("got %v, want %q", wrong, c.says)
			}
		})
	}
}

func TestCloneSharesNothing(t *testing.T) {
	a := control.Default()
	b := a.Clone()
	if !a.Equal(b) {
		t.Fatal("a clone differs")
	}
	b.Listen[0], b.Upstreams[0], b.Access[0] = "::", "quad9", "any"
	b.Routes["lan"], b.Overrides["a"] = []string{"10.0.0.1"}, []string{"::1"}
	if a.Listen[0] != "127.0.0.1" || a.Upstreams[0] != "cloudflare" || a.Access[0] != "private" || len(a.Routes) > 0 || len(a.Overrides) > 0 {
		t.Error("the clone's lists are the original's")
	}
	for _, change := range []func(*control.Settings){
		func(s *control.Settings) { s.Listen = nil }, func(s *control.Settings) { s.Port++ },
		func(s *control.Settings) { s.Upstreams = nil }, func(s *control.Settings) { s.CABundle = "x" },
		func(s *control.Settings) { s.CacheMiB++ }, func(s *control.Settings) { s.LogPrivacy = control.LogOff },
		func(s *control.Settings) { s.Race = true }, func(s *control.Settings) { s.HideSubnet = true },
		func(s *control.Settings) { s.CacheMinTTL++ }, func(s *control.Settings) { s.CacheMaxTTL-- },
		func(s *control.Settings) { s.StaleHours++ }, func(s *control.Settings) { s.CachePersist = true },
		func(s *control.Settings) { s.Canary = false }, func(s *control.Settings) { s.Hosts = false },
		func(s *control.Settings) { s.RebindingProtection = true }, func(s *control.Settings) { s.LocalNetwork = true },
		func(s *control.Settings) { s.KeepStatistics = true },
		func(s *control.Settings) { s.Access = nil }, func(s *control.Settings) { s.Routes["lan"] = []string{"10.0.0.1"} },
		func(s *control.Settings) { s.Overrides["a"] = []string{"::1"} }, func(s *control.Settings) { s.RateLimit.Burst++ },
	} {
		c := a.Clone()
		if change(&c); a.Equal(c) {
			t.Errorf("%+v equals the default", c)
		}
	}
}

func TestQuoteIsFitForASentence(t *testing.T) {
	for in, want := range map[string]string{
		"quad9": "“quad9”", "a\x1b[31m\nb": "“a�[31m�b”", "\xff": "“�”", strings.Repeat("é", 81): "“" + strings.Repeat("é", 79) + "…”",
	} {
		if got := control.Quote(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}
