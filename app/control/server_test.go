package control_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

const goodSettings = `{"listen": ["127.0.0.1"], "port": 5353, "upstreams": ["quad9"], "race": false, "hide_subnet": false, "ca_bundle": "", "cache_mib": 16,
"cache_min_ttl": 0, "cache_max_ttl": 3600, "stale_hours": 1, "cache_persist": false, "canary": true, "hosts": true, "rebinding_protection": false,
"local_network": false, "system_dns": false, "access": ["private"], "log_privacy": "off", "keep_statistics": false, "networks": [], "routes": {}, "overrides": {},
"rate_limit": {"per_second": 1, "burst": 1, "loopback": false, "block_after": 0, "block_window": 60, "block_for": 600}}`

// TestRefusals sends what must be refused: each answer is a problem, and
// nothing reaches the engine.
func TestRefusals(t *testing.T) {
	with := func(old, replacement string) string { return strings.Replace(goodSettings, old, replacement, 1) }
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code, field              string
	}{
		{"no body", "POST", "/v1/use", "", 400, control.CodeBadRequest, ""},
		{"no JSON", "POST", "/v1/use", "quad9", 400, control.CodeBadRequest, ""},
		{"cut short", "POST", "/v1/use", `{"upstream": "qu`, 400, control.CodeBadRequest, ""},
		{"two objects", "POST", "/v1/use", `{"upstream": "quad9"} {}`, 400, control.CodeBadRequest, ""},
		{"a list", "POST", "/v1/use", `["quad9"]`, 400, control.CodeBadRequest, ""},
		{"null", "POST", "/v1/use", `null`, 400, control.CodeBadRequest, ""},
		{"unknown key", "POST", "/v1/use", `{"upstream": "quad9", "save": true}`, 400, control.CodeBadRequest, "save"},
		{"another letter case", "POST", "/v1/use", `{"Upstream": "quad9"}`, 400, control.CodeBadRequest, "Upstream"},
		{"wrong type", "POST", "/v1/use", `{"upstream": 9}`, 400, control.CodeBadRequest, "upstream"},
		{"null value", "POST", "/v1/use", `{"upstream": null}`, 400, control.CodeBadRequest, "upstream"},
		{"missing key", "POST", "/v1/use", `{}`, 422, control.CodeBadValue, "upstream"},
		{"empty upstream", "POST", "/v1/use", `{"upstream": ""}`, 422, control.CodeBadValue, "upstream"},
		{"action that is none", "POST", "/v1/system-dns", `{"action": "of"}`, 422, control.CodeBadValue, "action"},
		{"pause without end", "POST", "/v1/pause", `{"seconds": 86401, "until_network_change": true}`, 422, control.CodeBadValue, "seconds"},
		{"pause of the past", "POST", "/v1/pause", `{"seconds": -1, "until_network_change": true}`, 422, control.CodeBadValue, "seconds"},
		{"half a pause", "POST", "/v1/pause", `{"seconds": 5}`, 422, control.CodeBadValue, "until_network_change"},
		{"empty client", "POST", "/v1/release", `{"client": ""}`, 422, control.CodeBadValue, "client"},
		{"release without a client", "POST", "/v1/release", `{}`, 422, control.CodeBadValue, "client"},
		{"body of a command", "POST", "/v1/stop", `{"now": true}`, 400, control.CodeBadRequest, "now"},
		{"text for a command", "POST", "/v1/start", `now`, 400, control.CodeBadRequest, ""},
		{"too large", "POST", "/v1/use", `{"upstream": "` + strings.Repeat("x", 1<<20) + `"}`, 400, control.CodeBadRequest, ""},
		{"settings without a key", "PUT", "/v1/settings", with(`"port": 5353, `, ""), 422, control.CodeBadValue, "port"},
		{"settings with one too many", "PUT", "/v1/settings", with("{", `{"prot": 1, `), 400, control.CodeBadRequest, "prot"},
		{"text as port", "PUT", "/v1/settings", with("5353", `"5353"`), 400, control.CodeBadRequest, "port"},
		{"fraction as port", "PUT", "/v1/settings", with("5353", `53.5`), 400, control.CodeBadRequest, "port"},
		{"null as a list", "PUT", "/v1/settings", with(`["quad9"]`, "null"), 400, control.CodeBadRequest, "upstreams"},
		{"null as a table", "PUT", "/v1/settings", with(`"routes": {}`, `"routes": null`), 400, control.CodeBadRequest, "routes"},
		{"text in a table", "PUT", "/v1/settings", with(`"routes": {}`, `"routes": {"lan": "10.0.0.1"}`), 400, control.CodeBadRequest, "routes"},
		{"list as a table", "PUT", "/v1/settings", with(`"overrides": {}`, `"overrides": []`), 400, control.CodeBadRequest, "overrides"},
		{"text as the limit", "PUT", "/v1/settings", with(`{"per_second": 1`, `"{", "x": {"per_second": 1`), 400, control.CodeBadRequest, "x"},
		{"limit without a key", "PUT", "/v1/settings", with(`"burst": 1, `, ""), 422, control.CodeBadValue, "rate_limit.burst"},
		{"limit with one too many", "PUT", "/v1/settings", with(`"burst"`, `"brust": 1, "burst"`), 400, control.CodeBadRequest, "rate_limit.brust"},
		{"null in the limit", "PUT", "/v1/settings", with(`"loopback": false`, `"loopback": null`), 400, control.CodeBadRequest, "rate_limit.loopback"},
		{"limit that is a number", "PUT", "/v1/settings", goodSettings[:strings.Index(goodSettings, `{"per_`)] + "5}", 400, control.CodeBadRequest, "rate_limit"},
		{"limit in words", "GET", "/v1/queries?limit=all", "", 400, control.CodeBadRequest, ""},
		{"negative limit", "GET", "/v1/queries?limit=-1", "", 422, control.CodeBadValue, "limit"},
		{"unknown parameter", "GET", "/v1/queries?max=1", "", 400, control.CodeBadRequest, ""},
		{"parameter elsewhere", "GET", "/v1/status?limit=1", "", 400, control.CodeBadRequest, ""},
		{"unknown path", "GET", "/v1/paus", "", 404, control.CodeBadRequest, ""},
		{"root", "GET", "/", "", 404, control.CodeBadRequest, ""},
		{"below a path", "GET", "/v1/status/x", "", 404, control.CodeBadRequest, ""},
		{"unclean path", "GET", "/v1//status", "", 404, control.CodeBadRequest, ""},
		{"wrong method", "DELETE", "/v1/settings", "", 405, control.CodeBadRequest, ""},
		{"get for post", "GET", "/v1/quit", "", 405, control.CodeBadRequest, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			engine := controltest.New()
			before := engine.Settings()
			path, _ := controltest.Serve(t, engine)
			resp := send(t, path, c.method, c.path, c.body)
			var p control.Problem
			if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.status || p.Code != c.code || p.Field != c.field || p.Message == "" || p.Hint == "" {
				t.Errorf("got %d %+v, want %d %s %q", resp.StatusCode, p, c.status, c.code, c.field)
			}
			if c.status == 405 && resp.Header.Get("Allow") == "" {
				t.Error("no Allow header")
			}
			if calls := engine.Calls(); len(calls) > 0 || !engine.Settings().Equal(before) {
				t.Errorf("the engine was asked to %q", calls)
			}
		})
	}
}

