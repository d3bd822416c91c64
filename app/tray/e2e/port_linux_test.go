package e2e_test

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"dotproxy/app/control"
)

// TestPortTaken: another program has the port; its name is in the menu, and
// Try again succeeds when it is gone.
func TestPortTaken(t *testing.T) {
	d := newDesk(t, true)
	p := d.startPanel()
	other, err := net.ListenPacket("udp", "127.0.0.1:"+strconv.Itoa(d.port))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	d.startTray(append(d.engineFlags(), "--supervised")...)
	s := d.engine("failed", func(s control.Status) bool { return s.State == control.Failed })
	if s.Problem == nil || s.Problem.Code != control.CodePortInUse {
		t.Errorf("the problem is %+v", s.Problem)
	}
	// The tests were started as /proc/self/exe.
	p.awaitMenu("(Not protected)|(Port " + strconv.Itoa(d.port) + " is taken by exe)|-|Try again|Fix this…|-|")
	p.click("Fix this")
	d.await("the window", func() bool { return len(d.windows()) == 1 })
	if w := d.windows()[0]; !strings.HasSuffix(w, " --view home") {
		t.Errorf("the window was opened as %q", w)
	}

	_ = other.Close()
	p.click("Try again")
	d.answeredBy(d.custom, "free")
	p.awaitMenu("(Protected by dot.test)|")
}
