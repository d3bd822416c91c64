package daemon

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

func TestProvidersAreTested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, func(*control.Settings, *fakeDisk) {})
		r.eng.setMeasure(func(u provider.Upstream) resolver.Measurement {
			return resolver.Measurement{Warm: 5 * time.Millisecond, TLS: "TLS 1.3"}
		})
		events, err := r.TestProviders(t.Context(), []string{"quad9", "9.9.9.9#dns.quad9.net"})
		if err != nil {
			t.Fatal(err)
		}
		first := <-events
		if strings.Join(first.Upstreams, " ") != "quad9 9.9.9.9#dns.quad9.net" {
			t.Errorf("the first is %+v", first)
		}
		n := 0
		for e := range events {
			if e.Result == nil || e.Result.WarmMS != 5 || e.Result.TLS != "TLS 1.3" {
				t.Errorf("%+v", e)
			}
			n++
		}
		if n != 2 {
			t.Errorf("%d results", n)
		}
		all, err := r.TestProviders(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := (<-all).Upstreams; len(got) != len(provider.All()) {
			t.Errorf("all are %v", got)
		}
		for range all {
			continue
		}
	})
}

func TestOneTestAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, func(*control.Settings, *fakeDisk) {})
		release := make(chan struct{})
		r.eng.setMeasure(func(provider.Upstream) resolver.Measurement {
			<-release
			return resolver.Measurement{}
		})
		ctx, stop := context.WithCancel(t.Context())
		events, err := r.TestProviders(ctx, []string{"quad9"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.TestProviders(t.Context(), nil); err == nil {
			t.Error("two at once")
		}
		stop()
		close(release)
		n := 0
		for range events {
			n++
		}
		if n != 1 { // that which tells whom
			t.Errorf("%d events of a test that was given up", n)
		}
		synctest.Wait()
		if events, err = r.TestProviders(t.Context(), []string{"quad9"}); err != nil {
			t.Fatalf("after it: %v", err)
		}
		for range events {
			continue
		}
		for _, bad := range [][]string{{"no such provider"}, make([]string, control.MaxTested+1)} {
			if _, err := r.TestProviders(t.Context(), bad); err == nil {
				t.Errorf("%d are tested", len(bad))
			}
		}
	})
}

func TestWhoseFaultATestFinds(t *testing.T) {
	for kind, network := range map[resolver.FaultKind]bool{
		resolver.FaultUnreachable: true, resolver.FaultTimeout: true, resolver.FaultRefused: true, resolver.FaultLookup: true,
		resolver.FaultCertificate: false, resolver.FaultTLS: false,
	} {
		r := testResult(provider.Upstream{Spec: "x"}, resolver.Measurement{Fault: &resolver.Fault{Kind: kind, Text: "it failed", Err: errors.New("x")}})
		if r.Network != network || r.Error != "it failed" {
			t.Errorf("%d: %+v", kind, r)
		}
	}
}

// checked are the results of a check by their id.
func checked(rows []control.CheckRow) string {
	var words []string
	for _, r := range rows {
		words = append(words, r.ID+" "+r.Result)
	}
	return strings.Join(words, ", ")
}

