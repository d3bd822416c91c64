package daemon

import (
	"crypto/x509"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

func TestEffective(t *testing.T) {
	port, bundle := 5353, "ca.pem"
	l := layers{saved: control.Default(), defaultListen: []string{"0.0.0.0", "::"},
		flags: Flags{Upstreams: []string{"quad9"}, Port: &port, CABundle: &bundle}}
	want := control.Default()
	want.Listen, want.Upstreams, want.Port, want.CABundle = []string{"0.0.0.0", "::"}, []string{"quad9"}, 5353, "ca.pem"
	if got := l.effective(); !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	l.flags.Listen = []string{"10.0.0.1"}
	if got := l.effective().Listen; !slices.Equal(got, l.flags.Listen) {
		t.Errorf("listen %v where the flag says %v", got, l.flags.Listen)
	}
	l.flags.Listen, l.saved.Listen = nil, []string{"127.0.0.2"}
	if got := l.effective().Listen; !slices.Equal(got, l.saved.Listen) {
		t.Errorf("listen %v where %v is saved", got, l.saved.Listen)
	}
	if !reflect.DeepEqual(control.Default().Listen, []string{"127.0.0.1", "::1"}) {
		t.Error("the default was changed")
	}
}

func TestWithSaved(t *testing.T) {
	port, bundle := 5353, "ca.pem"
	all := Flags{Listen: []string{"127.0.0.2"}, Upstreams: []string{"quad9"}, Port: &port, CABundle: &bundle}
	cases := map[string]struct {
		change func(*control.Settings)
		want   Flags
	}{
		"nothing changed":   {func(*control.Settings) {}, all},
		"privacy changed":   {func(s *control.Settings) { s.LogPrivacy = control.LogOff }, all},
		"port changed":      {func(s *control.Settings) { s.Port = 54 }, Flags{Listen: all.Listen, Upstreams: all.Upstreams, CABundle: &bundle}},
		"listen changed":    {func(s *control.Settings) { s.Listen = []string{"::1"} }, Flags{Upstreams: all.Upstreams, Port: &port, CABundle: &bundle}},
		"upstreams changed": {func(s *control.Settings) { s.Upstreams = []string{"google"} }, Flags{Listen: all.Listen, Port: &port, CABundle: &bundle}},
		"bundle changed":    {func(s *control.Settings) { s.CABundle = "x" }, Flags{Listen: all.Listen, Upstreams: all.Upstreams, Port: &port}},
	}
	for about, c := range cases {
		l := layers{saved: control.Default(), flags: all}
		s := control.Default()
		c.change(&s)
		got := l.withSaved(s)
		if !reflect.DeepEqual(got.flags, c.want) || !got.saved.Equal(s) {
			t.Errorf("%s: %+v", about, got)
		}
	}
}

func TestWithUpstream(t *testing.T) {
	cases := map[string]struct {
		saved, want []string
	}{
		"a new one leaves no backup that nobody chose": {[]string{"cloudflare"}, []string{"google"}},
		"the backups stay":            {[]string{"cloudflare", "quad9"}, []string{"google", "quad9"}},
		"a backup moves to the front": {[]string{"cloudflare", "quad9", "google"}, []string{"google", "cloudflare", "quad9"}},
		"the same again":              {[]string{"google", "quad9"}, []string{"google", "quad9"}},
		"none before":                 {nil, []string{"google"}},
		"its options stay":            {[]string{"quad9", "google?client-cert=/c"}, []string{"google?client-cert=/c", "quad9"}},
		"another's options stay":      {[]string{"quad9?client-cert=/c", "google"}, []string{"google", "quad9?client-cert=/c"}},
	}
	for about, c := range cases {
		l := layers{saved: control.Default(), flags: Flags{Upstreams: []string{"adguard"}}}
		l.saved.Upstreams = c.saved
		before := slices.Clone(c.saved)
		got := l.withUpstream("google")
		if !slices.Equal(got.saved.Upstreams, c.want) || got.flags.Upstreams != nil || !slices.Equal(c.saved, before) {
			t.Errorf("%s: %v, flag %v", about, got.saved.Upstreams, got.flags.Upstreams)
		}
	}
}

// New options take the place of a server's old ones: without that, it would
// stay as its own backup, asked without its pins.
func TestWithUpstreamOfOtherOptions(t *testing.T) {
	for _, old := range []string{"google", "google?client-cert=/old"} {
		l := layers{saved: control.Default()}
		l.saved.Upstreams = []string{"quad9", old}
		got := l.withUpstream("google?client-cert=/new").saved.Upstreams
		if want := []string{"google?client-cert=/new", "quad9"}; !slices.Equal(got, want) {
			t.Errorf("after %s: %v, want %v", old, got, want)
		}
	}
}

func TestPlan(t *testing.T) {
	l := layers{saved: control.Default()}
	p, problem := l.plan()
	if problem != nil {
		t.Fatal(problem)
	}
	want := []resolver.ListenAddr{
		{Addr: netip.MustParseAddrPort("127.0.0.1:53"), Optional: true},
		{Addr: netip.MustParseAddrPort("[::1]:53"), Optional: true},
	}
	if !slices.Equal(p.listen, want) || p.upstreams[0].ID != "cloudflare" || p.roots != nil {
		t.Errorf("plan %+v", p)
	}
	l.flags.Listen = []string{"127.0.0.1", "::1"}
	if p, _ := l.plan(); p.listen[0].Optional {
		t.Error("an address that was asked for is optional")
	}
	demo := &Demo{Upstream: provider.Upstream{Spec: "demo", Label: "Demo"}, Roots: x509.NewCertPool()}
	if p, _ := (layers{saved: control.Default(), demo: demo}).plan(); len(p.upstreams) != 1 || p.upstreams[0].Spec != "demo" || p.roots != demo.Roots {
		t.Errorf("the demo's plan is %+v", p)
	}
}

func TestPlanRefuses(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		change func(*control.Settings)
		field  string
		names  string
	}{
		"port":           {func(s *control.Settings) { s.Port = 70000 }, "port", "70000"},
		"listen":         {func(s *control.Settings) { s.Listen = []string{"here"} }, "listen", "here"},
		"upstream":       {func(s *control.Settings) { s.Upstreams = []string{"quad9", "cloudflair!"} }, "upstreams", "cloudflair!"},
		"unknown option": {func(s *control.Settings) { s.Upstreams = []string{"quad9?pin=x"} }, "upstreams", "unknown option “pin”"},
		"client certificate": {func(s *control.Settings) { s.Upstreams = []string{"quad9?client-cert=" + empty} }, "upstreams",
			"For Quad9, the client certificate file " + empty + " holds no certificate in PEM form."},
		"missing bundle":    {func(s *control.Settings) { s.CABundle = empty + "x" }, "ca_bundle", "empty.pemx"},
		"empty bundle":      {func(s *control.Settings) { s.CABundle = empty }, "ca_bundle", "empty.pem"},
		"bundle's a folder": {func(s *control.Settings) { s.CABundle = filepath.Dir(empty) }, "ca_bundle", "folder"},
	}
	for about, c := range cases {
		l := layers{saved: control.Default()}
		c.change(&l.saved)
		_, p := l.plan()
		if p == nil || p.Code != control.CodeBadValue || p.Field != c.field || !strings.Contains(p.Error(), c.names) {
			t.Errorf("%s: %+v", about, p)
		}
	}
}
