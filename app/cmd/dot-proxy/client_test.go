package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// command runs one command line against the engine at path.
func runAt(path string, args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = run(append(args, "--control", path), &out, &errs)
	return status, out.String(), errs.String()
}

func TestStatusText(t *testing.T) {
	cases := []struct {
		about  string
		change func(*controltest.Engine)
		lines  []string // in this order
	}{
		{"protected", func(*controltest.Engine) {}, []string{
			"Protected\n", "Your DNS goes to Cloudflare over TLS 1.3.\n",
			"Listens on  127.0.0.1:53, [::1]:53 (port allowed by the capability of its file)\n", "1.1.1.1:853  one.one.one.one  connected, TLS 1.3, 11 ms\n",
			"Queries     1280, 71 % from cache, 2 failed, median 11 ms\n"}},
		{"stopped", func(e *controltest.Engine) { e.SetState(control.Stopped) }, []string{"Stopped\n", "Start to send it to Cloudflare over TLS.\n", "Addresses"}},
		{"starting", func(e *controltest.Engine) { e.SetState(control.Starting) }, []string{"Starting…\n"}},
		{"on backup", func(e *controltest.Engine) { e.SetState(control.Degraded) }, []string{"On backup\n", "your DNS goes to Quad9"}},
		{"failed", func(e *controltest.Engine) { e.Fail(controltest.PortTaken()) }, []string{"Not protected\nPort 53 is taken by dnsmasq (process 812).\nStop dnsmasq, or choose another port.\n\n"}},
		{"not in use", func(e *controltest.Engine) {
			e.Change(func(s *control.Status) { s.Variant = control.VariantNotInUse })
		}, []string{"Running, not in use\n"}},
		{"a leak", func(e *controltest.Engine) {
			e.Change(func(s *control.Status) {
				s.Problem = &control.Problem{Code: control.CodeLeak, Message: "This computer still asks another DNS server, not encrypted."}
				s.Sentence = s.Problem.Message
			})
		}, []string{"Leak found\nThis computer still asks another DNS server, not encrypted.\n"}},
		{"demo", func(e *controltest.Engine) { e.Change(func(s *control.Status) { s.Demo = true }) }, []string{"Protected (demo)\n"}},
		{"from memory", func(e *controltest.Engine) {
			e.SetState(control.Degraded)
			e.Change(func(s *control.Status) { s.Variant = control.VariantFromMemory })
		}, []string{"Known names only\n"}},
		{"a notice", func(e *controltest.Engine) {
			e.Change(func(s *control.Status) {
				s.Problem = &control.Problem{Message: "settings.toml is broken.", Hint: "Correct it."}
			})
		}, []string{"Your DNS goes", "settings.toml is broken. Correct it.\n"}},
		{"asked by this computer", func(e *controltest.Engine) { _ = e.SystemDNS(t.Context(), control.SystemDNSOn) }, []string{"Asked by    this computer, on Wired (eth0)\n"}},
		{"paused", func(e *controltest.Engine) {
			_ = e.SystemDNS(t.Context(), control.SystemDNSOn)
			_ = e.Pause(t.Context(), control.Pause{Seconds: 300})
		}, []string{"Paused\n", "not encrypted"}},
		{"sign-in", func(e *controltest.Engine) { e.WantSignIn("http://portal.example/") }, []string{"Sign-in needed\n"}},
		{"an upstream that fails", func(e *controltest.Engine) {
			e.Change(func(s *control.Status) { s.Upstreams[0].Error = "it refuses connections" })
		}, []string{"one.one.one.one  it refuses connections\n"}},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			e := controltest.New()
			c.change(e)
			path, _ := controltest.Serve(t, e)
			status, text, _ := runAt(path, "status")
			rest := text
			for _, line := range c.lines {
				_, after, ok := strings.Cut(rest, line)
				if !ok || status != 0 {
					t.Fatalf("status %d, %q is missing in\n%s", status, line, text)
				}
				rest = after
			}
		})
	}
}

