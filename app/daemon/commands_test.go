package daemon

import (
	"context"
	"crypto/x509"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"dotproxy/app/control"
	"dotproxy/resolver/provider"
)

func TestStartStop(t *testing.T) {
	r := newRig(t, nil)
	ctx := t.Context()
	if s := r.Status(); s.State != control.Stopped || !slices.Equal(s.Listen, []string{"127.0.0.1:53", "[::1]:53"}) {
		t.Errorf("before the start: %+v", s)
	}
	for range 2 { // the second is a no-op
		if err := r.Start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if want := addrs("127.0.0.1:53", "[::1]:53"); len(r.eng.calls) != 1 || !slices.Equal(r.eng.open, want) {
		t.Errorf("Listen was called with %v", r.eng.calls)
	}
	if s := r.Status(); s.State != control.Starting {
		t.Errorf("after the start: %s", s.State)
	}
	r.eng.set(answeredBy(0))
	s := r.Status()
	if s.State != control.Protected || s.Provider != "cloudflare" || s.ProviderName != "Cloudflare" || s.Version != "1.2.3" || s.PID == 0 || s.Demo {
		t.Errorf("with an answer: %+v", s)
	}
	if err := r.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if s := r.Status(); s.State != control.Stopped || len(r.eng.open) != 0 || s.Problem != nil {
		t.Errorf("after the stop: %+v, open %v", s, r.eng.open)
	}
	if len(r.store.saved) != 0 {
		t.Error("something was saved")
	}
}

func TestUse(t *testing.T) {
	r := newRig(t, nil)
	ctx := t.Context()
	if err := r.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.Use(ctx, " Quad9 "); err != nil {
		t.Fatal(err)
	}
	want := []string{"quad9", "cloudflare"}
	if !slices.Equal(r.eng.specs(), want) || len(r.store.saved) != 1 || !slices.Equal(r.store.saved[0].Upstreams, want) || !slices.Equal(r.Settings().Upstreams, want) {
		t.Errorf("engine %v, saved %+v", r.eng.specs(), r.store.saved)
	}
	if len(r.eng.calls) != 2 || !slices.Equal(r.eng.calls[1], r.eng.calls[0]) {
		t.Errorf("the listeners were changed: %v", r.eng.calls)
	}
	p := problemOf(t, r.Use(ctx, "nobody at all"))
	if p.Code != control.CodeBadValue || p.Field != "upstream" || !slices.Equal(r.eng.specs(), want) {
		t.Errorf("a bad upstream: %+v, engine %v", p, r.eng.specs())
	}
	r.store.refuse = &control.Problem{Code: control.CodeSettings, Message: "The disk is full."}
	if p := problemOf(t, r.Use(ctx, "google")); p.Message != "The disk is full." || !slices.Equal(r.eng.specs(), want) || !slices.Equal(r.Settings().Upstreams, want) {
		t.Errorf("not saved: %+v, engine %v", p, r.eng.specs())
	}
}

func TestUseReplacesFlag(t *testing.T) {
	r := newRig(t, func(o *Options, _ *rig) { o.Flags.Upstreams = []string{"adguard"} })
	if got := r.eng.specs(); !slices.Equal(got, []string{"adguard"}) {
		t.Fatalf("with the flag: %v", got)
	}
	if err := r.Use(t.Context(), "google"); err != nil {
		t.Fatal(err)
	}
	want := []string{"google", "quad9"}
	if !slices.Equal(r.eng.specs(), want) || !slices.Equal(r.store.saved[0].Upstreams, want) {
		t.Errorf("engine %v, saved %v", r.eng.specs(), r.store.saved)
	}
	if s := r.Status(); s.State != control.Stopped || s.Provider != "google" {
		t.Errorf("status %+v", s)
	}
}

func TestApply(t *testing.T) {
	r := newRig(t, nil)
	ctx := t.Context()
	if err := r.Start(ctx); err != nil {
		t.Fatal(err)
	}
	s := r.Settings()
	s.Port, s.Listen, s.CacheMiB, s.LogPrivacy = 5353, []string{"127.0.0.1"}, 2, control.LogOff
	if err := r.Apply(ctx, s); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.eng.open, addrs("127.0.0.1:5353")) || r.eng.cache != 2<<20 || r.eng.switches != 0 || !r.store.saved[0].Equal(s) {
		t.Errorf("engine %+v, saved %+v", r.eng, r.store.saved)
	}
	// New addresses are open before old ones are closed.
	if both := addrs("127.0.0.1:5353", "127.0.0.1:53", "[::1]:53"); !slices.Equal(r.eng.calls[1], both) {
		t.Errorf("Listen was called with %v", r.eng.calls)
	}
	s.Upstreams = []string{"GOOGLE"}
	if err := r.Apply(ctx, s); err != nil || !slices.Equal(r.eng.specs(), []string{"google"}) {
		t.Errorf("%v, engine %v", err, r.eng.specs())
	}
	for field, change := range map[string]func(*control.Settings){
		"port":      func(s *control.Settings) { s.Port = 0 },
		"upstreams": func(s *control.Settings) { s.Upstreams = []string{"no such"} },
		"ca_bundle": func(s *control.Settings) { s.CABundle = "/does/not/exist" },
	} {
		bad := r.Settings()
		change(&bad)
		if p := problemOf(t, r.Apply(ctx, bad)); p.Field != field || !r.Settings().Equal(withUpstreams(s, "google")) {
			t.Errorf("%s: %+v, settings %+v", field, p, r.Settings())
		}
	}
}

