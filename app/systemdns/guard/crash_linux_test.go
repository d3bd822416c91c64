package guard

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"dotproxy/app/systemdns"
	"dotproxy/app/systemdns/internal/step"
)

var loopback = systemdns.Target{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}}

// proven is a proof, and a lookup that provides it.
func proven() (proof, func(context.Context, string)) {
	arrived := make(chan struct{})
	return proof{NewNonce(), arrived}, func(context.Context, string) {
		select {
		case <-arrived:
		default:
			close(arrived)
		}
	}
}

// kinds are the ways in which a system has its resolv.conf.
var kinds = map[string]func(*testing.T, system){
	"a file": func(*testing.T, system) {},
	"a link": func(t *testing.T, s system) {
		err := errors.Join(os.Rename(s.conf(), s.at("run/resolv.conf")), os.Symlink("../run/resolv.conf", s.conf()))
		if err != nil {
			t.Fatal(err)
		}
	},
	"no file": func(t *testing.T, s system) {
		if err := os.Remove(s.conf()); err != nil {
			t.Fatal(err)
		}
	},
}

// settled checks that a system is as it was, and that nothing of ours is left.
func (s system) settled(t *testing.T, before, when string) {
	t.Helper()
	if now := s.describe(t); now != before {
		t.Errorf("after %s:\n%s\nwant\n%s", when, now, before)
	}
	left, _ := filepath.Glob(s.at("var/system-dns.json*"))
	units, _ := filepath.Glob(s.at("etc/systemd/system/*.service"))
	wants, _ := filepath.Glob(s.at("etc/systemd/system/*/*.service"))
	if len(left)+len(units)+len(wants) > 0 {
		t.Errorf("after %s there are %q %q %q", when, left, units, wants)
	}
}

// TestPowerCut: the computer is cut off at each moment, and started again.
func TestPowerCut(t *testing.T) {
	for name, prepare := range kinds {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t)
			prepare(t, s)
			before := s.describe(t)
			var moments []system
			var names []string
			p, ask := proven()
			k := s.keeper(ask)
			stop := step.Watch(func(name string) {
				to := newSystem(t).root
				if out, err := exec.Command("sh", "-c", "rm -r "+to+" && cp -a "+s.root+" "+to).CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
				moments, names = append(moments, system{to}), append(names, name)
			})
			defer stop()
			if err := errors.Join(k.set(t.Context(), loopback, p), k.restore(t.Context())); err != nil {
				t.Fatal(err)
			}
			stop()
			s.settled(t, before, "a change and its undoing")
			if len(moments) < 15 {
				t.Fatalf("only %q", names)
			}
			for i, m := range moments {
				later := m.keeper(ask)
				later.owner.Boot = "another"
				if err := m.bootedAgain(); err != nil {
					t.Fatal(err)
				}
				if err := later.restore(t.Context()); err != nil {
					t.Errorf("at %d, %s: %v", i, names[i], err)
				}
				m.settled(t, before, names[i])
			}
		})
	}
}

// bootedAgain makes the journal, where there is one, that of an earlier boot.
func (s system) bootedAgain() error {
	j := s.place().journal
	e, err := j.read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	e.Owner.Boot = "the one before"
	return errors.Join(err, j.write(e))
}

// TestKilledAtEachStep: the guard is killed, by SIGKILL, at each of its steps,
// and so is the engine. The next one puts everything back.
func TestKilledAtEachStep(t *testing.T) {
	for name, prepare := range kinds {
		t.Run(name, func(t *testing.T) {
			for n := 1; ; n++ {
				s := newSystem(t)
				prepare(t, s)
				before := s.describe(t)
				if s.liveUntil(t, n) {
					s.settled(t, before, "a life of "+strconv.Itoa(n-1)+" steps")
					if n < 15 {
						t.Errorf("only %d steps", n-1)
					}
					return
				}
				later := s.keeper(func(context.Context, string) {})
				if err := later.restore(t.Context()); err != nil {
					t.Errorf("at step %d: %v", n, err)
				}
				s.settled(t, before, "step "+strconv.Itoa(n))
			}
		})
	}
}

// liveUntil has a guard set and restore everything, killed at step n. It tells
// whether the guard came to its own end before.
func (s system) liveUntil(t *testing.T, n int) bool {
	t.Helper()
	ended := make(chan error, 1)
	r := s.resolver(t)
	c := s.client(t, r, s.launcher(ended, "GUARD_TEST_STEP="+strconv.Itoa(n)))
	p := s.place()
	if err := c.seams.launch(t.Context(), p, false); err != nil {
		t.Fatal(err)
	}
	l, err := openLink(t.Context(), p, func(State) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	name := NewNonce()
	arrived := r.expect(name)
	go func() {
		select {
		case <-arrived:
			_ = l.send(request{Do: doArrived})
		case <-l.done:
		}
	}()
	_, setErr := l.ask(t.Context(), request{Do: doSet, Addrs: loopback.Addrs, Nonce: name})
	if setErr == nil {
		_, setErr = l.ask(t.Context(), request{Do: doRestore})
	}
	l.close()
	err = <-ended
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return false
	}
	if err != nil || setErr != nil {
		t.Fatalf("the guard ended: %v, %v", err, setErr)
	}
	return true
}