// TestPlaceThatNoRuleCanName: a network without a name or a router is none for
// rules, and is called so in the words of the window.
func TestPlaceThatNoRuleCanName(t *testing.T) {
	path, _ := controltest.Serve(t, controltest.New())
	c := &command{control: path}
	for _, here := range []control.Network{{}, {Name: "Office"}, {Gateway: "192.0.2.1"}} {
		got, err := c.place(t.Context(), here)
		if err != nil || got != "This computer is on no network that has a name and a router." {
			t.Errorf("%+v: %q, %v", here, got, err)
		}
	}
}

func TestStatusJSON(t *testing.T) {
	path, _ := controltest.Serve(t, controltest.New())
	_, text, _ := runAt(path, "status", "--json")
	var s control.Status
	if err := json.Unmarshal([]byte(text), &s); err != nil || s.PID != 4711 || s.State != control.Protected {
		t.Errorf("%v: %s", err, text)
	}
}

// TestNetworks: rules are made for the network that the engine names.
func TestNetworks(t *testing.T) {
	e := controltest.New()
	path, _ := controltest.Serve(t, e)
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"networks", 0, "This network is “Office”, router 00:00:5e:00:53:01.\nThere are no rules for networks."},
		{"networks use quad9 google", 0, "*  Office   00:00:5e:00:53:01  quad9, google"},
		{"networks pause", statusUsage, "Anybody can make a network with this name"},
		{"networks pause --confirm", 0, "*  Office   00:00:5e:00:53:01  the network’s own server, not encrypted"},
		{"networks use", statusUsage, "needs a provider"},
		{"networks use nobody-at-all", statusUsage, "nobody-at-all"},
		{"networks forget Home", statusUsage, "There is no rule for “Home”"},
		{"networks forget", statusUsage, "needs the name"},
		{"networks home", statusUsage, "“home” is not what"},
		{"networks --json", 0, `"rules": [`},
		{"networks forget Office", 0, "There are no rules for networks."},
	} {
		status, out, errs := runAt(path, strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(out+errs, c.says) {
			t.Errorf("%s: status %d, %q, %q", c.args, status, out, errs)
		}
	}
}

// TestDesignatedShown: what a network offers is shown, and not taken.
func TestDesignatedShown(t *testing.T) {
	path, _ := controltest.Serve(t, controltest.New())
	status, out, errs := runAt(path, "providers", "--network")
	if want := "This network offers 192.0.2.1#dns.example, verified. To ask it: dot-proxy use '192.0.2.1#dns.example'\nThe network’s resolver 192.0.2.2 names no encrypted one.\n"; status != 0 || out != want {
		t.Errorf("status %d, %q, %q", status, out, errs)
	}
	if _, out, _ := runAt(path, "providers", "--network", "--json"); !strings.Contains(out, `"upstream": "192.0.2.1#dns.example"`) {
		t.Errorf("%s", out)
	}
}

func TestProvidersTested(t *testing.T) {
	e := controltest.New()
	e.TestFunc = func(upstreams []string) (<-chan control.TestEvent, error) {
		events := make(chan control.TestEvent, 4)
		events <- control.TestEvent{Upstreams: upstreams}
		quick, bad := controltest.NewProviderTest("google"), control.ProviderTest{Name: "dead", Error: "it does not answer", Network: true}
		quick.WarmMS = 1.5
		for _, r := range []control.ProviderTest{bad, controltest.NewProviderTest("quad9"), quick} {
			events <- control.TestEvent{Result: &r}
		}
		close(events)
		return events, nil
	}
	path, _ := controltest.Serve(t, e)
	status, out, errs := runAt(path, "providers", "--test", "quad9", "google")
	for i, line := range []string{"PROVIDER", "google    24 ms    12 ms  1.5 ms  TLS 1.3 X25519MLKEM768, resumes  lon-1", "quad9     24 ms    12 ms  11 ms", "dead      –        –      –       it does not answer"} {
		if lines := strings.Split(out, "\n"); status != 0 || len(lines) < 4 || !strings.Contains(lines[i], line) {
			t.Fatalf("status %d, %q, line %d is not %q:\n%s", status, errs, i, line, out)
		}
	}
	if _, out, _ := runAt(path, "providers", "--test", "--json"); !strings.Contains(out, `"warm_ms": 1.5`) {
		t.Errorf("%s", out)
	}
	for _, args := range [][]string{{"providers", "quad9"}, {"providers", "--test", "--network"}} {
		if status, _, _ := runAt(path, args...); status != statusUsage {
			t.Errorf("%v: status %d", args, status)
		}
	}
	e.TestFunc = func([]string) (<-chan control.TestEvent, error) {
		return nil, &control.Problem{Code: control.CodeNotNow, Message: "Providers are being tested already."}
	}
	if status, _, errs := runAt(path, "providers", "--test"); status != 1 || !strings.Contains(errs, "being tested already") {
		t.Errorf("status %d, %q", status, errs)
	}
}

