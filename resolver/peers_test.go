package resolver_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dotproxy/resolver"
	"dotproxy/resolver/provider"
	"dotproxy/resolver/resolvertest"
)

// The engine against servers and clients that were written elsewhere. They are
// installed by packaging/test.sh, which asks for these tests.
func needPeers(t *testing.T) {
	t.Helper()
	if os.Getenv("DOTPROXY_PEER_TESTS") == "" {
		t.Skip("DOTPROXY_PEER_TESTS is not set: Unbound, dnsdist, CoreDNS, toxiproxy, dig and kdig may not be installed")
	}
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
}

// peer is a DoT server program: its configuration and how to start it.
type peer struct {
	name   string
	config string
	args   []string
}

// Each serves the zone peer.test: a A 192.0.2.1, big TXT (6,000 octets), all in
// w A 192.0.2.7 (but CoreDNS), and NXDOMAIN for the rest.
var peers = []peer{
	{
		name: "unbound",
		args: []string{"unbound", "-d", "-c", "@DIR@/config"},
		config: `server:
  directory: "@DIR@"
  username: ""
  chroot: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  interface: 127.0.0.1@@PORT@
  tls-port: @PORT@
  tls-service-key: "@DIR@/key.pem"
  tls-service-pem: "@DIR@/cert.pem"
  access-control: 127.0.0.0/8 allow
  module-config: "iterator"
  local-zone: "peer.test." static
  local-data: "peer.test. 3600 IN SOA ns.peer.test. host.peer.test. 1 2 3 4 60"
  local-data: "a.peer.test. 300 IN A 192.0.2.1"
  local-zone: "w.peer.test." redirect
  local-data: "w.peer.test. 300 IN A 192.0.2.7"
@BIG@remote-control:
  control-enable: no
`,
	},
	{
		name: "dnsdist",
		args: []string{"dnsdist", "--supervised", "--disable-syslog", "-C", "@DIR@/config"},
		config: `setLocal("127.0.0.1:@CLEAR@")
addTLSLocal("127.0.0.1:@PORT@", "@DIR@/cert.pem", "@DIR@/key.pem", {provider="openssl"})
setSecurityPollSuffix("")
setACL({"127.0.0.0/8"})
addAction(QNameRule("a.peer.test."), SpoofAction({"192.0.2.1"}, {ttl=300}))
addAction("w.peer.test.", SpoofAction({"192.0.2.7"}, {ttl=300}))
addAction(AllRule(), NegativeAndSOAAction(true, "peer.test.", 3600, "ns.peer.test.", "host.peer.test.", 1, 2, 3, 4, 60))
`,
	},
	{
		name: "coredns",
		args: []string{"coredns", "-conf", "@DIR@/config"},
		config: `tls://peer.test:@PORT@ {
  bind 127.0.0.1
  tls @DIR@/cert.pem @DIR@/key.pem
  file @DIR@/zone
}
`,
	},
}

// startPeer starts the program with a certificate for dot.test.
func startPeer(t *testing.T, p peer, ca *resolvertest.CA) provider.Upstream {
	t.Helper()
	dir := t.TempDir()
	addr := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), freePort(t))
	resolvertest.WritePEM(t, dir, ca.Issue(resolvertest.Cert{Names: []string{"dot.test"}}))
	var big, zone strings.Builder
	zone.WriteString("$ORIGIN peer.test.\n$TTL 300\n@ 3600 IN SOA ns host 1 2 3 4 60\n@ IN NS ns\nns IN A 192.0.2.2\na IN A 192.0.2.1\n")
	for i := range 30 {
		text := fmt.Sprintf(`"%02d%s"`, i, strings.Repeat("x", 200))
		fmt.Fprintf(&big, "  local-data: 'big.peer.test. 300 IN TXT %s'\n", text)
		fmt.Fprintf(&zone, "big IN TXT %s\n", text)
	}
	fill := strings.NewReplacer("@DIR@", dir, "@PORT@", fmt.Sprint(addr.Port()), "@CLEAR@", fmt.Sprint(freePort(t)), "@BIG@", big.String())
	write(t, filepath.Join(dir, "config"), fill.Replace(p.config))
	write(t, filepath.Join(dir, "zone"), zone.String())
	args := make([]string, len(p.args))
	for i, a := range p.args {
		args[i] = fill.Replace(a)
	}
	launch(t, p.name, args, addr)
	return provider.Upstream{Name: "dot.test", Port: addr.Port(), Addrs: []netip.AddrPort{addr}}
}