func withUpstreams(s control.Settings, ups ...string) control.Settings {
	s.Upstreams = ups
	return s
}

func TestApplyRollsBack(t *testing.T) {
	r := newRig(t, func(_ *Options, r *rig) {
		r.eng.refuse = func(a netip.AddrPort) error {
			if a.Port() == 54 {
				return errInUse
			}
			return nil
		}
	})
	ctx := t.Context()
	if err := r.Start(ctx); err != nil {
		t.Fatal(err)
	}
	r.eng.set(answeredBy(0))
	before, open := r.Settings(), r.eng.Addrs()
	s := before
	s.Port = 54
	p := problemOf(t, r.Apply(ctx, s))
	if p.Code != control.CodePortInUse || p.Field != "port" || p.Message != "Port 54 is taken by dnsmasq (process 812)." {
		t.Errorf("problem %+v", p)
	}
	check := func(about string) {
		t.Helper()
		if !r.Settings().Equal(before) || !slices.Equal(r.eng.Addrs(), open) || len(r.store.saved) != 0 || r.Status().State != control.Protected {
			t.Errorf("%s: settings %+v, open %v, saved %v, state %s", about, r.Settings(), r.eng.Addrs(), r.store.saved, r.Status().State)
		}
	}
	check("the port was taken")
	r.store.refuse = errors.New("disk full")
	s.Port = 5353
	if p := problemOf(t, r.Apply(ctx, s)); p.Code != control.CodeInternal {
		t.Errorf("problem %+v", p)
	}
	check("saving failed")
}

// TestApplyWildcard goes from 127.0.0.1 to 0.0.0.0 on the same port, which
// cannot be open together.
func TestApplyWildcard(t *testing.T) {
	r := newRig(t, func(_ *Options, r *rig) {
		r.eng.refuse = func(a netip.AddrPort) error {
			for _, o := range r.eng.open {
				if inTheWay(o, a) {
					return errInUse
				}
			}
			return nil
		}
	})
	ctx := t.Context()
	if err := r.Start(ctx); err != nil {
		t.Fatal(err)
	}
	s := r.Settings()
	for _, listen := range [][]string{{"0.0.0.0", "::1"}, {"127.0.0.1", "::1"}} {
		s.Listen = listen
		if err := r.Apply(ctx, s); err != nil {
			t.Fatal(err)
		}
		if want := addrs(listen[0]+":53", "[::1]:53"); !slices.Equal(r.eng.open, want) {
			t.Errorf("open %v, want %v", r.eng.open, want)
		}
	}
	for _, call := range r.eng.calls {
		if !slices.Contains(call, netip.MustParseAddrPort("[::1]:53")) {
			t.Errorf("[::1] was closed on the way: %v", r.eng.calls)
		}
	}
}

