package guard

import (
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/systemdns"
)

func TestSetAndRestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, k, p := newFake(t)
		if err := k.set(t.Context(), loopback, p); err != nil {
			t.Fatal(err)
		}
		s := k.State()
		if f.now() != ours || s.Phase != Set || s.Mechanism != "fake" || !slices.Equal(s.Networks, []string{"Wired (eth0)"}) || s.Problem != nil {
			t.Errorf("%s, %+v", f.now(), s)
		}
		if got := journalled(t, k); got != "192.0.2.53" {
			t.Errorf("the journal has %q", got)
		}
		f.slow = 3 // a manager that takes its time
		if err := k.restore(t.Context()); err != nil {
			t.Fatal(err)
		}
		if f.now() != "192.0.2.53" || k.State().Phase != Off || !k.journal.absent() {
			t.Errorf("%s, %+v", f.now(), k.State())
		}
		if err := k.restore(t.Context()); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}

// TestSetThatFails leaves everything as it was, and says why.
func TestSetThatFails(t *testing.T) {
	cases := []struct {
		name   string
		change func(*fake)
		says   string
	}{
		{"nobody asks", func(*fake) {}, "did not ask DoT Proxy after the change"},
		{"not allowed", func(f *fake) { f.allowed = systemdns.ErrNeedsRoot }, "administrator"},
		{"an address of this computer", func(f *fake) { f.asks = ours }, "to which there would be no way back"},
		{"another port", func(f *fake) { f.reading = systemdns.ErrPort }, "port 53"},
		{"locked", func(f *fake) { f.reading = &systemdns.Refusal{Why: "It is locked.", Do: "Unlock it."} }, "It is locked. Unlock it."},
		{"an error", func(f *fake) { f.applying = errors.New("out of order") }, "out of order"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, k, _ := newFake(t)
				k.lookup = silent
				c.change(f)
				before, began := f.now(), time.Now()
				err := k.set(t.Context(), loopback, never())
				s := k.State()
				if err == nil || s.Phase != Failed || s.Problem.Code != control.CodeSystemDNS || !strings.Contains(s.Problem.Error(), c.says) {
					t.Errorf("%v, %+v", err, s)
				}
				if f.now() != before || !k.journal.absent() {
					t.Errorf("the computer asks %s", f.now())
				}
				if waited := time.Since(began); waited > verifyPatience {
					t.Errorf("it took %v", waited)
				}
			})
		})
	}
}

// TestRestoreThatFails keeps the journal: the next one tries again.
func TestRestoreThatFails(t *testing.T) {
	for name, change := range map[string]func(*fake){
		"an error":      func(f *fake) { f.restoring = errors.New("out of order") },
		"it stays ours": func(f *fake) { f.slow = 1000 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, k, p := newFake(t)
				if err := k.set(t.Context(), loopback, p); err != nil {
					t.Fatal(err)
				}
				change(f)
				if err := k.restore(t.Context()); err == nil || k.journal.absent() || k.State().Phase != Failed {
					t.Errorf("%v, %+v", err, k.State())
				}
				f.restoring, f.slow = nil, 0
				if err := k.restore(t.Context()); err != nil || !k.journal.absent() || f.now() != "192.0.2.53" {
					t.Errorf("%v, the computer asks %s", err, f.now())
				}
			})
		})
	}
}

func TestKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, k := setFake(t)
		after := func(what, asks, goesBack string) {
			t.Helper()
			time.Sleep(coverPause) // virtual
			synctest.Wait()
			if f.now() != asks || journalled(t, k) != goesBack || k.State().Phase != Set {
				t.Errorf("%s: asks %s, would go back to %s, %+v", what, f.now(), journalled(t, k), k.State())
			}
		}
		f.set("")
		after("lost by itself", ours, "192.0.2.53")
		f.set("192.0.2.99")
		after("another network's server", ours, "192.0.2.99")
		f.set("127.0.0.5")
		after("another resolver of this computer", ours, "192.0.2.99")
		f.set("", "Wired (eth0)", "Wi-Fi")
		after("a second network", ours, "192.0.2.99")
		f.set(ours, "Wi-Fi")
		time.Sleep(coverPause)
		after("a network less", ours, "192.0.2.99")
		if got := k.State().Networks; !slices.Equal(got, []string{"Wi-Fi"}) {
			t.Errorf("covers %q", got)
		}
		f.mu.Lock()
		f.asks, f.news = "", nil // nobody tells
		f.mu.Unlock()
		time.Sleep(lookAnyway)
		after("unnoticed", ours, "192.0.2.99")
		if err := k.restore(t.Context()); err != nil || f.now() != "192.0.2.99" {
			t.Errorf("%v, asks %s", err, f.now())
		}
		synctest.Wait()
		before := f.count()
		f.set("192.0.2.100")
		time.Sleep(time.Hour)
		if f.count() != before {
			t.Error("it is kept after it was put back")
		}
	})
}

// TestKeepIsNoLoop: what the mechanism does itself is news, and no end of them.
func TestKeepIsNoLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, k := setFake(t)
		before := f.count()
		for range 100 {
			f.set(ours)
			synctest.Wait()
		}
		time.Sleep(coverPause)
		synctest.Wait()
		if n := f.count() - before; n > 2 {
			t.Errorf("applied %d times", n)
		}
		_ = k.restore(t.Context())
	})
}