func TestAnEmptyObjectIsNoBody(t *testing.T) {
	engine := controltest.New()
	path, _ := controltest.Serve(t, engine)
	if resp := send(t, path, "POST", "/v1/stop", "{}"); resp.StatusCode != 200 || engine.Status().State != control.Stopped {
		t.Errorf("got %d", resp.StatusCode)
	}
}

func TestEmptyListsAreNotNull(t *testing.T) {
	path, _ := controltest.Serve(t, controltest.New())
	if body, _ := io.ReadAll(send(t, path, "GET", "/v1/queries", "").Body); strings.TrimSpace(string(body)) != "[]" {
		t.Errorf("got %s", body)
	}
}

func TestErrorsOfTheEngine(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
		want   control.Problem
	}{
		"problem": {func() error { p := controltest.PortTaken(); return &p }(), 409, controltest.PortTaken()},
		"wrapped": {errors.Join(errors.New("start"), &control.Problem{Code: control.CodeNoAnswer, Message: "M.", Hint: "H."}), 502,
			control.Problem{Code: control.CodeNoAnswer, Message: "M.", Hint: "H."}},
		"other": {errors.New("disk on fire"), 500,
			control.Problem{Code: control.CodeInternal, Message: "The engine failed: “disk on fire”.", Hint: "Its log says more."}},
	} {
		t.Run(name, func(t *testing.T) {
			engine := controltest.New()
			engine.StartFunc = func(context.Context) error { return c.err }
			path, _ := controltest.Serve(t, engine)
			resp := send(t, path, "POST", "/v1/start", "")
			var p control.Problem
			if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p != c.want || resp.StatusCode != c.status {
				t.Errorf("got %d %+v (%v), want %d %+v", resp.StatusCode, p, err, c.status, c.want)
			}
		})
	}
}

