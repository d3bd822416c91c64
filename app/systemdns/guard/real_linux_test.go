package guard

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"dotproxy/app/control"

	"github.com/miekg/dns"
)

// enter makes a computer of its own out of this one: folders that nobody else
// sees, and a loopback interface. What it changes ends with it.
const enter = `set -e
ip link set lo up
ip addr add 203.0.113.1/24 dev lo
cp -a /etc "$DIR/etc"
mount --bind "$DIR/etc" /etc
umount /etc/resolv.conf 2>/dev/null || true
mount -t tmpfs none /run
mount -t tmpfs none /var/lib
cd /etc
rm -f resolv.conf
printf 'search office.example\nnameserver 192.0.2.53\n' >resolv.conf
mkdir -m 755 /run/bin
cp "$BIN" /run/bin/dot-proxy-test
mkfifo -m 666 /run/asked /run/ended
printf '#!/bin/sh\necho "$@" >/run/asked\nexec cat /run/ended\n' >/run/bin/pkexec
chmod 755 /run/bin/pkexec
mkdir -m 700 /run/nobody
chown 65534 /run/nobody
echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
export PATH="/run/bin:$PATH"
exec /run/bin/dot-proxy-test -test.run '^TestWithin$' -test.v
`

// TestRealComputer runs TestWithin where it may change the system's own files.
func TestRealComputer(t *testing.T) {
	if os.Getenv("DOTPROXY_PEER_TESTS") == "" {
		t.Skip("DOTPROXY_PEER_TESTS is not set: it needs namespaces (unshare, ip), getent and root")
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--net", "--mount", "--", "sh", "-c", enter)
	cmd.Env = append(os.Environ(), "DIR="+t.TempDir(), "BIN="+os.Args[0], "GUARD_TEST_WITHIN=1", "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestWithin") {
		t.Errorf("%v\n%s", err, out)
	} else {
		t.Logf("%s", out)
	}
}

// nameServer is an engine's listener: it tells which names were asked.
type nameServer struct {
	mu      sync.Mutex
	waiting map[string]chan struct{}
	deaf    bool
}

func (n *nameServer) expect(name string) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	arrived := make(chan struct{})
	n.waiting[name] = arrived
	return arrived
}

func (n *nameServer) setDeaf(deaf bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.deaf = deaf
}

func (n *nameServer) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	n.mu.Lock()
	if arrived := n.waiting[r.Question[0].Name]; arrived != nil && !n.deaf {
		close(arrived)
		delete(n.waiting, r.Question[0].Name)
	}
	n.mu.Unlock()
	reply := new(dns.Msg).SetRcode(r, dns.RcodeNameError)
	_ = w.WriteMsg(reply)
}

// TestWithin changes the DNS of the computer that it runs on, which enter made.
func TestWithin(t *testing.T) {
	if os.Getenv("GUARD_TEST_WITHIN") == "" {
		t.Skip("it is run by TestRealComputer, on a computer of its own")
	}
	names := serveNames(t, "127.0.0.1:53")
	for _, kind := range []struct{ name, prepare, undo string }{
		{"a file", "true", "true"},
		{"a link", "mv resolv.conf /run/real.conf && ln -s ../run/real.conf resolv.conf", "rm resolv.conf && mv /run/real.conf resolv.conf"},
		{"a mounted file", "cp resolv.conf /run/mounted.conf && mount --bind /run/mounted.conf resolv.conf", "umount resolv.conf"},
	} {
		t.Run(kind.name, func(t *testing.T) {
			shell(t, kind.prepare)
			defer shell(t, kind.undo)
			aroundTheClock(t, names)
		})
	}
	t.Run("a user", asAUser)
	t.Run("a locked file", func(t *testing.T) { lockedFile(t, names) })
}

