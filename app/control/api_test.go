package control_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// example is one exchange of API.md.
type example struct {
	method, path, body string
	kind               string
	status             int
	answer             string
}

var exchanges = regexp.MustCompile("(?s)```http\n([A-Z]+) (\\S+)\n(.*?)```\n```(json|ndjson|text) (\\d+)\n(.*?)```")

func documented(t *testing.T) (list []example, page string) {
	t.Helper()
	text, err := os.ReadFile("API.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range exchanges.FindAllStringSubmatch(string(text), -1) {
		status, _ := strconv.Atoi(m[5])
		list = append(list, example{m[1], m[2], m[3], m[4], status, m[6]})
	}
	if n := strings.Count(string(text), "```http"); n != len(list) {
		t.Fatalf("%d of %d examples in API.md have the form of an exchange", len(list), n)
	}
	return list, string(text)
}

// TestDocumentedMessages sends each request of API.md to an engine and expects
// the answer that stands beneath it.
func TestDocumentedMessages(t *testing.T) {
	list, _ := documented(t)
	for _, ex := range list {
		t.Run(ex.method+" "+ex.path, func(t *testing.T) {
			engine := controltest.New()
			if strings.HasPrefix(ex.path, "/v1/queries") {
				engine.Answer(controltest.NewQuery("www.example.com."))
				engine.Answer(controltest.NewQuery("example.com."))
			}
			engine.Block(controltest.NewBlocked())
			prepare(t, engine, ex)
			path, _ := controltest.Serve(t, engine)
			resp := send(t, path, ex.method, ex.path, ex.body)
			if resp.StatusCode != ex.status {
				t.Errorf("status %d, documented %d", resp.StatusCode, ex.status)
			}
			got := bufio.NewReader(resp.Body)
			switch ex.kind {
			case "json":
				sameJSON(t, got, ex.answer)
			case "text":
				if text := readAll(t, got); text != ex.answer {
					t.Errorf("answer %q, documented %q", text, ex.answer)
				}
			case "ndjson":
				if ex.path != "/v1/events" { // it tells by itself, and ends
					want := strings.Join(strings.Split(strings.TrimSpace(ex.answer), "\n"), ",")
					all := strings.Join(strings.Split(strings.TrimSpace(readAll(t, got)), "\n"), ",")
					sameJSON(t, bufio.NewReader(strings.NewReader("["+all+"]")), "["+want+"]")
					break
				}
				sameEvents(t, engine, got, strings.Split(strings.TrimSpace(ex.answer), "\n"))
			}
		})
	}
}

// prepare brings an engine into the state that an example speaks of.
func prepare(t *testing.T, engine *controltest.Engine, ex example) {
	t.Helper()
	var err error
	switch ex.path {
	case "/v1/pause":
		err = engine.SystemDNS(t.Context(), control.SystemDNSOn)
	case "/v1/resume":
		err = errors.Join(engine.SystemDNS(t.Context(), control.SystemDNSOn), engine.Pause(t.Context(), control.Pause{Seconds: 300}))
	case "/v1/sign-in":
		if ex.status == http.StatusOK {
			engine.WantSignIn("http://portal.example/")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sameEvents publishes each documented event and expects it as it stands.
func sameEvents(t *testing.T, engine *controltest.Engine, got *bufio.Reader, lines []string) {
	for i, want := range lines {
		var e control.Event
		if err := json.Unmarshal([]byte(want), &e); err != nil {
			t.Fatal(err)
		}
		if i > 0 { // the first is the engine's own
			engine.Publish(e)
		}
		line, err := got.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, bufio.NewReader(strings.NewReader(line)), want)
	}
}

func TestEveryMessageIsDocumented(t *testing.T) {
	list, page := documented(t)
	have := map[string]bool{}
	for _, ex := range list {
		path, _, _ := strings.Cut(ex.path, "?")
		if ex.status == http.StatusOK {
			have[ex.method+" "+path] = true
		}
	}
	for _, route := range control.Routes() {
		if !have[route] {
			t.Errorf("%s has no example", route)
		}
	}
	for _, code := range []string{
		control.CodeBadRequest, control.CodeBadValue, control.CodePortInUse, control.CodePermission, control.CodeAddress,
		control.CodeCertificate, control.CodeNoAnswer, control.CodeOffline, control.CodeSettings, control.CodeNoEngine,
		control.CodeRunning, control.CodeForbidden, control.CodeInternal, control.CodeSystemDNS, control.CodePortal, control.CodeNotNow,
	} {
		row := "| " + strconv.Itoa(control.HTTPStatus(code)) + " | `" + code + "` |"
		if !strings.Contains(page, row) {
			t.Errorf("the table of problems lacks the row %q", row)
		}
	}
}

// send makes one request by hand, without the client.
func send(t *testing.T, socket, method, path, body string) *http.Response {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://engine"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func readAll(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var b strings.Builder
	if _, err := r.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sameJSON(t *testing.T, got *bufio.Reader, want string) {
	t.Helper()
	var g, w any
	if err := json.NewDecoder(got).Decode(&g); err != nil {
		t.Fatalf("the answer: %v", err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("the page: %v", err)
	}
	if !reflect.DeepEqual(g, w) {
		shown, _ := json.Marshal(g)
		t.Errorf("answer\n%s\ndocumented\n%s", shown, want)
	}
}
