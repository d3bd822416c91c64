package daemon

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"dotproxy/app/control"
	"dotproxy/resolver/resolvertest"
)

// serveReal makes a daemon with the real resolver that asks ups, trusting ca,
// and starts it. It returns the address that it answers on.
func serveReal(t *testing.T, ca *resolvertest.CA, ups ...string) (*Daemon, string) {
	t.Helper()
	bundle, port := ca.WriteFile(t), freePort(t)
	d, err := New(Options{
		SettingsPath: filepath.Join(t.TempDir(), "settings.toml"),
		Flags:        Flags{Listen: []string{"127.0.0.1"}, Port: &port, Upstreams: ups, CABundle: &bundle},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d, "127.0.0.1:" + strconv.Itoa(port)
}

// freePort finds a port that is free over UDP and TCP just now. It is below
// those that systems give to connections.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(10000+rand.IntN(20000)))
		u, err := net.ListenPacket("udp4", addr)
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp4", addr)
		_ = u.Close()
		if err == nil {
			_ = l.Close()
			return l.Addr().(*net.TCPAddr).Port
		}
	}
	t.Fatal("no port is free over both UDP and TCP")
	return 0
}

// settled waits until the state is no longer starting.
func settled(t *testing.T, d *Daemon) control.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for e := range d.Subscribe(ctx) {
		if e.Status != nil && e.Status.State != control.Starting {
			return *e.Status
		}
	}
	t.Fatal("it is starting for ever")
	return control.Status{}
}

// TestCertificateFaults: what is wrong with a server is said in words, and
// nothing is asked of it.
func TestCertificateFaults(t *testing.T) {
	const name = "dot.example.test"
	ca := resolvertest.NewCA(t)
	now := time.Now()
	cases := map[string]struct {
		option resolvertest.Option
		says   string
	}{
		"fine":              {resolvertest.WithName(name), ""},
		"expired":           {resolvertest.WithCertificate(ca.Issue(resolvertest.Cert{Names: []string{name}, NotAfter: now.Add(-time.Hour)})), "expired on"},
		"wrong name":        {resolvertest.WithCertificate(ca.Issue(resolvertest.Cert{Names: []string{"other.example"}})), "its certificate is for other.example, not for " + name},
		"unknown authority": {resolvertest.WithCertificate(resolvertest.NewCA(t).Issue(resolvertest.Cert{Names: []string{name}})), "unknown authority"},
		"protocol version":  {resolvertest.WithTLS(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }), "no TLS version from 1.2 up"},
	}
	for about, c := range cases {
		t.Run(about, func(t *testing.T) {
			s := resolvertest.New(t, resolvertest.WithCA(ca), resolvertest.WithName(name), c.option)
			d, _ := serveReal(t, ca, s.Upstream().Spec)
			got := settled(t, d)
			if c.says == "" {
				if got.State != control.Protected || got.Problem != nil || got.Upstreams[0].TLS != "TLS 1.3" {
					t.Errorf("status %+v", got)
				}
				return
			}
			if got.State != control.Failed || got.Problem.Code != control.CodeCertificate || !strings.Contains(got.Sentence, "so nothing was sent: ") || !strings.Contains(got.Sentence, c.says) {
				t.Errorf("state %s: %s", got.State, got.Sentence)
			}
		})
	}
}

// TestBackup: the second upstream bridges the gap that the first leaves.
func TestBackup(t *testing.T) {
	ca := resolvertest.NewCA(t)
	good := resolvertest.New(t, resolvertest.WithCA(ca), resolvertest.WithName("good.example.test"))
	d, addr := serveReal(t, ca, "127.0.0.1:1#gone.example.test", good.Upstream().Spec)
	m := new(dns.Msg).SetQuestion("a.example.", dns.TypeA)
	if reply, err := dns.Exchange(m, addr); err != nil || reply.Rcode != dns.RcodeSuccess {
		t.Fatalf("%v, %v", reply, err)
	}
	s := d.Status()
	if s.State != control.Degraded || !strings.HasPrefix(s.Sentence, "gone.example.test does not answer; your DNS goes to good.example.test over TLS 1.3.") {
		t.Errorf("%s: %s", s.State, s.Sentence)
	}
}

// TestUseUnderLoad: no query is lost while providers change.
func TestUseUnderLoad(t *testing.T) {
	ca := resolvertest.NewCA(t)
	var specs []string
	for _, name := range []string{"one.example.test", "two.example.test"} {
		s := resolvertest.New(t, resolvertest.WithCA(ca), resolvertest.WithName(name),
			resolvertest.WithFaults(resolvertest.Faults{Delay: 5 * time.Millisecond}))
		specs = append(specs, s.Upstream().Spec)
	}
	d, addr := serveReal(t, ca, specs[0])
	var asked atomic.Int64
	var askers sync.WaitGroup
	stop := make(chan struct{})
	for n := range 8 {
		askers.Go(func() {
			client := dns.Client{Timeout: 10 * time.Second}
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				m := new(dns.Msg).SetQuestion(fmt.Sprintf("n%d-%d.example.", n, i), dns.TypeA)
				reply, _, err := client.Exchange(m, addr)
				if err != nil || reply.Rcode != dns.RcodeSuccess {
					t.Errorf("%s: %v %v", m.Question[0].Name, reply, err)
				}
				asked.Add(1)
			}
		})
	}
	for i := range 10 {
		spec := specs[(i+1)%2]
		if err := d.Use(t.Context(), spec); err != nil {
			t.Error(err)
		}
		if got := d.Settings().Upstreams[0]; got != spec {
			t.Errorf("saved %s, want %s", got, spec)
		}
		for before := asked.Load(); asked.Load() < before+20 && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
	}
	close(stop)
	askers.Wait()
	if list := d.Settings().Upstreams; !slices.Equal(list, []string{specs[0]}) {
		t.Errorf("saved %v", list)
	}
}
