package daemon

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
)

const etcResolv = "/etc/resolv.conf"

// startRig is newRig with other settings and a disk, listening.
func startRig(t *testing.T, change func(*control.Settings, *fakeDisk)) *rig {
	t.Helper()
	r := newRig(t, func(_ *Options, r *rig) {
		s := r.store.settings.Clone()
		change(&s, r.disk)
		r.store.settings = s
	})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.eng.set(answeredBy(0))
	return r
}

// aTick lets the watch look once more.
func aTick() {
	time.Sleep(watchEvery + time.Millisecond)
	synctest.Wait()
}

func (f *fakeEngine) names() (hosts, routes string, ruled int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var h, r []string
	for _, o := range f.rules.Names.Hosts {
		h = append(h, o.Name)
	}
	for _, o := range f.rules.Names.Routes {
		r = append(r, o.Suffix)
	}
	return strings.Join(h, " "), strings.Join(r, " "), f.ruled
}

func TestHostsAreFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, func(_ *control.Settings, d *fakeDisk) { d.write("/etc/hosts", "192.0.2.1 one\n", nil) })
		if hosts, _, n := r.eng.names(); hosts != "one" || n != 0 {
			t.Errorf("at the start: %q, rules set %d times", hosts, n)
		}
		aTick()
		if _, _, n := r.eng.names(); n != 0 {
			t.Error("rules were set though nothing changed")
		}
		r.disk.write("/etc/hosts", "192.0.2.1 one\n192.0.2.2 two\n", nil)
		aTick()
		if hosts, _, n := r.eng.names(); hosts != "one two" || n != 1 {
			t.Errorf("after a change: %q, rules set %d times", hosts, n)
		}
		// One that cannot be read keeps what was known.
		r.disk.write("/etc/hosts", "", errors.New("input/output error"))
		aTick()
		s := r.Status()
		if hosts, _, _ := r.eng.names(); hosts != "one two" || s.Problem == nil || s.Problem.Field != "hosts" || s.State != control.Protected {
			t.Errorf("unreadable: %q, %+v", hosts, s)
		}
		r.disk.write("/etc/hosts", "192.0.2.3 three\n", nil)
		aTick()
		if hosts, _, _ := r.eng.names(); hosts != "three" || r.Status().Problem != nil {
			t.Errorf("mended: %q, %+v", hosts, r.Status().Problem)
		}
		next := r.Settings()
		next.Hosts = false
		if err := r.Apply(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		if hosts, _, _ := r.eng.names(); hosts != "" {
			t.Errorf("turned off: %q", hosts)
		}
		next.Hosts = true
		if err := r.Apply(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		if hosts, _, _ := r.eng.names(); hosts != "three" {
			t.Errorf("turned on again: %q", hosts)
		}
	})
}

func TestNothingIsWatchedWhileStoppedOrInADemo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, func(_ *control.Settings, d *fakeDisk) { d.write("/etc/hosts", "192.0.2.1 one\n", nil) })
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		before := r.disk.looks
		r.disk.write("/etc/hosts", "192.0.2.1 two\n", nil)
		time.Sleep(time.Minute)
		if r.disk.looks != before {
			t.Errorf("looked %d times while stopped", r.disk.looks-before)
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if hosts, _, _ := r.eng.names(); hosts != "two" {
			t.Errorf("started again with %q", hosts)
		}
		demo := newRig(t, func(o *Options, r *rig) {
			o.Demo = &Demo{Upstream: parsed(t, []string{"quad9"})[0]}
			r.disk.write("/etc/hosts", "192.0.2.1 one\n", nil)
		})
		if err := demo.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if hosts, _, _ := demo.eng.names(); hosts != "" || demo.disk.looks > 0 {
			t.Errorf("the demo read %q and looked %d times", hosts, demo.disk.looks)
		}
	})
}

func TestTheNetworksResolverIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, func(s *control.Settings, d *fakeDisk) {
			s.LocalNetwork = true
			s.Routes = map[string][]string{"internal": {"tls://10.0.0.53"}, "corp": {"10.0.0.54"}}
			d.write(etcResolv, "nameserver 192.168.1.1\nsearch fritz.lan a.corp example.com\n", nil)
		})
		_, routes, _ := r.eng.names()
		all := " " + routes + " "
		for domain, want := range map[string]int{"home.arpa": 1, "lan": 1, "fritz.lan": 1, "internal": 1, "corp": 1, "a.corp": 0, "example.com": 0,
			"168.192.in-addr.arpa": 1, "31.172.in-addr.arpa": 1, "32.172.in-addr.arpa": 0, "64.100.in-addr.arpa": 1, "128.100.in-addr.arpa": 0, "d.f.ip6.arpa": 1, "b.e.f.ip6.arpa": 1} {
			if got := strings.Count(all, " "+domain+" "); got != want {
				t.Errorf("%s is routed %d times", domain, got)
			}
		}
		if err := r.eng.rules.Names.Check(addrs("127.0.0.1:53")); err != nil {
			t.Errorf("the engine would refuse: %v", err)
		}
		for _, route := range r.eng.rules.Names.Routes {
			if route.Suffix == "lan" && (len(route.Plain) != 1 || route.Plain[0].String() != "192.168.1.1:53") {
				t.Errorf("lan goes to %v", route.Plain)
			}
		}
		r.disk.write(etcResolv, "nameserver 127.0.0.1\n", nil) // the computer asks us now
		aTick()
		if _, routes, _ := r.eng.names(); routes != "corp internal" || r.Status().Problem == nil || r.Status().Problem.Field != "local_network" {
			t.Errorf("no resolver: %q, %+v", routes, r.Status().Problem)
		}
		r.disk.write("/run/NetworkManager/no-stub-resolv.conf", "nameserver 192.168.2.1\n", nil)
		aTick()
		if _, routes, _ := r.eng.names(); !strings.Contains(routes, "home.arpa") || r.Status().Problem != nil {
			t.Errorf("another resolver: %q, %+v", routes, r.Status().Problem)
		}
	})
}

func TestAChangeOfNetworkIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, func(_ *control.Settings, d *fakeDisk) { d.move("192.168.1.5/32") })
		if got := r.eng.cfg.Network(); !strings.HasPrefix(got, "192.168.1.5") {
			t.Errorf("the network is %q", got)
		}
		aTick()
		if r.eng.moved != 0 {
			t.Error("told without a change")
		}
		r.disk.move("10.0.0.5/32")
		aTick()
		if got := r.eng.cfg.Network(); r.eng.moved != 1 || !strings.HasPrefix(got, "10.0.0.5") {
			t.Errorf("told %d times, network %q", r.eng.moved, got)
		}
		// A command between two looks leaves the change to the next one.
		r.disk.move("")
		if err := r.Use(t.Context(), "google"); err != nil {
			t.Fatal(err)
		}
		aTick()
		if got := r.eng.cfg.Network(); r.eng.moved != 2 || got != "" {
			t.Errorf("told %d times, network %q", r.eng.moved, got)
		}
	})
}

func writeAuthority(t *testing.T, path string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// replace writes a file aside and renames it.
func replace(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestTheCertificateFileIsFollowed(t *testing.T) {
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	writeAuthority(t, bundle)
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, func(s *control.Settings, _ *fakeDisk) { s.CABundle = bundle })
		first := r.eng.roots
		aTick()
		if r.eng.switches != 0 {
			t.Fatal("switched though nothing changed")
		}
		writeAuthority(t, bundle)
		aTick()
		second := r.eng.roots
		if r.eng.switches != 1 || second.Equal(first) {
			t.Errorf("a new file: switched %d times", r.eng.switches)
		}
		for about, broken := range map[string]func(){
			"broken": func() { replace(t, bundle, []byte("half a certif")) },
			"gone":   func() { _ = os.Remove(bundle) },
		} {
			broken()
			aTick()
			s := r.Status()
			if r.eng.switches != 1 || s.State != control.Protected || s.Problem == nil || s.Problem.Field != "ca_bundle" || !strings.Contains(s.Problem.Message, "ca.pem") {
				t.Errorf("%s: switched %d times, %+v", about, r.eng.switches, s.Problem)
			}
		}
		writeAuthority(t, bundle)
		aTick()
		if r.eng.switches != 2 || r.eng.roots.Equal(second) || r.Status().Problem != nil {
			t.Errorf("mended: switched %d times, %+v", r.eng.switches, r.Status().Problem)
		}
	})
}

func TestALinkThatIsExchangedIsAnotherFile(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "ca.pem")
	for _, name := range []string{"one", "two"} {
		writeAuthority(t, filepath.Join(dir, name))
	}
	if err := os.Symlink("one", link); err != nil {
		t.Skip(err)
	}
	before, err := printOf(link)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("two", link+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link+".new", link); err != nil {
		t.Fatal(err)
	}
	after, err := printOf(link)
	if err != nil || after == before {
		t.Errorf("%+v, %v", after, err)
	}
	// So is one that may be read again.
	if err := os.Chmod(link, 0o640); err != nil {
		t.Fatal(err)
	}
	if again, err := printOf(link); err != nil || runtime.GOOS != "windows" && again == after {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestUserRoutesWin(t *testing.T) {
	for suffix, want := range map[string]bool{"lan": true, "LAN.": true, "arpa": false, ".": false, "a.lan": false} {
		if got := covers(suffix, "lan"); got != want {
			t.Errorf("%q covers lan: %v", suffix, got)
		}
	}
	if !covers("arpa", "home.arpa") || covers("rpa", "home.arpa") {
		t.Error("a domain above counts, a part of a label does not")
	}
}

// An engine that nobody asks looks seldom, and often again when somebody does.
func TestIdleEngineLooksSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRig(t, func(_ *control.Settings, d *fakeDisk) { d.write("/etc/hosts", "192.0.2.1 one\n", nil) })
		noticed := func(name string) time.Duration {
			r.disk.write("/etc/hosts", "192.0.2.1 "+name+"\n", nil)
			for began := time.Now(); ; time.Sleep(500 * time.Millisecond) {
				if hosts, _, _ := r.eng.names(); hosts == name {
					return time.Since(began)
				}
				if time.Since(began) > time.Minute {
					t.Fatalf("%s was never noticed", name)
				}
			}
		}
		asked := func() { r.eng.cfg.OnQuery(event("10.0.0.5:4000", resolver.SourceCache)) }
		time.Sleep(quietAfter + watchIdle)
		if took := max(noticed("two"), noticed("three"), noticed("four")); took <= 2*watchEvery || took > watchIdle+time.Second {
			t.Errorf("idle: noticed after %v at the latest, want about %v", took, watchIdle)
		}
		asked()
		time.Sleep(watchIdle)
		asked()
		if took := max(noticed("five"), noticed("six")); took > 2*watchEvery {
			t.Errorf("in use: noticed after %v, want about %v", took, watchEvery)
		}
	})
}
