package control_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
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
		"no privacy":           {func(s *control.Settings) { s.LogPrivacy = "" }, "log_privacy", "“”"},
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

func TestCheckNamesAllThatIsWrong(t *testing.T) {
	var fields []string
	for _, p := range (control.Settings{CacheMiB: -1, CABundle: filepath.Join(t.TempDir(), "none.pem")}).Check() {
		fields = append(fields, p.Field)
	}
	if want := []string{"listen", "port", "upstreams", "ca_bundle", "cache_mib", "log_privacy"}; !slices.Equal(fields, want) {
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
	b.Listen[0], b.Upstreams[0] = "::", "quad9"
	if a.Listen[0] != "127.0.0.1" || a.Upstreams[0] != "cloudflare" {
		t.Error("the clone's lists are the original's")
	}
	for _, change := range []func(*control.Settings){
		func(s *control.Settings) { s.Listen = nil }, func(s *control.Settings) { s.Port++ },
		func(s *control.Settings) { s.Upstreams = nil }, func(s *control.Settings) { s.CABundle = "x" },
		func(s *control.Settings) { s.CacheMiB++ }, func(s *control.Settings) { s.LogPrivacy = control.LogOff },
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