func TestCheckRows(t *testing.T) {
	good := func() checkup {
		return checkup{
			status:  control.Status{State: control.Protected, Listen: []string{"127.0.0.1:53", "[::1]:53"}, SystemDNS: true},
			primary: &resolver.Measurement{TLS: "TLS 1.3", KeyExchange: "X25519MLKEM768", First: 1, Warm: 2, Validates: true, Issuer: "DigiCert"},
			backup:  &resolver.Measurement{TLS: "TLS 1.3", Warm: 12 * time.Millisecond}, name: "Cloudflare", backupName: "Quad9", tlsName: "one.one.one.one",
			asks: new(true),
		}
	}
	const fine = "certificate ok, encryption ok, dnssec ok, leak ok, ipv6 ok, backup ok, port ok, clock ok"
	for _, c := range []struct {
		name   string
		change func(*checkup)
		want   string // what differs from fine
		says   string
	}{
		{"fine", func(*checkup) {}, "", "one.one.one.one is signed by DigiCert"},
		{"wrong certificate", func(c *checkup) {
			c.primary = &resolver.Measurement{Fault: &resolver.Fault{Kind: resolver.FaultCertificate, Text: "its certificate is another name’s"}}
		}, "certificate failed, encryption unknown, dnssec unknown, clock unknown", "Nothing was sent to it."},
		{"clock", func(c *checkup) {
			c.primary = &resolver.Measurement{Fault: &resolver.Fault{Kind: resolver.FaultCertificate, Text: "this computer’s clock says 1970"}}
		}, "certificate failed, encryption unknown, dnssec unknown, clock warning", "Set the clock"},
		{"no answer", func(c *checkup) {
			c.primary = &resolver.Measurement{Fault: &resolver.Fault{Kind: resolver.FaultTimeout, Text: "it does not answer"}}
		}, "certificate unknown, encryption unknown, dnssec unknown, clock unknown", "Cloudflare: it does not answer."},
		{"nobody set", func(c *checkup) { c.primary, c.backup = nil, nil }, "certificate unknown, encryption unknown, dnssec unknown, backup warning, clock unknown", "No provider is set."},
		{"no DNSSEC", func(c *checkup) { c.primary.Validates = false }, "dnssec warning", "does not say that it verifies"},
		{"leak", func(c *checkup) { c.asks = new(false); c.status.SystemDNS = false }, "leak failed", "it asks another server, not encrypted"},
		{"taken over", func(c *checkup) { c.asks = new(false) }, "leak failed", "another program answers"},
		{"paused", func(c *checkup) { c.status.State = control.Paused }, "leak warning", "DNS is paused"},
		{"stopped", func(c *checkup) { c.status.State, c.asks = control.Stopped, nil }, "leak unknown, port warning", "is stopped"},
		{"IPv6 goes around", func(c *checkup) { c.ipv6 = true; c.status.Listen = []string{"127.0.0.1:53"} }, "ipv6 warning", "add ::1"},
		{"no backup", func(c *checkup) { c.backup = nil }, "backup warning", "nobody"},
		{"dead backup", func(c *checkup) { c.backup.Fault = &resolver.Fault{Text: "it refuses connections"} }, "backup warning", "Quad9 does not answer: it refuses connections."},
		{"taken port", func(c *checkup) {
			c.status.State, c.asks = control.Failed, nil
			c.status.Problem = &control.Problem{Code: control.CodePortInUse, Message: "Port 53 is taken by dnsmasq (process 812).", Hint: "Stop dnsmasq.\nsudo systemctl stop dnsmasq"}
		}, "leak unknown, port failed", "Port 53 is taken by dnsmasq (process 812). Stop dnsmasq."},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkup := good()
			c.change(&checkup)
			rows := checkup.rows()
			want := fine
			for _, part := range strings.Split(c.want, ", ") {
				if id, _, ok := strings.Cut(part, " "); ok {
					want = strings.Replace(want, id+" ok", part, 1)
				}
			}
			if got := checked(rows); got != want {
				t.Errorf("it says %s", got)
			}
			var text []string
			for _, r := range rows {
				if r.Title == "" || !strings.HasSuffix(r.Sentence, ".") {
					t.Errorf("%+v", r)
				}
				text = append(text, r.Sentence)
			}
			if c.says != "nobody" && !strings.Contains(strings.Join(text, "|"), c.says) {
				t.Errorf("it says %q", text)
			}
		})
	}
}

func TestCheckLooksThroughTheSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, func(*control.Settings, *fakeDisk) {})
		arrives := make(chan struct{}, 1)
		r.eng.setExpect(arrives)
		r.seams.nonce = func() string { return "x.verify.dot-proxy.example." }
		r.seams.lookup = func(_ context.Context, name string) {
			if name == "x.verify.dot-proxy.example." {
				select {
				case arrives <- struct{}{}:
				default: // told already
				}
			}
		}
		if asks := r.isAsked(t.Context(), r.Status()); asks == nil || !*asks {
			t.Error("a name that arrived is not seen")
		}
		never := make(chan struct{}, 1)
		r.eng.setExpect(never)
		if asks := r.isAsked(t.Context(), r.Status()); asks == nil || *asks {
			t.Error("a name that did not arrive is seen")
		}
		close(never)
		if got := checked(r.Check(t.Context())); !strings.Contains(got, "certificate ok") {
			t.Errorf("it says %s", got)
		}
	})
}
