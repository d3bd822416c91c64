package guard

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/systemdns"
)

// await waits until the client's state is one that ok takes.
func (c *Client) await(t *testing.T, ok func(State) bool) State {
	t.Helper()
	for {
		if s := c.State(); ok(s) {
			return s
		}
		select {
		case <-c.Changed():
		case <-t.Context().Done():
			t.Fatalf("it stays %+v", c.State())
		}
	}
}

func phase(p Phase) func(State) bool { return func(s State) bool { return s.Phase == p } }

// points tells whether programs of the system ask the engine.
func (s system) points(t *testing.T) bool {
	t.Helper()
	text, err := os.ReadFile(s.conf())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), "nameserver 127.0.0.1\n")
}

func TestClientSetsAndRestores(t *testing.T) {
	s := newSystem(t)
	before, ended := s.describe(t), make(chan error, 4)
	c := s.client(t, s.resolver(t), s.launcher(ended))
	for range 2 { // by the same guard: nobody asks for a password again
		for range 2 {
			if err := c.Set(t.Context(), loopback.Addrs); err != nil || !s.points(t) {
				t.Fatalf("%v, points %v", err, s.points(t))
			}
		}
		state := c.await(t, phase(Set))
		if want := netip.MustParseAddr("192.0.2.53"); state.Mechanism != "resolv.conf" || !slices.Equal(state.Servers, []netip.Addr{want}) {
			t.Errorf("%+v", state)
		}
		if err := c.Restore(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.await(t, phase(Off))
		s.settled(t, before, "restoring")
	}
	if err := c.Restore(t.Context()); err != nil || c.State().Phase != Off {
		t.Errorf("nothing to restore: %v, %+v", err, c.State())
	}
	if len(ended) > 0 {
		t.Error("there was more than one guard")
	}
	c.Close()
	if err := <-ended; err != nil {
		t.Errorf("the guard: %v", err)
	}
}

// TestGuardKilled: another one takes over at once, and knows what to go back to.
func TestGuardKilled(t *testing.T) {
	s := newSystem(t)
	before, ended := s.describe(t), make(chan error, 4)
	r := s.resolver(t)
	started := make(chan struct{}, 4)
	launch := s.launcher(ended)
	c := s.client(t, r, func(ctx context.Context, p place, prompt bool) error {
		err := launch(ctx, p, prompt)
		started <- struct{}{}
		return err
	})
	if err := c.Set(t.Context(), loopback.Addrs); err != nil {
		t.Fatal(err)
	}
	<-started
	first := s.pid(t)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-ended
	<-started
	if err := c.Repair(t.Context()); err != nil { // behind the taking over
		t.Fatal(err)
	}
	if e, err := s.place().journal.read(); err != nil || e.Owner.PID == first || !e.Owner.alive() || !s.points(t) {
		t.Errorf("the owner is %+v, %v", e.Owner, err)
	}
	if err := c.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.settled(t, before, "a guard's death")
	c.Close()
	<-ended
}

// TestGuardTerminated puts everything back, and nobody contradicts it.
func TestGuardTerminated(t *testing.T) {
	s := newSystem(t)
	before, ended := s.describe(t), make(chan error, 4)
	c := s.client(t, s.resolver(t), s.launcher(ended))
	if err := c.Set(t.Context(), loopback.Addrs); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.pid(t), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	c.await(t, phase(Off))
	s.settled(t, before, "SIGTERM")
}

// TestEngineKilled: the guard alone puts everything back.
func TestEngineKilled(t *testing.T) {
	s := newSystem(t)
	before, ended := s.describe(t), make(chan error, 4)
	c := s.client(t, s.resolver(t), s.launcher(ended))
	if err := c.Set(t.Context(), loopback.Addrs); err != nil {
		t.Fatal(err)
	}
	c.Close() // what the kernel does for a process that is killed
	if err := <-ended; err != nil {
		t.Error(err)
	}
	s.settled(t, before, "an engine's death")
}

// TestBothKilled: whatever of ours comes next puts everything back.
func TestBothKilled(t *testing.T) {
	next := map[string]func(*testing.T, *Client) error{
		"off":    func(t *testing.T, c *Client) error { return c.Restore(t.Context()) },
		"repair": func(t *testing.T, c *Client) error { return c.Repair(t.Context()) },
		"status": func(t *testing.T, c *Client) error {
			state, err := c.Look(t.Context())
			if state.Phase != Off || state.Problem != nil {
				t.Errorf("%+v", state)
			}
			return err
		},
		"on and off": func(t *testing.T, c *Client) error {
			return errors.Join(c.Set(t.Context(), loopback.Addrs), c.Restore(t.Context()))
		},
	}
	for name, do := range next {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t)
			before, ended := s.describe(t), make(chan error, 8)
			r := s.resolver(t)
			c := s.client(t, r, s.launcher(ended))
			if err := c.Set(t.Context(), loopback.Addrs); err != nil {
				t.Fatal(err)
			}
			c.end() // nobody takes over any more
			if err := syscall.Kill(s.pid(t), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			<-ended
			c.Close()
			if !s.points(t) || !s.place().journal.orphan() {
				t.Error("it was put back by nobody")
			}
			again := s.client(t, r, s.launcher(ended))
			if err := do(t, again); err != nil {
				t.Error(err)
			}
			s.settled(t, before, "two deaths")
			again.Close()
			<-ended
		})
	}
}