func TestAPanicEndsOnlyItsRequest(t *testing.T) {
	engine := controltest.New()
	engine.StopFunc = func(context.Context) error { panic("broken") }
	engine.MetricsFunc = func(w io.Writer) {
		_, _ = io.WriteString(w, strings.Repeat("dotproxy_up 1\n", 1000))
		panic("broken")
	}
	path, _ := controltest.Serve(t, engine)
	client := control.NewClient(path)
	if p := problem(t, client.Stop(t.Context())); p.Code != control.CodeInternal {
		t.Errorf("got %+v", p)
	}
	if err := client.Metrics(t.Context(), io.Discard); err == nil {
		t.Error("metrics that were cut off look whole")
	}
	if _, err := client.Status(t.Context()); err != nil {
		t.Errorf("the next request: %v", err)
	}
}

func TestServeRefusesTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := control.NewServer(controltest.New(), nil).Serve(l); err == nil {
		t.Error("served over TCP")
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
}

// TestShutdownEndsStreams: also one whose reader does not read, and so has its
// writer blocked.
func TestShutdownEndsStreams(t *testing.T) {
	engine := controltest.New()
	path, stop := controltest.Serve(t, engine)
	deaf, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	if _, err := io.WriteString(deaf, "GET /v1/events HTTP/1.1\r\nHost: engine\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	long := controltest.NewQuery(strings.Repeat("x", 4096) + ".")
	for range 2000 {
		engine.Answer(long)
	}
	reading := bufio.NewReader(send(t, path, "GET", "/v1/events", "").Body)
	if _, err := reading.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	stop()
	if _, err := io.Copy(io.Discard, reading); err != nil {
		t.Errorf("the stream was cut, not ended: %v", err)
	}
}

// TestASlowReaderSlowsNobody: while one does not read at all, another gets each
// event, and the slow one is told its loss.
func TestASlowReaderSlowsNobody(t *testing.T) {
	engine := controltest.New()
	path, _ := controltest.Serve(t, engine)
	slow, fast := stream(t, path), stream(t, path)
	long := controltest.NewQuery(strings.Repeat("x", 4096) + ".")
	const count = 4000
	for range count {
		engine.Answer(long)
		if e := next(t, fast); e.Name != control.EventQuery {
			t.Fatalf("got %q", e.Name)
		}
	}
	engine.SetState(control.Degraded)
	if e := next(t, fast); e.Name != control.EventStatus {
		t.Fatalf("got %q", e.Name)
	}
	var got, lost uint64
	for degraded := false; !degraded || got+lost < count; {
		switch e := next(t, slow); e.Name {
		case control.EventQuery:
			got++
		case control.EventDropped:
			lost += e.Count
		case control.EventStatus:
			degraded = e.Status.State == control.Degraded
		}
	}
	if got+lost != count || lost == 0 {
		t.Errorf("%d events and %d lost of %d", got, lost, count)
	}
}

// stream opens an event stream and reads the first event.
func stream(t *testing.T, path string) *json.Decoder {
	t.Helper()
	resp := send(t, path, "GET", "/v1/events", "")
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	d := json.NewDecoder(resp.Body)
	if e := next(t, d); e.Name != control.EventStatus {
		t.Fatalf("first event %q", e.Name)
	}
	return d
}

func next(t *testing.T, d *json.Decoder) control.Event {
	t.Helper()
	var e control.Event
	if err := d.Decode(&e); err != nil {
		t.Fatal(err)
	}
	return e
}
