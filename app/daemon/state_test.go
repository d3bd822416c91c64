package daemon

import (
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
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
		{"nobody answers", condition{health: answeredBy(-1, timeout, timeout)}, control.Failed, control.CodeNoAnswer, "No provider answers on port 853."},
		{"nobody answers and no fault is known", condition{health: resolver.Health{Known: true, Answering: -1}}, control.Failed, control.CodeNoAnswer, "No provider answers on port 853."},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			c.c.upstreams = parsed(t, []string{"cloudflare", "quad9"})
			v := judge(c.c)
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
