//go:build unix

package control_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"

	"golang.org/x/sys/unix"
)

func startedBy(t *testing.T, kind string) (program, path string) {
	t.Helper()
	t.Setenv("CONTROL_TEST_ENGINE", kind)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return program, controltest.SocketPath(t)
}

func TestLaunchWaitsForTheEngine(t *testing.T) {
	program, path := startedBy(t, "serve")
	process, err := control.LaunchProgram(t.Context(), program, "--control", path)
	if err != nil {
		t.Fatal(err)
	}
	session, err := unix.Getsid(process.Pid)
	if err != nil || session != process.Pid {
		t.Errorf("session %d (%v), want one of its own, %d", session, err, process.Pid)
	}
	client := control.NewClient(path)
	if s, err := client.Status(t.Context()); err != nil || s.PID != process.Pid {
		t.Errorf("status of process %d (%v), want %d", s.PID, err, process.Pid)
	}

	// A second one finds the first and says so.
	_, err = control.LaunchProgram(t.Context(), program, "--control", path)
	p := problem(t, err)
	if !strings.Contains(p.Message, "already running (process ") {
		t.Errorf("second engine: %q", p.Message)
	}
	if err := client.Quit(t.Context()); err != nil {
		t.Error(err)
	}
	if state, err := process.Wait(); err != nil || !state.Success() {
		t.Errorf("engine ended with %v, %v", state, err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestLaunchReplacesTheSocketOfAKilledEngine(t *testing.T) {
	program, path := startedBy(t, "serve")
	for range 2 {
		process, err := control.LaunchProgram(t.Context(), program, "--control="+path, path)
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_, _ = process.Wait()
		if _, err := os.Lstat(path); err != nil {
			t.Fatalf("a killed engine leaves its socket: %v", err)
		}
	}
}

func TestLaunchQuotesAnEngineThatRefused(t *testing.T) {
	program, path := startedBy(t, "refuse")
	_, err := control.LaunchProgram(t.Context(), program, "--control", path)
	p := problem(t, err)
	if !strings.Contains(p.Message, "“quad99” is no provider.") || p.Code != control.CodeNoEngine {
		t.Errorf("got %+v", p)
	}
	if log := filepath.Join(os.Getenv("XDG_CACHE_HOME"), "dot-proxy", "engine.log"); !strings.Contains(p.Hint, log) {
		t.Errorf("hint %q does not name the log %s", p.Hint, log)
	}
}

func TestLaunchGivesUpWithItsContext(t *testing.T) {
	program, path := startedBy(t, "hang")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := control.LaunchProgram(ctx, program, "--control", path)
	if p := problem(t, err); p.Code != control.CodeNoEngine || !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v", p)
	}
}

func TestLaunchWithoutTheProgram(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := control.Launch(t.Context())
	if p := problem(t, err); !strings.Contains(p.Message, "dot-proxy") {
		t.Errorf("got %+v", p)
	}
}
