package daemon

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

func TestJudge(t *testing.T) {
	timeout := fault(resolver.FaultTimeout, "it does not answer")
	taken := &control.Problem{Code: control.CodePortInUse, Message: "Port 53 is taken."}
	notice := &control.Problem{Code: control.CodeSettings, Message: "settings.toml is broken."}
	cases := []struct {
		about    string
		c        condition
		state    control.State
		code     string
		sentence string
	}{
		{"stopped", condition{stopped: true, health: answeredBy(0)}, control.Stopped, "", "Your DNS is not encrypted."},
		{"stopped while the port is taken", condition{stopped: true, blocked: taken}, control.Stopped, "", "Your DNS is not encrypted."},
		{"blocked", condition{blocked: taken, health: answeredBy(0)}, control.Failed, control.CodePortInUse, "Port 53 is taken."},
		{"nothing known", condition{}, control.Starting, "", "Connecting to Cloudflare and checking its certificate."},
		{"the primary answers", condition{health: answeredBy(0)}, control.Protected, "", "Your DNS goes to Cloudflare over TLS 1.3."},
		{"with broken settings", condition{health: answeredBy(0), notice: notice}, control.Protected, control.CodeSettings, "Your DNS goes to Cloudflare over TLS 1.3."},
		{"a backup answers", condition{health: answeredBy(1, timeout)}, control.Degraded, control.CodeNoAnswer, "Cloudflare does not answer; your DNS goes to Quad9 over TLS 1.3."},
		{"a backup answers after a wrong certificate", condition{health: answeredBy(1, fault(resolver.FaultCertificate, "its certificate expired"))}, control.Degraded, control.CodeCertificate,
			"Cloudflare’s certificate could not be verified; your DNS goes to Quad9 over TLS 1.3."},
		{"nobody answers, but memory", condition{stale: true, health: answeredBy(-1, timeout, timeout)}, control.Degraded, control.CodeNoAnswer, "Cloudflare does not answer; known names are answered from memory."},
		{"memory without a network", condition{stale: true, health: answeredBy(-1, fault(resolver.FaultUnreachable, "there is no route to it"))}, control.Degraded, control.CodeOffline,
			"There is no network; known names are answered from memory."},
		{"the primary answers again after memory", condition{stale: true, health: answeredBy(0)}, control.Protected, "", "Your DNS goes to Cloudflare over TLS 1.3."},
		{"memory before anything is known", condition{stale: true}, control.Starting, "", "Connecting to Cloudflare and checking its certificate."},
		{"nobody answers", condition{health: answeredBy(-1, timeout, timeout)}, control.Failed, control.CodeNoAnswer, "No provider answers on port 853."},
		{"nobody answers and no fault is known", condition{health: resolver.Health{Known: true, Answering: -1}}, control.Failed, control.CodeNoAnswer, "No provider answers on port 853."},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			c.c.upstreams = parsed(t, []string{"cloudflare", "quad9"})
			v := judge(c.c, time.Now())
			code := ""
			if v.problem != nil {
				code = v.problem.Code
			}
			if v.state != c.state || code != c.code {
				t.Errorf("state %s, problem %q; want %s, %q", v.state, code, c.state, c.code)
			}
			if w := speak(v, c.c, false, time.Now(), time.Now()); w.sentence != c.sentence {
				t.Errorf("sentence %q, want %q", w.sentence, c.sentence)
			}
		})
	}
}

// atPort is a server of the first provider, connected at a port.
func atPort(port uint16) resolver.Health {
	h := answeredBy(0)
	h.Servers[0].Addr = netip.AddrPortFrom(h.Servers[0].Addr.Addr(), port)
	return h
}

func TestTheSentenceNamesAnotherPort(t *testing.T) {
	ups := parsed(t, []string{"quad9", "9.9.9.9:8853#dns.quad9.net"})
	if len(ups[0].AltPorts) == 0 {
		t.Fatal("Quad9 has no other port")
	}
	alt := ups[0].AltPorts[0]
	sentence := func(ups []provider.Upstream, h resolver.Health) string {
		c := condition{upstreams: ups, health: h}
		return speak(judge(c, time.Now()), c, false, time.Now(), time.Now()).sentence
	}
	want := fmt.Sprintf("Your DNS goes to Quad9 over TLS 1.3 through port %d, since this network blocks port 853.", alt)
	if got := sentence(ups, atPort(alt)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for about, got := range map[string]string{"the usual port": sentence(ups, atPort(853)), "a port of the user's choice": sentence(ups[1:], atPort(8853))} {
		if got != "Your DNS goes to Quad9 over TLS 1.3." {
			t.Errorf("%s: %q", about, got)
		}
	}
	backup := answeredBy(1, fault(resolver.FaultTimeout, "it does not answer"))
	backup.Servers[1].Addr = netip.AddrPortFrom(backup.Servers[1].Addr.Addr(), alt)
	if got := sentence(parsed(t, []string{"cloudflare", "quad9"}), backup); !strings.HasSuffix(got, fmt.Sprintf("goes to Quad9 over TLS 1.3 through port %d, since this network blocks port 853.", alt)) {
		t.Errorf("a backup: %q", got)
	}
}

// TestMemoryBridgesAGap: answers after their time make the state degraded, for
// half a minute after the last one.
func TestMemoryBridgesAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.eng.set(answeredBy(-1, fault(resolver.FaultTimeout, "it does not answer")))
		events := r.Subscribe(t.Context())
		until := func(state control.State) control.Status {
			t.Helper()
			patience := time.After(5 * time.Minute)
			for {
				select {
				case e := <-events:
					if e.Status != nil && e.Status.State == state {
						return *e.Status
					}
				case <-patience:
					t.Fatalf("never %s", state)
				}
			}
		}
		until(control.Failed)
		synctest.Wait() // all that was to be told is told
		before := time.Now()
		r.eng.cfg.OnQuery(&resolver.Event{Time: time.Now(), Source: resolver.SourceStale})
		if s := until(control.Degraded); s.Variant != control.VariantFromMemory || !time.Now().Equal(before) {
			t.Errorf("after %v: %+v", time.Since(before), s)
		}
		if s := until(control.Failed); s.Variant != "" || time.Since(before) < stalePatience-time.Second || time.Since(before) > stalePatience+statusEvery {
			t.Errorf("failed again after %v: %+v", time.Since(before), s)
		}
	})
}