func TestFight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, k := setFake(t)
		before := f.count()
		for i := range 20 {
			f.set("192.0.2." + string(rune('0'+i%10)))
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		s := k.State()
		if n := f.count() - before; n != maxFights || s.Phase != Failed || !strings.Contains(s.Problem.Message, "Another program keeps changing") {
			t.Errorf("%d times, %+v", n, s)
		}
		if f.now() == ours || !k.journal.absent() {
			t.Errorf("the other's server is gone: %s", f.now())
		}
		again, ask := proven()
		k.lookup = ask
		if err := k.set(t.Context(), loopback, again); err != nil || k.State().Phase != Set {
			t.Errorf("on demand: %v", err)
		}
		_ = k.restore(t.Context())
	})
}

// TestSlowFight: a change each second is none.
func TestSlowFight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, k := setFake(t)
		for range 60 {
			f.set("192.0.2.7")
			time.Sleep(time.Second)
			synctest.Wait()
			if f.now() != ours {
				t.Errorf("given up: %+v", k.State())
				break
			}
		}
		_ = k.restore(t.Context())
	})
}

// TestAdopt: a guard that begins after another was killed.
func TestAdopt(t *testing.T) {
	cases := []struct {
		name   string
		change func(*fake, *Entry)
		want   string // error
		goBack string
	}{
		{"as it was left", func(*fake, *Entry) {}, "", "192.0.2.53"},
		{"changed meanwhile", func(f *fake, _ *Entry) { f.asks = "192.0.2.99" }, "", "192.0.2.99"},
		{"lost meanwhile", func(f *fake, _ *Entry) { f.asks = "" }, "", "192.0.2.53"},
		{"after a restart of the computer", func(_ *fake, e *Entry) { e.Owner.Boot = "x" }, "", "192.0.2.53"},
		{"forgotten at a restart", func(f *fake, e *Entry) { e.Owner.Boot, f.volatile, f.asks = "x", true, "192.0.2.7" }, "", "192.0.2.7"},
		{"pointed elsewhere", func(_ *fake, e *Entry) { e.Target.Addrs = []netip.AddrPort{netip.MustParseAddrPort("[::1]:53")} }, "", "192.0.2.53"},
		{"by an unknown mechanism", func(_ *fake, e *Entry) { e.Mechanism = "magic" }, "magic", "192.0.2.53"},
		{"by one that lives", func(_ *fake, e *Entry) { e.Owner = parent() }, "another guard", "192.0.2.53"},
		{"of a later version", func(_ *fake, e *Entry) { e.Version = 9 }, "version 9", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, k, p := newFake(t)
				if err := k.set(t.Context(), loopback, p); err != nil {
					t.Fatal(err)
				}
				k.stop() // as if killed
				e, err := k.journal.read()
				if err != nil {
					t.Fatal(err)
				}
				e.Owner.Started = "long ago"
				c.change(f, &e)
				if err := k.journal.write(e); err != nil {
					t.Fatal(err)
				}
				p, ask := proven()
				next := f.keeper(k.journal.dir, ask)
				err = next.set(t.Context(), loopback, p)
				if c.want != "" {
					if err == nil || !strings.Contains(err.Error(), c.want) {
						t.Errorf("%v", err)
					}
					if next.restore(t.Context()) == nil || f.now() != ours {
						t.Error("it was touched")
					}
					return
				}
				if err != nil || f.now() != ours || journalled(t, next) != c.goBack {
					t.Errorf("%v, asks %s, would go back to %s", err, f.now(), journalled(t, next))
				}
				if e, err := next.journal.read(); err != nil || e.Owner != me() {
					t.Errorf("the owner is %+v, %v", e.Owner, err)
				}
				if err := next.restore(t.Context()); err != nil || f.now() != c.goBack {
					t.Errorf("%v, asks %s", err, f.now())
				}
			})
		})
	}
}

// TestForgottenAtARestart: what the restart undid needs no undoing.
func TestForgottenAtARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, k, p := newFake(t)
		k.owner.Boot = "the one before"
		if err := k.set(t.Context(), loopback, p); err != nil {
			t.Fatal(err)
		}
		k.stop()
		next := f.keeper(k.journal.dir, silent)
		f.volatile, f.restoring = true, errors.New("no such link any more")
		f.set("192.0.2.7")
		if err := next.restore(t.Context()); err != nil || !k.journal.absent() || f.now() != "192.0.2.7" {
			t.Errorf("%v, asks %s", err, f.now())
		}
	})
}

// parent is a process that lives.
func parent() Owner { return Owner{os.Getppid(), startOf(os.Getppid()), bootID()} }

func TestDamagedJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, k, p := newFake(t)
		if err := errors.Join(os.MkdirAll(k.journal.dir, 0o700), os.WriteFile(k.journal.path(), []byte("{"), 0o600)); err != nil {
			t.Fatal(err)
		}
		if err := k.set(t.Context(), loopback, p); err != nil {
			t.Fatal(err)
		}
		aside := k.journal.path() + ".damaged"
		if s := k.State(); s.Phase != Set || s.Problem == nil || !strings.Contains(s.Problem.Message, aside) {
			t.Errorf("%+v", s)
		}
		if text, err := os.ReadFile(aside); err != nil || string(text) != "{" {
			t.Errorf("%q, %v", text, err)
		}
		if err := k.restore(t.Context()); err != nil || f.now() != "192.0.2.53" {
			t.Errorf("%v, asks %s", err, f.now())
		}
	})
}
