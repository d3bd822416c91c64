package guard

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dotproxy/app/systemdns"
)

// exits is the error of a program that ends with a status.
func exits(t *testing.T, status string) error {
	t.Helper()
	err := exec.Command("sh", "-c", "exit "+status).Run()
	if err == nil {
		t.Fatal("it did not")
	}
	return err
}

func TestEndedProblem(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte("level=INFO\ndot-proxy: no room\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		status   string
		elevated bool
		log      string
		says     string
	}{
		{"126", true, log, "was not allowed"},
		{"127", true, log, "may not change it"},
		{"1", true, log, "“no room”"},
		{"126", false, log, "“no room”"},
		{"1", false, log + ".none", "ended at once."},
	}
	for _, c := range cases {
		if err := endedProblem(exits(t, c.status), c.elevated, c.log); !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestElevate(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if _, err := elevate([]string{"x"}, true); !errors.Is(err, systemdns.ErrNeedsRoot) {
		t.Errorf("without pkexec: %v", err)
	}
	pkexec := filepath.Join(dir, "pkexec")
	if err := os.WriteFile(pkexec, nil, 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	if _, err := elevate([]string{"x"}, false); !errors.Is(err, systemdns.ErrNeedsRoot) {
		t.Errorf("without leave to ask: %v", err)
	}
	args, err := elevate([]string{"x", "y"}, true)
	if err != nil || strings.Join(args, " ") != pkexec+" x y" {
		t.Errorf("%q, %v", args, err)
	}
}