// TestLookFindsAnothersGuard: the command line sees what an engine has set, and
// leaves it so.
func TestLookFindsAnothersGuard(t *testing.T) {
	s := newSystem(t)
	ended := make(chan error, 4)
	r := s.resolver(t)
	c := s.client(t, r, s.launcher(ended))
	if err := c.Set(t.Context(), loopback.Addrs); err != nil {
		t.Fatal(err)
	}
	other := s.client(t, r, s.launcher(ended))
	if state, err := other.Look(t.Context()); err != nil || state.Phase != Set || state.Mechanism != "resolv.conf" {
		t.Errorf("%+v, %v", state, err)
	}
	if err := other.Restore(t.Context()); err != nil { // dot-proxy system-dns off
		t.Error(err)
	}
	c.await(t, phase(Off))
	c.Close()
	<-ended
}

// TestClientWithoutRights: where nobody may be asked, nothing is changed.
func TestClientWithoutRights(t *testing.T) {
	s := newSystem(t)
	r := s.resolver(t)
	c := s.client(t, r, func(context.Context, place, bool) error { return systemdns.ErrNeedsRoot })
	err := c.Set(t.Context(), loopback.Addrs)
	p, ok := errors.AsType[*control.Problem](err)
	if !ok || p.Code != control.CodeSystemDNS || !strings.Contains(p.Message, "administrator") || c.State().Phase != Failed {
		t.Errorf("%v, %+v", err, c.State())
	}
	before := Entry{Version: entryVersion, Mechanism: "resolv.conf", Target: loopback, Backup: systemdns.Backup(`{}`)}
	if err := s.place().journal.write(before); err != nil {
		t.Fatal(err)
	}
	if state, err := c.Look(t.Context()); err != nil || state.Problem == nil || !strings.Contains(state.Problem.Hint, "repair") {
		t.Errorf("%+v, %v", state, err)
	}
	if err := c.Restore(t.Context()); err == nil {
		t.Error("it was put back without rights")
	}
	before.Owner = parent()
	if err := s.place().journal.write(before); err != nil {
		t.Fatal(err)
	}
	if state, err := c.Look(t.Context()); err != nil || state.Problem == nil || !strings.Contains(state.Problem.Message, "Another user") {
		t.Errorf("%+v, %v", state, err)
	}
}

// TestClientChoosesTheGuardWithRights: root's, where this process may not.
func TestClientChoosesTheGuardWithRights(t *testing.T) {
	f := &fake{}
	mine, roots := place{socket: "mine"}, place{socket: "roots", root: true}
	c := newClient(Options{}, seams{
		places: func() []place { return []place{roots, mine} }, own: func() place { return mine },
		detect: func(context.Context) (systemdns.Mechanism, error) { return f, nil },
	})
	if p, err := c.choose(t.Context()); err != nil || p.socket != "mine" {
		t.Errorf("%v, %v", p, err)
	}
	f.allowed = systemdns.ErrNeedsRoot
	if p, err := c.choose(t.Context()); err != nil || p.socket != "roots" {
		t.Errorf("%v, %v", p, err)
	}
	f.allowed = errors.New("out of order")
	if p, err := c.choose(t.Context()); !errors.Is(err, f.allowed) {
		t.Errorf("%v, %v", p, err)
	}
}
