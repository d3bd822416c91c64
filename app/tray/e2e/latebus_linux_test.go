package e2e_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestIconOnABusyComputer: the icon's library has its bus connection after the
// host of icons is known.
func TestIconOnABusyComputer(t *testing.T) {
	d := newDesk(t, true)
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "gio-2.0").Output()
	if err != nil {
		t.Fatal("pkg-config: ", err)
	}
	late := filepath.Join(d.dir, "latebus.so")
	args := append([]string{"-shared", "-fPIC", "-o", late, "testdata/latebus.c", "-ldl"}, strings.Fields(string(flags))...)
	if out, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v: %s", err, out)
	}
	d.env["LD_PRELOAD"] = late
	p := d.startPanel()
	tray := d.startTray(d.engineFlags()...)
	d.engine("up", up)
	d.answeredBy(d.custom, "late")
	p.awaitMenu("(Protected by dot.test)")
	if strings.Contains(tray.said(), "CRITICAL") {
		t.Errorf("it said %q", tray.said())
	}
}
