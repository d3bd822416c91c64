package control_test

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"

	"go.uber.org/goleak"
)

// TestMain lets the test's own program stand in for the engine that Launch
// starts.
func TestMain(m *testing.M) {
	switch os.Getenv("CONTROL_TEST_ENGINE") {
	case "serve":
		os.Exit(serveEngine(os.Args[len(os.Args)-1]))
	case "refuse":
		fmt.Fprintln(os.Stderr, "dot-proxy: “quad99” is no provider.")
		os.Exit(2)
	case "hang":
		select {}
	}
	goleak.VerifyTestMain(m)
}

// serveEngine is an engine at path until it is asked to quit.
func serveEngine(path string) int {
	engine := controltest.New()
	engine.Change(func(s *control.Status) { s.PID = os.Getpid() })
	l, err := control.Listen(path, false)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	server := control.NewServer(engine, nil)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGTERM)
	go func() {
		select {
		case <-interrupted:
		case <-engine.Done():
		}
		_ = l.Close()
	}()
	_ = server.Serve(l)
	return 0
}

// problem returns err as a problem that is fit to be shown.
func problem(t *testing.T, err error) *control.Problem {
	t.Helper()
	p, ok := err.(*control.Problem) //nolint:errorlint // the contract is the type itself
	if !ok {
		t.Fatalf("error %v (%T), want a *Problem", err, err)
	}
	if p.Code == "" || !strings.HasSuffix(p.Message, ".") {
		t.Errorf("not a problem to show: %+v", p)
	}
	return p
}

// shortDir is a folder whose sockets have short enough paths.
func shortDir(t *testing.T) string {
	t.Helper()
	return filepath.Dir(controltest.SocketPath(t))
}