// launch runs a program until the test ends, and waits until it listens.
func launch(t *testing.T, name string, args []string, addr netip.AddrPort) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, out.String())
		}
	})
	await(t, name+" listens", func() bool {
		c, err := net.Dial("tcp", addr.String())
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func freePort(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}

// await polls until ok, for ten seconds at most.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 200 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("waited in vain: %s", what)
}

func startEngine(t *testing.T, roots *x509.CertPool, ups ...provider.Upstream) (*resolver.Engine, netip.AddrPort) {
	t.Helper()
	e := resolver.New(resolver.Config{Roots: roots, Upstreams: ups, Rules: resolver.Rules{Cache: resolver.CacheRules{Bytes: 1 << 20}}})
	t.Cleanup(func() { _ = e.Close(t.Context()) })
	if err := e.Listen([]resolver.ListenAddr{{Addr: netip.MustParseAddrPort("127.0.0.1:0")}}); err != nil {
		t.Fatal(err)
	}
	return e, e.Addrs()[0]
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestPeersAsUpstreams(t *testing.T) {
	needPeers(t)
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			ca := resolvertest.NewCA(t)
			e, at := startEngine(t, ca.Pool(), startPeer(t, p, ca))
			port := fmt.Sprint(at.Port())
			for _, c := range []struct{ program, name, typ, want string }{
				{"dig", "a.peer.test", "A", "192.0.2.1"},
				{"dig", "a.peer.test", "A +tcp", "192.0.2.1"},
				{"dig", "A.PEER.test", "A +noedns", "192.0.2.1"},
				{"dig", "gone.peer.test", "A", "status: NXDOMAIN"},
				{"dig", "a.peer.test", "A +dnssec +cdflag", "flags: qr rd ra cd"},
				{"kdig", "a.peer.test", "A +tcp +keepopen", "192.0.2.1"},
				{"kdig", "gone.peer.test", "AAAA", "NXDOMAIN"},
			} {
				args := append([]string{"@127.0.0.1", "-p", port, c.name}, strings.Fields(c.typ)...)
				if out := run(t, c.program, args...); !strings.Contains(out, c.want) {
					t.Errorf("%s %s %s lacks %q:\n%s", c.program, c.name, c.typ, c.want, out)
				}
			}
			if p.name != "dnsdist" { // it makes no TXT records of its own
				if out := run(t, "dig", "@127.0.0.1", "-p", port, "big.peer.test", "TXT"); strings.Count(out, "TXT\t\"") != 30 || !strings.Contains(out, "Truncated, retrying in TCP") {
					t.Errorf("a large answer did not come whole over TCP:\n%s", out)
				}
			}
			if h := e.Health(); h.Answering != 0 || h.Servers[0].TLS != "TLS 1.3" {
				t.Errorf("health %+v", h)
			}
		})
	}
}

// A server that is killed and comes back is used again, and nobody hears
// SERVFAIL while the other one lives.
func TestPeersOneIsKilled(t *testing.T) {
	needPeers(t)
	ca := resolvertest.NewCA(t)
	first := resolvertest.New(t, resolvertest.WithCA(ca))
	second := startPeer(t, peers[0], ca)
	_, at := startEngine(t, ca.Pool(), first.Upstream(), second)
	run(t, "dig", "@127.0.0.1", "-p", fmt.Sprint(at.Port()), "before.example")
	first.Down()
	for range 5 {
		if out := run(t, "dig", "@127.0.0.1", "-p", fmt.Sprint(at.Port()), "a.peer.test"); !strings.Contains(out, "192.0.2.1") {
			t.Errorf("not answered by the other server:\n%s", out)
		}
	}
	first.Up()
	before := first.Stats().Queries
	await(t, "the first server is used again", func() bool {
		run(t, "dig", "@127.0.0.1", "-p", fmt.Sprint(at.Port()), fmt.Sprintf("t%d.peer.test", time.Now().UnixNano()))
		return first.Stats().Queries > before+1
	})
}

// dnsperf asks many names, and each answer comes.
func TestPeersDnsperf(t *testing.T) {
	needPeers(t)
	ca := resolvertest.NewCA(t)
	_, at := startEngine(t, ca.Pool(), startPeer(t, peers[1], ca))
	var names strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&names, "n%d.peer.test A\n", i)
	}
	file := filepath.Join(t.TempDir(), "names")
	write(t, file, names.String())
	out := run(t, "dnsperf", "-s", "127.0.0.1", "-p", fmt.Sprint(at.Port()), "-d", file, "-n", "1", "-c", "10", "-q", "100")
	if !strings.Contains(out, "Queries lost:         0") || !strings.Contains(out, "NXDOMAIN 5000") {
		t.Errorf("dnsperf:\n%s", out)
	}
}
