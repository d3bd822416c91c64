package guard

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
		status string
		asked  *elevation
		log    string
		says   string
	}{
		{"126", &pkexec, log, "was not allowed"},
		{"127", &pkexec, log, "may not change it"},
		{"1", &pkexec, log, "“no room”"},
		{"1", &osascript, log, "was not allowed"},
		{"1", &powershell, log, "was not allowed"},
		{"126", nil, log, "“no room”"},
		{"1", nil, log + ".none", "ended at once."},
	}
	held := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(held, []byte("dot-proxy: "+problemOf(errHeld).Error()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := endedProblem(exits(t, "1"), &pkexec, held); err.Error() != problemOf(errHeld).Error() {
		t.Errorf("another guard: %v", err)
	}
	for _, c := range cases {
		if err := endedProblem(exits(t, c.status), c.asked, c.log); !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestElevate(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if _, err := pkexec.args("1000", []string{"x"}, true); !errors.Is(err, systemdns.ErrNeedsRoot) {
		t.Errorf("without pkexec: %v", err)
	}
	for _, e := range []elevation{pkexec, osascript, powershell} {
		if err := os.WriteFile(filepath.Join(dir, e.program), nil, 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	if _, err := pkexec.args("1000", []string{"x"}, false); !errors.Is(err, systemdns.ErrNeedsRoot) {
		t.Errorf("without leave to ask: %v", err)
	}
	program := []string{"/opt/it's/dot-proxy", "system-dns", "guard"}
	for _, c := range []struct {
		by   elevation
		user string
		want []string // behind the program and what it is told to do
		last string
	}{
		{pkexec, "1000", program, "guard"},
		{osascript, "501", append(slices.Clone(program), "--for", "501"), "501"},
		{powershell, "S-1-5-21-1", nil, "$ErrorActionPreference = 'Stop'; Start-Process -Verb RunAs -WindowStyle Hidden -FilePath '/opt/it''s/dot-proxy' -ArgumentList 'system-dns','guard','--for','S-1-5-21-1'"},
	} {
		got, err := c.by.args(c.user, slices.Clone(program), true)
		if err != nil || got[0] != filepath.Join(dir, c.by.program) || got[len(got)-1] != c.last || !slices.Equal(got[len(got)-len(c.want):], c.want) {
			t.Errorf("%s: %q, %v", c.by.program, got, err)
		}
	}
}
