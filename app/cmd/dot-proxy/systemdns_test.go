package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/app/systemdns/guard"
)

// TestSystemDNSGoesToTheEngine: only it knows what is wanted.
func TestSystemDNSGoesToTheEngine(t *testing.T) {
	e := controltest.New()
	var asked []string
	e.SystemDNSFunc = func(_ context.Context, action string) error {
		asked = append(asked, action)
		return nil
	}
	path, _ := controltest.Serve(t, e)
	for _, verb := range []string{"on", "off", "repair"} {
		if status, out, errs := runAt(path, "system-dns", verb); status != 0 || !strings.HasPrefix(out, "Protected\n") {
			t.Errorf("%s: status %d, %q, %q", verb, status, out, errs)
		}
	}
	if got := strings.Join(asked, " "); got != "on off repair" {
		t.Errorf("asked for %s", got)
	}
	e.SystemDNSFunc = func(context.Context, string) error {
		return &control.Problem{Code: control.CodeSystemDNS, Message: "It is locked.", Hint: "Unlock it."}
	}
	for _, verb := range []string{"on", "off", "repair"} {
		if status, _, errs := runAt(path, "system-dns", verb); status != statusFailed || errs != "dot-proxy: It is locked. Unlock it.\n" {
			t.Errorf("%s: status %d, %q", verb, status, errs)
		}
	}
}

func TestSystemDNSOnNeedsAnEngine(t *testing.T) {
	status, _, errs := runAt(controltest.SocketPath(t), "system-dns", "on")
	if status != statusFailed || !strings.Contains(errs, "DoT Proxy is not running.") {
		t.Errorf("status %d, %q", status, errs)
	}
}

// TestSystemDNSWithoutAnEngine: a guard does it alone.
func TestSystemDNSWithoutAnEngine(t *testing.T) {
	var out strings.Builder
	c := &command{stdout: &out, control: controltest.SocketPath(t)}
	called := false
	err := c.steerOrGuard(t.Context(), control.SystemDNSOff, func(*guard.Client, context.Context) error {
		called = true
		return nil
	})
	if err != nil || !called || out.String() != "This computer's DNS is not set to DoT Proxy.\n" {
		t.Errorf("%v, called %v, %q", err, called, out.String())
	}
	failed := errors.New("out of order")
	if err := c.steerOrGuard(t.Context(), control.SystemDNSOff, func(*guard.Client, context.Context) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("%v", err)
	}
}

func TestPrintSystemDNS(t *testing.T) {
	problem := &control.Problem{Message: "Something is amiss.", Hint: "Mend it."}
	for _, c := range []struct {
		state guard.State
		want  string
	}{
		{guard.State{Phase: guard.Off}, "This computer's DNS is not set to DoT Proxy.\n"},
		{guard.State{Phase: guard.Off, Problem: problem}, "This computer's DNS is not set to DoT Proxy.\nSomething is amiss. Mend it.\n"},
		{guard.State{Phase: guard.Set, Mechanism: "NetworkManager", Networks: []string{"Wired (eth0)", "Wi-Fi"}}, "This computer's DNS is set to DoT Proxy by NetworkManager: Wired (eth0), Wi-Fi.\n"},
		{guard.State{Phase: guard.Failed, Problem: problem}, "Something is amiss. Mend it.\n"},
	} {
		var out strings.Builder
		cmd := &command{stdout: &out}
		if err := cmd.printSystemDNS(c.state); err != nil || out.String() != c.want {
			t.Errorf("%q, want %q", out.String(), c.want)
		}
		out.Reset()
		cmd.json = true
		if err := cmd.printSystemDNS(c.state); err != nil || !strings.Contains(out.String(), `"state": "`+string(c.state.Phase)+`"`) {
			t.Errorf("%q", out.String())
		}
	}
}
