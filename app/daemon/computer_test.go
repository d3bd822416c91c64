package daemon

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
)

// fakeDNS is a computer's DNS that remembers what was done to it.
type fakeDNS struct {
	eng     *fakeEngine
	changed chan struct{}

	mu     sync.Mutex
	refuse error // of all that changes anything
	calls  []string
	state  dnsState
	// dark: the DNS pointed here while nobody listened.
	dark bool
}

func newFakeDNS(r *rig) *fakeDNS { return &fakeDNS{eng: r.eng, changed: make(chan struct{}, 1)} }

func (f *fakeDNS) do(what string, networks ...string) error {
	listens := len(f.eng.Addrs()) > 0
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, what)
	if f.refuse != nil {
		return f.refuse
	}
	f.dark = f.dark || !listens && (f.state.on || len(networks) > 0)
	f.state = dnsState{on: len(networks) > 0, networks: networks, servers: []netip.Addr{netip.MustParseAddr("192.168.1.1")}}
	return nil
}

func (f *fakeDNS) Set(_ context.Context, listen []netip.AddrPort) error {
	var texts []string
	for _, l := range listen {
		texts = append(texts, l.String())
	}
	return f.do("set "+strings.Join(texts, " "), "Wired (eth0)")
}

func (f *fakeDNS) Restore(context.Context) error { return f.do("restore") }
func (f *fakeDNS) Repair(context.Context) error  { return f.do("repair") }

func (f *fakeDNS) State() dnsState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

func (f *fakeDNS) Changed() <-chan struct{} { return f.changed }

func (f *fakeDNS) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, "close")
}

func (f *fakeDNS) setRefuse(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = err
}

// did returns the calls since the last time.
func (f *fakeDNS) did() string {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	text := strings.Join(f.calls, ", ")
	f.calls = nil
	return text
}

// dnsRig has a computer whose DNS can be changed; on is what is saved.
func dnsRig(t *testing.T, on bool, change func(*Options, *rig)) *rig {
	return newRig(t, func(o *Options, r *rig) {
		r.dns = newFakeDNS(r)
		r.disk.move("192.0.2.5/32")
		r.store.loaded.settings.SystemDNS = on
		r.eng.health = answeredBy(0)
		o.SettingsPath = filepath.Join(t.TempDir(), "settings.toml")
		if change != nil {
			change(o, r)
		}
	})
}

const setHere = "set 127.0.0.1:53 [::1]:53"

// The DNS follows what is saved, and never points to where nobody listens.
func TestComputerDNSFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := dnsRig(t, true, nil)
		steps := []struct {
			do   func() error
			want string
			on   bool
		}{
			{func() error { return nil }, "", false},
			{func() error { return r.Start(t.Context()) }, setHere, true},
			{func() error { return r.Stop(t.Context()) }, "restore", false},
			{func() error { return r.Start(t.Context()) }, setHere, true},
			{func() error { return r.SystemDNS(t.Context(), control.SystemDNSOff) }, "restore", false},
			{func() error { return r.Stop(t.Context()) }, "", false},
			{func() error { return r.Start(t.Context()) }, "", false},
			{func() error { return r.SystemDNS(t.Context(), control.SystemDNSOn) }, setHere, true},
			{func() error { return r.SystemDNS(t.Context(), control.SystemDNSRepair) }, "repair, " + setHere, true},
			{func() error {
				s := r.Settings()
				s.Port = 5353
				return r.Apply(t.Context(), s)
			}, "set 127.0.0.1:5353 [::1]:5353", true},
			{func() error {
				s := r.Settings()
				s.SystemDNS = false
				return r.Apply(t.Context(), s)
			}, "restore", false},
		}
		for i, step := range steps {
			if err := step.do(); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
			if got := r.dns.did(); got != step.want {
				t.Errorf("step %d: %q, want %q", i, got, step.want)
			}
			if s := r.Status(); s.SystemDNS != step.on || (len(s.Networks) == 1) != step.on {
				t.Errorf("step %d: the status says %v of %q", i, s.SystemDNS, s.Networks)
			}
		}
		if r.store.saved[len(r.store.saved)-1].SystemDNS {
			t.Error("off was not saved")
		}
		if r.dns.dark {
			t.Error("the DNS pointed to where nobody listened")
		}
	})
}