func TestCheckShown(t *testing.T) {
	e := controltest.New()
	path, _ := controltest.Serve(t, e)
	status, out, _ := runAt(path, "check")
	if status != 1 || !strings.Contains(out, "ok      Certificate and name  one.one.one.one") || !strings.Contains(out, "FAILED  Leak test") || !strings.Contains(out, "Use as this computer’s DNS: dot-proxy system-dns on") {
		t.Errorf("status %d\n%s", status, out)
	}
	e.CheckFunc = func() []control.CheckRow {
		return []control.CheckRow{{ID: "clock", Result: control.CheckUnknown, Title: "Clock"}}
	}
	if status, out, _ := runAt(path, "check", "--json"); status != 0 || !strings.Contains(out, `"result": "unknown"`) {
		t.Errorf("status %d\n%s", status, out)
	}
}

// TestSteer: the commands call the engine and show what came of it.
func TestSteer(t *testing.T) {
	e := controltest.New()
	path, stop := controltest.Serve(t, e)
	for _, c := range []struct{ args, says string }{
		{"stop", "Stopped\n"}, {"start", "Protected\n"}, {"use quad9", "Your DNS goes to Quad9 over TLS 1.3."}, {"quit", ""},
	} {
		status, out, errs := runAt(path, strings.Fields(c.args)...)
		if status != 0 || !strings.Contains(out, c.says) {
			t.Errorf("%s: status %d, %q, %q", c.args, status, out, errs)
		}
	}
	if status, _, errs := runAt(path, "use", "nobody"); status != statusUsage || !strings.Contains(errs, "nobody") {
		t.Errorf("use nobody: status %d, %q", status, errs)
	}
	if status, out, _ := runAt(path, "providers"); status != 0 || !strings.Contains(out, "*  quad9") {
		t.Errorf("providers: status %d\n%s", status, out)
	}
	stop()
	for _, verb := range []string{"status", "start", "stop", "queries", "quit"} {
		status, out, errs := runAt(path, verb)
		if status != statusFailed || out != "" || !strings.HasPrefix(errs, "dot-proxy: DoT Proxy is not running.") {
			t.Errorf("%s without an engine: status %d, %q, %q", verb, status, out, errs)
		}
	}
}

// TestStartWaits: start shows the state that follows starting.
func TestStartWaits(t *testing.T) {
	e := controltest.New()
	started := make(chan struct{})
	e.StartFunc = func(context.Context) error {
		e.SetState(control.Starting)
		close(started)
		return nil
	}
	path, _ := controltest.Serve(t, e)
	out := make(chan string, 1)
	go func() {
		_, text, _ := runAt(path, "start")
		out <- text
	}()
	<-started
	e.Fail(controltest.PortTaken())
	if text := <-out; !strings.HasPrefix(text, "Not protected\n") {
		t.Errorf("start shows %q", text)
	}
}

// TestFollow: the latest queries, then each new one once, until interrupted.
func TestFollow(t *testing.T) {
	for _, mode := range []string{"text", "json"} {
		t.Run(mode, func(t *testing.T) {
			e := controltest.New()
			e.Answer(controltest.NewQuery("first.example."))
			e.Answer(controltest.NewQuery("second.example."))
			path, _ := controltest.Serve(t, e)
			ctx, interrupt := context.WithCancel(t.Context())
			r, w := io.Pipe()
			root := newRoot(w, io.Discard)
			args := []string{"queries", "-f", "-n", "1", "--control", path}
			if mode == "json" {
				args = append(args, "--json")
			}
			root.SetArgs(args)
			ended := make(chan error, 1)
			go func() { ended <- root.ExecuteContext(ctx) }()
			lines := bufio.NewScanner(r)
			expect := func(text string) {
				t.Helper()
				if !lines.Scan() || !strings.Contains(lines.Text(), text) {
					t.Fatalf("line %q, want %q", lines.Text(), text)
				}
			}
			if mode == "text" {
				expect("LATENCY")
			}
			expect("second.example")
			e.Answer(controltest.NewQuery("third.example."))
			expect("third.example")
			e.Publish(control.Event{Name: control.EventDropped, Count: 7})
			q := controltest.NewQuery("")
			q.Type = "AAAA"
			e.Answer(q)
			if mode == "text" {
				expect("(7 queries not shown: too many at once)")
				expect("hidden")
			} else {
				expect(`"type":"AAAA"`)
			}
			interrupt()
			if err := <-ended; err != nil {
				t.Errorf("interrupted: %v", err)
			}
		})
	}
}

