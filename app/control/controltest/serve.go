package controltest

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"dotproxy/app/control"
)

var sockets atomic.Int64

// SocketPath returns a path for a control socket that is short enough (a unix
// socket's has at most 107 bytes) and in a folder that ends with the test.
func SocketPath(tb testing.TB) string {
	tb.Helper()
	if runtime.GOOS == "windows" {
		return `\\.\pipe\dot-proxy-test-` + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(sockets.Add(1), 10)
	}
	if path := filepath.Join(tb.TempDir(), "control.sock"); len(path) < 90 {
		return path
	}
	dir, err := os.MkdirTemp("", "dp")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "control.sock")
}

// Serve answers the control API for c at a socket of its own until the test
// ends or stop is called, and returns its path.
func Serve(tb testing.TB, c control.Controller) (path string, stop func()) {
	tb.Helper()
	path = SocketPath(tb)
	return path, ServeAt(tb, c, path)
}

// ServeAt is Serve at a given path, such as one that was stopped before: an
// engine that comes back. stop may be called more than once.
func ServeAt(tb testing.TB, c control.Controller, path string) (stop func()) {
	tb.Helper()
	l, err := control.Listen(path, false)
	if err != nil {
		tb.Fatal(err)
	}
	server := control.NewServer(c, nil)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	var stopped atomic.Bool
	stop = func() {
		if stopped.Swap(true) {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			tb.Errorf("control server: %v", err)
		}
		if err := <-done; err != nil {
			tb.Errorf("control server: %v", err)
		}
	}
	tb.Cleanup(stop)
	return stop
}
