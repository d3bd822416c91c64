package control_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func TestClientReachesEverything(t *testing.T) {
	engine := controltest.New()
	engine.Answer(controltest.NewQuery("a.example."))
	engine.Answer(controltest.NewQuery("b.example."))
	path, _ := controltest.Serve(t, engine)
	client, ctx := control.NewClient(path), t.Context()

	if s, err := client.Status(ctx); err != nil || !reflect.DeepEqual(s, engine.Status()) {
		t.Errorf("status %+v, %v", s, err)
	}
	want := control.Default()
	want.Port = 5353
	if err := client.Apply(ctx, want); err != nil {
		t.Error(err)
	}
	if s, err := client.Settings(ctx); err != nil || !s.Equal(want) {
		t.Errorf("settings %+v, %v", s, err)
	}
	if err := errors.Join(client.Stop(ctx), client.Start(ctx), client.Use(ctx, "quad9")); err != nil {
		t.Error(err)
	}
	if p, err := client.Providers(ctx); err != nil || len(p) != 3 || !p[1].Current {
		t.Errorf("providers %+v, %v", p, err)
	}
	if q, err := client.Queries(ctx, 1); err != nil || !reflect.DeepEqual(q, []control.Query{controltest.NewQuery("b.example.")}) {
		t.Errorf("queries %+v, %v", q, err)
	}
	if q, err := client.Queries(ctx, 0); err != nil || len(q) != 2 {
		t.Errorf("all queries %+v, %v", q, err)
	}
	var metrics bytes.Buffer
	if err := client.Metrics(ctx, &metrics); err != nil || !strings.Contains(metrics.String(), "dotproxy_up 1\n") {
		t.Errorf("metrics %q, %v", &metrics, err)
	}
	if err := client.Quit(ctx); err != nil {
		t.Error(err)
	}
	<-engine.Done()
	if got, want := engine.Calls(), []string{"apply", "stop", "start", "use quad9", "quit"}; !slices.Equal(got, want) {
		t.Errorf("calls %q", got)
	}
	if client.System() {
		t.Error("a test's engine is the system's")
	}
}

func TestClientHandsOnProblems(t *testing.T) {
	engine := controltest.New()
	path, _ := controltest.Serve(t, engine)
	client := control.NewClient(path)
	bad := control.Default()
	bad.Port = 0
	if p := problem(t, client.Apply(t.Context(), bad)); p.Code != control.CodeBadValue || p.Field != "port" || p.Message != "0 is not a port." {
		t.Errorf("got %+v", p)
	}
	if p := problem(t, client.Use(t.Context(), "quad99")); p.Field != "upstream" {
		t.Errorf("got %+v", p)
	}
}

func TestClientWithoutAnEngine(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	for name, client := range map[string]*control.Client{
		"no such socket": control.NewClient(controltest.SocketPath(t)),
		"a stale socket": control.NewClient(staleSocket(t)),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Status(t.Context())
			if p := problem(t, err); p.Code != control.CodeNoEngine || p.Hint == "" {
				t.Errorf("got %+v", p)
			}
			n := 0
			for _, err := range client.Events(t.Context()) {
				n++
				if p := problem(t, err); p.Code != control.CodeNoEngine {
					t.Errorf("events: %+v", p)
				}
			}
			if n != 1 {
				t.Errorf("%d errors", n)
			}
		})
	}
}

// staleSocket is what a killed engine leaves.
func staleSocket(t *testing.T) string {
	t.Helper()
	path := controltest.SocketPath(t)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	return path
}

func TestClientEvents(t *testing.T) {
	engine := controltest.New()
	path, stop := controltest.Serve(t, engine)
	client := control.NewClient(path)

	t.Run("until the loop is left", func(t *testing.T) {
		var states []control.State
		for e, err := range client.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			states = append(states, e.Status.State)
			switch len(states) {
			case 1:
				engine.SetState(control.Degraded)
			case 2:
				engine.Fail(controltest.PortTaken())
			}
			if len(states) == 3 {
				break
			}
		}
		if !slices.Equal(states, []control.State{control.Protected, control.Degraded, control.Failed}) {
			t.Errorf("got %q", states)
		}
	})
	t.Run("until the context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		for e, err := range client.Events(ctx) {
			if n++; err != nil || e.Name != control.EventStatus {
				t.Errorf("got %+v, %v", e, err)
			}
			cancel()
		}
		if n != 1 {
			t.Errorf("%d events", n)
		}
		for _, err := range client.Events(ctx) {
			t.Errorf("a context that had ended: %v", err)
		}
	})
	t.Run("until the engine goes", func(t *testing.T) {
		var last error
		for e, err := range client.Events(t.Context()) {
			if last = err; e.Name == control.EventStatus {
				stop()
			}
		}
		if p := problem(t, last); p.Code != control.CodeNoEngine || p.Message != "The engine has stopped." {
			t.Errorf("got %+v", p)
		}
	})
}

func TestClientContext(t *testing.T) {
	engine := controltest.New()
	entered := make(chan struct{})
	engine.StartFunc = func(ctx context.Context) error {
		close(entered)
		<-ctx.Done() // ends when the client goes
		return ctx.Err()
	}
	path, _ := controltest.Serve(t, engine)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	err := control.NewClient(path).Start(ctx)
	if problem(t, err); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestClientOfAnotherServer: whatever answers, the error is a problem to show.
func TestClientOfAnotherServer(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"no JSON":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") },
		"nothing":       func(http.ResponseWriter, *http.Request) {},
		"wrong types":   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"state": 1}`) },
		"plain refusal": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) },
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		},
		"cut off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			path := controltest.SocketPath(t)
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			server := &http.Server{Handler: handler}
			go func() { _ = server.Serve(l) }()
			t.Cleanup(func() { _ = server.Close() })
			_, err = control.NewClient(path).Status(t.Context())
			p := problem(t, err)
			t.Log(p)
			var last error
			for _, err := range control.NewClient(path).Events(t.Context()) {
				last = err
			}
			problem(t, last)
		})
	}
}

func TestClientMetricsHandsOnTheWritersError(t *testing.T) {
	path, _ := controltest.Serve(t, controltest.New())
	full := errors.New("disk is full")
	err := control.NewClient(path).Metrics(t.Context(), writerFunc(func([]byte) (int, error) { return 0, full }))
	if problem(t, err); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