func TestPrintable(t *testing.T) {
	if got := printable("a\x1b[31mb\u009bc\x00.é"); got != "a?[31mb?c?.é" {
		t.Errorf("%q", got)
	}
}

func TestBlockedClients(t *testing.T) {
	engine := controltest.New()
	path, _ := controltest.Serve(t, engine)
	if status, out, _ := runAt(path, "blocked"); status != 0 || out != "Nobody is blocked.\n" {
		t.Errorf("status %d, %q", status, out)
	}
	if status, out, _ := runAt(path, "blocked", "--json"); status != 0 || strings.TrimSpace(out) != "[]" {
		t.Errorf("status %d, %q", status, out)
	}
	engine.Block(controltest.NewBlocked())
	until := controltest.NewBlocked().Until.Local().Format("15:04:05")
	if status, out, _ := runAt(path, "blocked"); status != 0 || out != "CLIENT        UNTIL     DROPPED\n192.0.2.7/32  "+until+"  5121\n" {
		t.Errorf("status %d, %q", status, out)
	}
	var list []control.Blocked
	if _, out, _ := runAt(path, "blocked", "--json"); json.Unmarshal([]byte(out), &list) != nil || len(list) != 1 || list[0].Client != "192.0.2.7/32" {
		t.Errorf("%q", out)
	}
	if status, _, errs := runAt(path, "unblock", "192.0.2.9"); status != statusUsage || !strings.Contains(errs, "“192.0.2.9” is not blocked.") {
		t.Errorf("status %d, %q", status, errs)
	}
	if status, out, _ := runAt(path, "unblock", "192.0.2.7"); status != 0 || out != "Nobody is blocked.\n" {
		t.Errorf("status %d, %q", status, out)
	}
}

func TestQueriesOfEachSource(t *testing.T) {
	engine := controltest.New()
	for _, source := range []control.Source{control.SourceStale, control.SourceOverride, control.SourceRoute, control.SourceBlocked} {
		q := controltest.NewQuery("example.com.")
		q.Source, q.Encrypted = source, source != control.SourceRoute
		engine.Answer(q)
	}
	path, _ := controltest.Serve(t, engine)
	_, out, _ := runAt(path, "queries")
	lines := strings.Split(strings.TrimSpace(out), "\n")[1:]
	for i, by := range []string{"stale", "own answer", "not encrypted", "blocked"} {
		if !strings.Contains(lines[i], "  "+by+"  ") {
			t.Errorf("%s: %q", by, lines[i])
		}
	}
	if _, out, _ := runAt(path, "queries", "--json"); strings.Count(out, `"authenticated":true`) != 4 || strings.Count(out, `"encrypted":false`) != 1 {
		t.Errorf("%s", out)
	}
}

func TestSettingsStatus(t *testing.T) {
	engine := controltest.New()
	path, _ := controltest.Serve(t, engine)
	if status, _, errs := runAt(path, "settings", "set", "port", "70000"); status != statusFailed || !strings.Contains(errs, "70000 is not a port.") {
		t.Errorf("status %d, %q", status, errs)
	}
	if status, _, errs := runAt(path, "settings", "set", "prot", "53"); status != statusUsage || !strings.Contains(errs, "did you mean port") {
		t.Errorf("status %d, %q", status, errs)
	}
	if status, out, _ := runAt(path, "settings", "set", "race", "true"); status != statusOK || out != "race = true\n" || !engine.Settings().Race {
		t.Errorf("status %d, %q, %+v", status, out, engine.Settings())
	}
}
