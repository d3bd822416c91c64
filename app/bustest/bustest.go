// Package bustest gives a test a D-Bus of its own. It is for tests alone.
package bustest

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// New starts a D-Bus that ends with the test, and returns its address. The test
// is skipped where dbus-daemon is not installed.
func New(tb testing.TB) (address string) {
	tb.Helper()
	path, err := exec.LookPath("dbus-daemon")
	if err != nil {
		tb.Skip("dbus-daemon is not installed")
	}
	socket := filepath.Join(tb.TempDir(), "bus")
	cmd := exec.Command(path, "--session", "--nofork", "--nopidfile", "--print-address", "--address=unix:path="+socket)
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(line)
}