// The old DNS is back before the listeners close, at the end too.
func TestComputerDNSAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := dnsRig(t, true, nil)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.dns.did()
		_ = r.Close(t.Context())
		if got := r.dns.did(); got != "restore, close" || r.dns.dark {
			t.Errorf("at the end: %q, nobody listened: %v", got, r.dns.dark)
		}
	})
}

// What is refused is said, saved nowhere, and not asked for again by itself.
func TestComputerDNSRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := &control.Problem{Code: control.CodeSystemDNS, Message: "The change was refused.", Hint: "Allow it."}
		r := dnsRig(t, false, nil)
		if p := problemOf(t, r.SystemDNS(t.Context(), control.SystemDNSOn)); p.Code != control.CodeNotNow {
			t.Errorf("while stopped: %v", p)
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.dns.did(); got != "repair" {
			t.Errorf("at a start without the setting: %q", got)
		}
		r.dns.setRefuse(refused)
		if p := problemOf(t, r.SystemDNS(t.Context(), control.SystemDNSOn)); p.Message != refused.Message || r.Settings().SystemDNS {
			t.Errorf("refused: %v, saved %v", p, r.Settings().SystemDNS)
		}
		if s := r.Status(); s.State != control.Protected || s.Problem == nil || s.Problem.Code != control.CodeSystemDNS {
			t.Errorf("status %s, %v", s.State, s.Problem)
		}
		s := r.Settings()
		s.SystemDNS = true
		if err := r.Apply(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		r.kick()
		time.Sleep(time.Hour)
		if got := r.dns.did(); got != setHere+", "+setHere {
			t.Errorf("a refusal was asked for: %q", got)
		}
		r.dns.setRefuse(errors.New("the bus has gone"))
		p := problemOf(t, r.SystemDNS(t.Context(), control.SystemDNSRepair))
		if p.Code != control.CodeSystemDNS || !strings.Contains(p.Message, "the bus has gone") {
			t.Errorf("repair: %v", p)
		}
		r.dns.setRefuse(nil)
		if err := r.SystemDNS(t.Context(), control.SystemDNSOn); err != nil || r.Status().Problem != nil {
			t.Errorf("allowed at last: %v, %v", err, r.Status().Problem)
		}
		r.dns.setRefuse(refused)
		if p := problemOf(t, r.Stop(t.Context())); p.Code != control.CodeSystemDNS || len(r.eng.Addrs()) == 0 {
			t.Errorf("it stopped and left this computer without DNS: %v", p)
		}
		r.dns.setRefuse(nil)
	})
}