func TestDemo(t *testing.T) {
	pool := x509.NewCertPool()
	r := newRig(t, func(o *Options, r *rig) {
		port := 5353
		o.Flags.Port = &port
		o.Demo = &Demo{Upstream: provider.Upstream{Spec: "demo", ID: "demo", Label: "Demo", Name: "dot.demo.test", Addrs: addrs("127.0.0.1:40000")}, Roots: pool}
		r.asks = false
	})
	ctx := t.Context()
	if err := r.Start(ctx); err != nil {
		t.Fatal(err)
	}
	r.eng.set(answeredBy(0))
	s := r.Status()
	if !s.Demo || s.Provider != "demo" || s.ProviderName != "Demo" || s.Variant != "" || s.Sentence != "Demo: queries go to a server inside this program over TLS 1.3." {
		t.Errorf("status %+v", s)
	}
	if r.eng.roots != pool || !slices.Equal(r.eng.specs(), []string{"demo"}) {
		t.Errorf("engine asks %v", r.eng.specs())
	}
	if p := problemOf(t, r.Use(ctx, "quad9")); p.Code != control.CodeBadValue || p.Field != "upstream" {
		t.Errorf("Use: %+v", p)
	}
	set := r.Settings()
	set.Upstreams = []string{"quad9"}
	if p := problemOf(t, r.Apply(ctx, set)); p.Field != "upstreams" {
		t.Errorf("Apply: %+v", p)
	}
	set = r.Settings()
	set.CacheMiB = 1
	if err := r.Apply(ctx, set); err != nil || r.eng.cache != 1<<20 || r.eng.switches != 0 {
		t.Errorf("a smaller cache: %v, %d bytes, %d switches", err, r.eng.cache, r.eng.switches)
	}
	if len(r.store.saved) != 0 {
		t.Error("the demo saved settings")
	}
	for _, p := range r.Providers() {
		if p.Current {
			t.Errorf("%s is marked as current", p.ID)
		}
	}
}

func TestProviders(t *testing.T) {
	r := newRig(t, nil)
	var current []string
	for _, p := range r.Providers() {
		if p.Current {
			current = append(current, p.ID)
		}
		if p.ID == "" || p.Name == "" || p.TLSName == "" || len(p.Addresses) == 0 {
			t.Errorf("provider %+v", p)
		}
	}
	if !slices.Equal(current, []string{"cloudflare"}) {
		t.Errorf("current are %v", current)
	}
}

func TestQuit(t *testing.T) {
	quits := 0
	r := newRig(t, func(o *Options, _ *rig) { o.Quit = func() { quits++ } })
	if err := r.Quit(t.Context()); err != nil || quits != 1 {
		t.Errorf("error %v, quits %d", err, quits)
	}
	r = newRig(t, func(o *Options, _ *rig) { o.Managed = true }) // its Quit panics
	if p := problemOf(t, r.Quit(t.Context())); p.Code != control.CodeForbidden {
		t.Errorf("problem %+v", p)
	}
}

func TestClosed(t *testing.T) {
	r := newRig(t, nil)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(t.Context()); err != nil || !r.eng.closed {
		t.Errorf("Close: %v, engine closed: %v", err, r.eng.closed)
	}
	// Nobody gives a context that ends, so this must not wait.
	if p := problemOf(t, r.Start(context.Background())); p.Code != control.CodeNoEngine {
		t.Errorf("problem %+v", p)
	}
}
