package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"dotproxy/app/control"
)

// activated is an engine whose sockets somebody else opened.
type activated struct {
	*control.Client
	cmd    *exec.Cmd
	addrs  []netip.AddrPort
	notify *net.UnixConn
	stderr strings.Builder
}

// passedFiles opens UDP and TCP sockets on one port of some addresses, 0 for a
// free one, and closes them at once save for what is passed.
func passedFiles(t *testing.T, port uint16, ips ...string) (addrs []netip.AddrPort, files []*os.File) {
	t.Helper()
	for range 50 {
		at := port
		if at == 0 {
			at = uint16(10000 + rand.IntN(20000))
		}
		addrs, files = nil, nil
		for _, ip := range ips {
			at := netip.AddrPortFrom(netip.MustParseAddr(ip), at)
			u, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
			if err != nil {
				break
			}
			defer u.Close()
			l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
			if err != nil {
				break
			}
			defer l.Close()
			uf, err1 := u.File()
			lf, err2 := l.File()
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _, _ = uf.Close(), lf.Close() })
			addrs, files = append(addrs, at), append(files, uf, lf)
		}
		if len(addrs) == len(ips) {
			return addrs, files
		}
	}
	t.Skip("no port is free over UDP and TCP on ", ips)
	return nil, nil
}

// activate is the command of an engine that files are passed to.
func activate(t *testing.T, dir, program string, files []*os.File) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `LISTEN_PID=$$ exec "$@"`, "sh", program, "serve", "--demo", "--control", filepath.Join(dir, "c.sock"))
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_RUNTIME_DIR="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir,
		"LISTEN_FDS="+strconv.Itoa(len(files)), "LISTEN_FDNAMES=dns", "NOTIFY_SOCKET="+filepath.Join(dir, "n"))
	cmd.ExtraFiles = files
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// thisProgram is the path of dot-proxy.
func thisProgram(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("dot-proxy")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func startActivated(t *testing.T, dir, program string, as *syscall.Credential, port uint16, ips ...string) *activated {
	t.Helper()
	a := &activated{Client: control.NewClient(filepath.Join(dir, "c.sock"))}
	var err error
	a.notify, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "n"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.notify.Close() })
	if err := os.Chmod(filepath.Join(dir, "n"), 0o777); err != nil { //nolint:gosec // for another user
		t.Fatal(err)
	}
	var files []*os.File
	a.addrs, files = passedFiles(t, port, ips...)
	a.cmd = activate(t, dir, program, files)
	a.cmd.Stderr, a.cmd.SysProcAttr = &a.stderr, &syscall.SysProcAttr{Credential: as}
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = a.cmd.Process.Kill()
		_ = a.cmd.Wait()
		if t.Failed() {
			t.Log(a.stderr.String())
		}
	})
	return a
}

// hears waits until the service manager is told something.
func (a *activated) hears(t *testing.T, want string) {
	t.Helper()
	_ = a.notify.SetReadDeadline(time.Now().Add(20 * time.Second))
	for buf := make([]byte, 1000); ; {
		n, err := a.notify.Read(buf)
		if err != nil {
			t.Fatalf("%s was not told: %v", want, err)
		}
		if strings.HasPrefix(string(buf[:n]), want) {
			return
		}
	}
}

// answers asks over UDP and TCP on each address.
func (a *activated) answers(t *testing.T, when string) {
	t.Helper()
	for _, addr := range a.addrs {
		for _, network := range []string{"udp", "tcp"} {
			m := new(dns.Msg)
			m.SetQuestion("example.com.", dns.TypeA)
			client := dns.Client{Net: network, Timeout: 10 * time.Second}
			if r, _, err := client.Exchange(m, addr.String()); err != nil || len(r.Answer) == 0 {
				t.Errorf("%s: %s %v: %v %v", when, network, addr, r, err)
			}
		}
	}
}

// change sets one setting.
func (a *activated) change(ctx context.Context, t *testing.T, set func(*control.Settings)) {
	t.Helper()
	s, err := a.Settings(ctx)
	if err != nil {
		t.Fatal(err)
	}
	set(&s)
	if err := a.Apply(ctx, s); err != nil {
		t.Fatal(err)
	}
}

// An engine answers on the sockets that a service manager opened, again after a
// stop and after it was on another port, and tells the manager of its state.
func TestSocketActivation(t *testing.T) {
	user := func(t *testing.T) (dir, program string, as *syscall.Credential) {
		dir, err := os.MkdirTemp("", "dp") // short enough for a unix socket
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		return dir, thisProgram(t), nil
	}
	// Port 53 of an address that nobody else has.
	noRights := func(t *testing.T) (dir, program string, as *syscall.Credential) {
		dir, program = ownProgram(t)
		return dir, program, &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	for _, c := range []struct {
		about string
		as    func(t *testing.T) (dir, program string, as *syscall.Credential)
		port  uint16
		ips   []string
	}{
		{"both families", user, 0, []string{"127.0.0.1", "::1"}},
		{"IPv4", user, 0, []string{"127.0.0.1"}},
		{"port 53 without a right", noRights, 53, []string{"127.53.53.53"}},
	} {
		t.Run(c.about, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			dir, program, as := c.as(t)
			ips := c.ips
			a := startActivated(t, dir, program, as, c.port, ips...)
			a.hears(t, "READY=1")
			a.answers(t, "at the start")
			s, err := a.Status(ctx)
			if err != nil || s.PortBy != control.PortByPassed || len(s.Listen) != len(ips) || s.Listen[0] != a.addrs[0].String() {
				t.Errorf("%+v, %v", s, err)
			}
			if err := a.Stop(ctx); err != nil {
				t.Fatal(err)
			}
			a.hears(t, "STATUS=The demo is stopped")
			if err := a.Start(ctx); err != nil {
				t.Fatal(err)
			}
			a.answers(t, "after a stop")
			free, err := freePort()
			if err != nil {
				t.Fatal(err)
			}
			a.change(ctx, t, func(s *control.Settings) { s.Port = free })
			if s, err := a.Status(ctx); err != nil || s.PortBy != "" {
				t.Errorf("on another port: %q, %v", s.PortBy, err)
			}
			a.change(ctx, t, func(s *control.Settings) { s.Port = int(a.addrs[0].Port()) })
			a.answers(t, "back from another port")
			if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			a.hears(t, "STOPPING=1")
			if err := a.cmd.Wait(); err != nil {
				t.Errorf("the end: %v", err)
			}
		})
	}
}

// What is no socket to answer DNS on is refused in one sentence.
func TestSocketActivationRefused(t *testing.T) {
	dir := t.TempDir()
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out, err := activate(t, dir, thisProgram(t), []*os.File{file}).CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != statusUsage || !strings.Contains(string(out), `The socket "dns" that the service manager passed is no socket.`) {
		t.Errorf("%v\n%s", err, out)
	}
	_, files := passedFiles(t, 0, "127.0.0.1")
	out, err = activate(t, dir, thisProgram(t), files[:1]).CombinedOutput()
	if exit, ok = errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != statusUsage || !strings.Contains(string(out), "over UDP alone; DNS needs TCP as well. Add ListenStream=") {
		t.Errorf("%v\n%s", err, out)
	}
}