// A network that comes is reason to try again.
func TestComputerDNSOnAnotherNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := dnsRig(t, true, nil)
		r.dns.setRefuse(errors.New("no network"))
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.dns.did(); got != setHere {
			t.Errorf("at first: %q", got)
		}
		r.dns.setRefuse(nil)
		r.disk.move("192.0.2.77/32")
		time.Sleep(watchIdle + time.Second)
		if got := r.dns.did(); got != setHere {
			t.Errorf("on another network: %q", got)
		}
	})
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := dnsRig(t, true, nil)
		if p := problemOf(t, r.Pause(t.Context(), control.Pause{Seconds: 300})); p.Code != control.CodeNotNow {
			t.Errorf("while stopped: %v", p)
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.dns.did()
		if err := r.Pause(t.Context(), control.Pause{Seconds: 300}); err != nil {
			t.Fatal(err)
		}
		s := r.Status()
		if s.State != control.Paused || s.SystemDNS || s.PausedUntil == nil || time.Until(*s.PausedUntil) != 5*time.Minute || s.PauseEndsWithNetwork {
			t.Errorf("paused: %+v", s)
		}
		time.Sleep(4*time.Minute + 59*time.Second)
		if got := r.dns.did(); got != "restore" || r.Status().State != control.Paused {
			t.Errorf("before its end: %q, %s", got, r.Status().State)
		}
		time.Sleep(time.Second)
		if got := r.dns.did(); got != setHere || r.Status().State != control.Protected {
			t.Errorf("after its end: %q, %s", got, r.Status().State)
		}
		if err := r.Pause(t.Context(), control.Pause{UntilNetworkChange: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if s := r.Status(); s.State != control.Paused || !s.PauseEndsWithNetwork {
			t.Errorf("on the same network: %+v", s)
		}
		r.disk.move("192.0.2.78/32")
		time.Sleep(watchIdle + time.Second)
		if got := r.dns.did(); got != "restore, "+setHere || r.Status().State != control.Protected {
			t.Errorf("on another network: %q, %s", got, r.Status().State)
		}
		if err := errors.Join(r.Pause(t.Context(), control.Pause{Seconds: 60}), r.Resume(t.Context())); err != nil {
			t.Fatal(err)
		}
		if got := r.dns.did(); got != "restore, "+setHere {
			t.Errorf("resumed: %q", got)
		}
		r.dns.setRefuse(errors.New("no"))
		if r.Pause(t.Context(), control.Pause{Seconds: 60}) == nil || r.Status().State != control.Protected {
			t.Errorf("a pause that could not begin: %s", r.Status().State)
		}
		r.dns.setRefuse(nil)
	})
}

// A pause goes on, and ends, in the next process.
func TestPauseAcrossRestart(t *testing.T) {
	for about, c := range map[string]struct {
		file  string
		on    bool
		state control.State
	}{
		"goes on":             {`{"until": "2000-01-01T00:05:00Z", "network": ""}`, true, control.Paused},
		"is over":             {`{"until": "1999-12-31T23:59:59Z", "network": ""}`, true, control.Protected},
		"of another network":  {`{"until": "2000-01-01T00:05:00Z", "network": "10.0.0.1/32 10.0.0.254 "}`, true, control.Protected},
		"too far away":        {`{"until": "2001-01-01T00:05:00Z", "network": ""}`, true, control.Protected},
		"not wanted any more": {`{"until": "2000-01-01T00:05:00Z", "network": ""}`, false, control.Protected},
		"rubbish":             {`{"until": 5`, true, control.Protected},
	} {
		t.Run(about, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var path string
				r := dnsRig(t, c.on, func(o *Options, _ *rig) {
					path = filepath.Join(filepath.Dir(o.SettingsPath), "pause.json")
					if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
						t.Fatal(err)
					}
				})
				if err := r.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if s := r.Status(); s.State != c.state || s.SystemDNS != (c.on && c.state != control.Paused) {
					t.Errorf("state %s, DNS here: %v", s.State, s.SystemDNS)
				}
				if _, err := os.Stat(path); (err == nil) != (c.state == control.Paused) {
					t.Errorf("the file: %v", err)
				}
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				if s := r.Status(); s.State != control.Protected || s.SystemDNS != c.on {
					t.Errorf("later: state %s, DNS here: %v", s.State, s.SystemDNS)
				}
			})
		})
	}
}

func TestLoopbacks(t *testing.T) {
	for listen, want := range map[string][]netip.AddrPort{
		"127.0.0.1:53 [::1]:53":              addrs("127.0.0.1:53", "[::1]:53"),
		"0.0.0.0:53 [::]:53":                 addrs("127.0.0.1:53", "[::1]:53"),
		"0.0.0.0:53 127.0.0.1:53 10.0.0.1:1": addrs("127.0.0.1:53"),
		"192.168.1.5:53":                     nil,
	} {
		if got := loopbacks(addrs(strings.Fields(listen)...)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", listen, got, want)
		}
	}
}