func serveNames(t *testing.T, addr string) *nameServer {
	t.Helper()
	names := &nameServer{waiting: map[string]chan struct{}{}}
	conn, err := net.ListenPacket("udp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: conn, Handler: names}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return names
}

const nobody = 65534

// asAUser runs TestAsUser as nobody, and has a pkexec of enter's, which asks
// for no password, start the guard.
func asAUser(t *testing.T) {
	before := system{"/"}.describe(t)
	guarded := make(chan error, 1)
	go func() {
		asked, err := os.ReadFile("/run/asked")
		if args := strings.Fields(string(asked)); err == nil && len(args) > 0 {
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PKEXEC_UID=65534"}
			err = cmd.Run()
		}
		guarded <- err
		_ = os.WriteFile("/run/ended", nil, 0o600)
	}()
	cmd := exec.Command("/run/bin/dot-proxy-test", "-test.run", "^TestAsUser$", "-test.v")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "XDG_RUNTIME_DIR=/run/nobody", "XDG_STATE_HOME=/run/nobody", "GUARD_TEST_AS_USER=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestAsUser") {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := <-guarded; err != nil {
		t.Errorf("root's guard: %v", err)
	}
	if now := (system{"/"}).describe(t); now != before || !thisProcess().own().journal.absent() {
		t.Errorf("%s", now)
	}
}

// TestAsUser changes the DNS of a computer that this user may not change.
func TestAsUser(t *testing.T) {
	if os.Getenv("GUARD_TEST_AS_USER") == "" {
		t.Skip("it is run by TestRealComputer, as another user")
	}
	const addr = "127.0.0.2:53"
	names := serveNames(t, addr)
	c := NewClient(Options{Expect: names.expect})
	if err := c.Set(t.Context(), []netip.AddrPort{netip.MustParseAddrPort(addr)}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile("/etc/resolv.conf"); err != nil || !strings.Contains(string(text), "nameserver 127.0.0.2\n") {
		t.Errorf("%s, %v", text, err)
	}
	if s, err := NewClient(Options{}).Look(t.Context()); err != nil || s.Phase != Set {
		t.Errorf("%+v, %v", s, err)
	}
	if e, err := rootPlace(nobody).journal.read(); err != nil || !e.Owner.alive() {
		t.Errorf("root's journal: %+v, %v", e, err)
	}
	if err := c.Restore(t.Context()); err != nil || c.State().Phase != Off {
		t.Errorf("%v, %+v", err, c.State())
	}
	c.Close()
	awaitEnd(t, NewClient(Options{Expect: names.expect}))
}

// shell runs a command in /etc.
func shell(t *testing.T, command string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = "/etc"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
}

var port53 = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}

// aroundTheClock sets, keeps and restores, with all that may come between.
func aroundTheClock(t *testing.T, names *nameServer) {
	s := system{"/"}
	before := s.describe(t)
	c := NewClient(Options{Expect: names.expect})
	defer c.Close()
	check := func(what string, err error, points bool) {
		t.Helper()
		if err != nil || s.points(t) != points || !points && s.describe(t) != before {
			t.Fatalf("%s: %v\n%s", what, err, s.describe(t))
		}
	}
	check("on", c.Set(t.Context(), port53), true)
	check("off", c.Restore(t.Context()), false)

	names.setDeaf(true)
	if p, ok := errors.AsType[*control.Problem](c.Set(t.Context(), port53)); !ok || !strings.Contains(p.Message, "did not ask") {
		t.Errorf("unproven: %v", p)
	}
	check("unproven", nil, false)
	names.setDeaf(false)

	check("on again", c.Set(t.Context(), port53), true)
	e, err := thisProcess().own().journal.read()
	if err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(e.Owner.PID, syscall.SIGKILL)
	check("guard killed", c.Repair(t.Context()), true)
	c.Close()
	awaitEnd(t, NewClient(Options{Expect: names.expect}))
	check("engine gone", nil, false)
}

// awaitEnd waits until a guard has put everything back.
func awaitEnd(t *testing.T, c *Client) {
	t.Helper()
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), restorePatience)
	defer cancel()
	for _, p := range thisProcess().all() {
		for l, err := openLink(ctx, p, func(State) {}); err == nil; l, err = openLink(ctx, p, func(State) {}) {
			<-l.done
		}
	}
	if s, err := c.Look(ctx); err != nil || s.Phase != Off {
		t.Errorf("%+v, %v", s, err)
	}
}

func lockedFile(t *testing.T, names *nameServer) {
	if out, err := exec.Command("chattr", "+i", "/etc/resolv.conf").CombinedOutput(); err != nil {
		t.Skipf("this file system knows no chattr: %s", out)
	}
	defer shell(t, "chattr -i resolv.conf")
	s := system{"/"}
	before := s.describe(t)
	c := NewClient(Options{Expect: names.expect})
	err := c.Set(t.Context(), port53)
	c.Close()
	awaitEnd(t, NewClient(Options{Expect: names.expect}))
	if err == nil || !strings.Contains(err.Error(), "locked against changes (chattr +i)") || s.describe(t) != before {
		t.Errorf("%v\n%s", err, s.describe(t))
	}
	t.Log(err)
}
