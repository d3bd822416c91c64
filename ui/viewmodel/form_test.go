package viewmodel

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func newForm(upstreams ...string) *Form {
	s := control.Default()
	if upstreams != nil {
		s.Upstreams = upstreams
	}
	f := NewForm()
	f.Load(s, controltest.Providers(), false)
	return f
}

func TestFormUntouched(t *testing.T) {
	f := newForm("quad9", "cloudflare", "10.0.0.53#dns.home")
	if f.CanApply() || len(f.Changes()) != 0 || len(f.Wrong()) != 0 {
		t.Errorf("changes %v, wrong %v", f.Changes(), f.Wrong())
	}
	for field, want := range map[Field]string{
		FieldPort: "53", FieldListen: "127.0.0.1, ::1", FieldBundle: "", FieldProvider: "Quad9",
		FieldBackups: "Cloudflare, 10.0.0.53#dns.home", FieldCache: "8", FieldPrivacy: "full",
	} {
		if got := f.Value(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	for _, field := range Fields() {
		if field.Label() == "" || f.Hint(field) == "" {
			t.Errorf("%s has no label or hint", field)
		}
	}
}

// TestFormErrors types one value and expects it to be refused before it is
// sent, or taken.
func TestFormErrors(t *testing.T) {
	for _, c := range []struct {
		field Field
		text  string
		wrong string // part of the sentence; empty where the value is fine
	}{
		{FieldPort, "70000", "70000 is not a port."},
		{FieldPort, "0", "0 is not a port."},
		{FieldPort, "-1", "“-1” is not a number."},
		{FieldPort, "5 3", "“5 3” is not a number."},
		{FieldPort, "", "Enter a number from 1 to 65535"},
		{FieldPort, " 5353 ", ""},
		{FieldListen, "", "no address to answer on"},
		{FieldListen, "127.0.0.1, localhost", "“localhost” is not an IP address."},
		{FieldListen, "127.0.0.1, 127.0.0.1", "listed twice"},
		{FieldListen, "0.0.0.0", ""},
		{FieldCache, "x", "“x” is not a number. Enter a number of MiB"},
		{FieldCache, "99999", "cannot be 99999 MiB"},
		{FieldCache, "0", ""},
		{FieldProvider, "", "no provider to ask"},
		{FieldProvider, "quad", "“quad” is not a known provider."},
		{FieldProvider, "GOOGLE", ""},
		{FieldProvider, "9.9.9.9#dns.quad9.net", ""},
		{FieldProvider, "9.9.9.9:8853#dns.quad9.net", ""},
		{FieldProvider, "2620:fe::fe@8853#dns.quad9.net", ""},
		{FieldProvider, "[2620:fe::fe]:8853", ""},
		{FieldProvider, "quad9?client-cert=/c.pem", ""},
		{FieldProvider, "tls://dns.google?client-cert=/etc/c.pem&client-key=/etc/k.pem", ""},
		{FieldProvider, "quad?verify=pins", "“quad” is not a known provider."},
		{FieldProvider, "9.9.9.9#", "lacks the name on its certificate"},
		{FieldProvider, "dns.quad9.net#9.9.9.9", "“dns.quad9.net” is not an IP address"},
		{FieldProvider, "tls://dns.google:853", ""},
		{FieldProvider, "tls://dns.google:99999", "is not a known provider"},
		{FieldProvider, "sdns://AwcAAAAAAAAA", ""},
		{FieldProvider, "https://dns.google/dns-query", "is not an address of DNS over TLS"},
		{FieldProvider, "1.2.3", "is not a known provider"},
		{FieldProvider, "9.9.9.9@0", "is not a known provider"},
		{FieldProvider, "two words.net", "is not a known provider"},
		{FieldProvider, "a..b", "is not a known provider"},
		{FieldBackups, "Google, Quad9", ""},
		{FieldBackups, "cloudflare", "is asked already"},
		{FieldBackups, "Google, Google", "is asked already"},
		{FieldBackups, "Google, x", "“x” is not a known provider"},
		{FieldPrivacy, "off", ""},
		{FieldPrivacy, "half", "not a level of the query log"},
		{FieldBundle, "/nowhere/at/all.pem", "there is no such file"},
	} {
		t.Run(string(c.field)+" "+c.text, func(t *testing.T) {
			f := newForm()
			f.Set(c.field, c.text)
			got := f.Error(c.field)
			if c.wrong == "" && got != "" || !strings.Contains(got, c.wrong) {
				t.Errorf("error %q, want %q", got, c.wrong)
			}
			if f.CanApply() != (c.wrong == "") {
				t.Errorf("CanApply is %v", f.CanApply())
			}
			if got != "" && !strings.HasSuffix(got, ".") {
				t.Errorf("%q is not a sentence", got)
			}
		})
	}
}

func TestFormCountsChangesAndErrors(t *testing.T) {
	f := newForm()
	f.Set(FieldPort, "70000")
	f.Set(FieldCache, "16")
	if got := f.Summary(); got != "2 changes, 1 to correct: Port" {
		t.Errorf("got %q", got)
	}
	f.Set(FieldPort, "5353")
	if got := f.Summary(); got != "2 changes" || !f.CanApply() {
		t.Errorf("got %q, CanApply %v", got, f.CanApply())
	}
	f.Set(FieldPort, "53") // as it is saved
	if got := f.Changes(); !slices.Equal(got, []Field{FieldCache}) {
		t.Errorf("changes %v", got)
	}
	f.Revert()
	if len(f.Changes()) != 0 || f.Value(FieldCache) != "8" {
		t.Errorf("after Revert: %v, %q", f.Changes(), f.Value(FieldCache))
	}
}

func TestFormSettings(t *testing.T) {
	f := newForm("cloudflare")
	for field, text := range map[Field]string{
		FieldPort: " 5353", FieldListen: "127.0.0.1 ,, ::1,", FieldProvider: "quad9", FieldBackups: "Google, 10.0.0.53#dns.home",
		FieldCache: "0", FieldPrivacy: "hide_names",
	} {
		f.Set(field, text)
	}
	want := control.Default()
	want.Port, want.Upstreams, want.CacheMiB, want.LogPrivacy = 5353, []string{"quad9", "google", "10.0.0.53#dns.home"}, 0, control.LogHideNames
	if got := f.Settings(); !got.Equal(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	f.Set(FieldBackups, " none ")
	if got := f.Settings().Upstreams; !slices.Equal(got, []string{"quad9"}) {
		t.Errorf("without a backup: %v", got)
	}
	f.Saved(f.Settings())
	if len(f.Changes()) != 0 || f.Value(FieldPort) != "5353" || f.Value(FieldProvider) != "Quad9" || f.Value(FieldBackups) != NoBackup() {
		t.Errorf("after saving: changes %v, port %s", f.Changes(), f.Value(FieldPort))
	}
}

func TestFormKeepsWhatIsTypedWhenSettingsChange(t *testing.T) {
	f := newForm()
	f.Set(FieldPort, "5353")
	f.Set(FieldCache, "16")
	s := control.Default()
	s.Upstreams, s.CacheMiB = []string{"google", "cloudflare"}, 16
	f.Load(s, controltest.Providers(), false)
	if f.Value(FieldPort) != "5353" || f.Value(FieldProvider) != "Google" || f.Value(FieldBackups) != "Cloudflare" {
		t.Errorf("port %q, provider %q, backups %q", f.Value(FieldPort), f.Value(FieldProvider), f.Value(FieldBackups))
	}
	if got := f.Changes(); !slices.Equal(got, []Field{FieldPort}) {
		t.Errorf("changes %v: the cache is saved now", got)
	}
	if got := f.Settings().Upstreams; !slices.Equal(got, s.Upstreams) {
		t.Errorf("upstreams nobody typed: %v", got)
	}
}

func TestFormRefused(t *testing.T) {
	f := newForm()
	f.Set(FieldProvider, "dns.home.arpa")
	f.Set(FieldBackups, "tls://other.example")
	if !f.Refuse(control.BadValue("upstreams", "“tls://other.example” cannot be looked up.", "")) || f.Error(FieldBackups) == "" || f.Error(FieldProvider) != "" {
		t.Errorf("provider %q, backups %q", f.Error(FieldProvider), f.Error(FieldBackups))
	}
	if !f.Refuse(control.BadValue("upstreams", "“dns.home.arpa” cannot be looked up.", "Mend it.")) || f.Error(FieldProvider) != "“dns.home.arpa” cannot be looked up. Mend it." {
		t.Errorf("provider %q", f.Error(FieldProvider))
	}
	if f.CanApply() {
		t.Error("what was refused can be sent again unchanged")
	}
	f.Set(FieldProvider, "dns.google")
	f.Set(FieldBackups, "quad9")
	if f.Error(FieldProvider) != "" || !f.CanApply() {
		t.Errorf("a new value is still refused: %q", f.Error(FieldProvider))
	}
	if f.Refuse(&control.Problem{Code: control.CodeInternal, Message: "The disk is full."}) {
		t.Error("a problem of no field marks one")
	}
}

func TestFormBundle(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	one := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.pem"), filepath.Join(dir, "bad.pem")
	for path, text := range map[string][]byte{good: append(one, one...), bad: []byte("no certificate")} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := newForm()
	f.Set(FieldBundle, bad)
	if got := f.Error(FieldBundle); !strings.Contains(got, "holds no certificate") {
		t.Errorf("got %q", got)
	}
	f.Set(FieldBundle, good)
	if f.Error(FieldBundle) != "" || f.Hint(FieldBundle) != "A file with 2 certificates" || f.Settings().CABundle != good {
		t.Errorf("error %q, hint %q", f.Error(FieldBundle), f.Hint(FieldBundle))
	}
	f.Set(FieldBundle, "")
	if !strings.HasPrefix(f.Hint(FieldBundle), "The system’s roots") {
		t.Errorf("hint %q", f.Hint(FieldBundle))
	}
}

func TestFormHints(t *testing.T) {
	f := newForm()
	if f.ListensBeyond() || f.Hint(FieldListen) != "Who can ask: only this computer" {
		t.Errorf("loopback: %q", f.Hint(FieldListen))
	}
	f.Set(FieldListen, "127.0.0.1, 192.168.1.2")
	if !f.ListensBeyond() || !strings.HasPrefix(f.Hint(FieldListen), "Other devices on the network can ask.") {
		t.Errorf("beyond: %q", f.Hint(FieldListen))
	}
	if f.Load(control.Default(), controltest.Providers(), true); !f.Demo() {
		t.Error("a demo is not known as one")
	}
	if got := f.ProviderNames(); !slices.Equal(got, []string{"Cloudflare", "Quad9", "Google"}) {
		t.Errorf("names %v", got)
	}
}

func FuzzFormUpstream(f *testing.F) {
	for _, s := range []string{"cloudflare", "9.9.9.9#dns.quad9.net", "[::1]:853", "tls://dns.google", "sdns://x", "::1@853", "a,b", "None"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		form := newForm()
		form.Set(FieldProvider, text)
		form.Set(FieldBackups, text)
		if form.CanApply() && slices.Contains(form.Settings().Upstreams, "") {
			t.Errorf("%q is applied as an empty upstream", text)
		}
		if e := form.Error(FieldProvider); e != "" && !strings.HasSuffix(e, ".") {
			t.Errorf("%q is no sentence", e)
		}
	})
}
