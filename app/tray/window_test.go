//go:build unix

package tray

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dotproxy/app/control"
)

func TestWindowProgramInPath(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if _, err := control.FindProgram("dot-proxy-window"); err == nil || !strings.Contains(err.Error(), "dot-proxy-window was not found") {
		t.Errorf("without one: %v", err)
	}
	program := filepath.Join(dir, "dot-proxy-window")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := control.FindProgram("dot-proxy-window"); err != nil || got != program {
		t.Errorf("got %q, %v", got, err)
	}
	if err := os.WriteFile(program, []byte("#!/not/there\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := openWindow("", nil); err == nil || !strings.HasPrefix(err.Error(), "The window could not be opened: ") {
		t.Errorf("a broken one: %v", err)
	}
}
