package e2e_test

import (
	"bufio"
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/miekg/dns"

	"dotproxy/app/control"
	"dotproxy/resolver/resolvertest"
)

// quad9Address is an address of the known provider Quad9. In the namespace of
// these tests it is on loopback.
const quad9Address = "9.9.9.9"

// patience bounds every wait; nothing is asserted about how long one took.
const patience = 30 * time.Second

// desk is one user's session: a bus, folders, and the servers to ask.
type desk struct {
	t      *testing.T
	dir    string
	bin    string // the folder of the tray that is started
	env    map[string]string
	bus    *dbus.Conn // nil without one
	custom *resolvertest.Server
	quad9  *resolvertest.Server
	caFile string
	port   int
	client *control.Client
}

// newDesk makes a session; without a bus D-Bus is not there.
func newDesk(t *testing.T, bus bool) *desk {
	t.Helper()
	if os.Getenv(gate) != "1" {
		t.Skip("needs a display server: set " + gate + "=1 and install xvfb, xdotool, dbus-daemon and iproute2")
	}
	dir, err := os.MkdirTemp("", "dpd") // short, for the socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ca := resolvertest.NewCA(t)
	d := &desk{
		t: t, dir: dir, bin: programs, caFile: ca.WriteFile(t),
		custom: resolvertest.New(t, resolvertest.WithCA(ca)),
		quad9: resolvertest.New(t, resolvertest.WithCA(ca), resolvertest.WithName("dns.quad9.net"),
			resolvertest.WithAddr(netip.AddrPortFrom(netip.MustParseAddr(quad9Address), 853))),
		client: control.NewClient(filepath.Join(dir, "dot-proxy", "control.sock")),
	}
	d.port = resolvertest.FreePort(t)
	d.env = map[string]string{
		"DISPLAY": os.Getenv("DISPLAY"), "PATH": os.Getenv("PATH"), "HOME": dir, "XDG_RUNTIME_DIR": dir, "TMPDIR": dir,
		"WINDOW_LOG": filepath.Join(dir, "window.log"), "GORACE": "halt_on_error=1",
		"NO_AT_BRIDGE": "1", // its bus daemon is none of ours to end
	}
	if bus {
		d.startBus()
	}
	t.Cleanup(d.endEngine)
	return d
}

// startBus starts a session bus that ends with the test.
func (d *desk) startBus() {
	d.t.Helper()
	cmd := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address=1", "--address=unix:path="+filepath.Join(d.dir, "bus"))
	cmd.Env = d.environment() // of what the bus starts as well
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		d.t.Fatal("dbus-daemon: ", err)
	}
	d.env["DBUS_SESSION_BUS_ADDRESS"] = strings.TrimSpace(address)
	if d.bus, err = dbus.Connect(d.env["DBUS_SESSION_BUS_ADDRESS"]); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = d.bus.Close() })
}

// endEngine ends the engine that a test leaves running.
func (d *desk) endEngine() {
	s, err := d.client.Status(context.Background())
	if err != nil {
		return
	}
	_ = d.client.Quit(context.Background())
	d.await("the engine's end", func() bool { return !alive(s.PID) })
}

// process is a program under test.
type process struct {
	*exec.Cmd
	d      *desk
	done   chan struct{}
	mu     sync.Mutex
	output strings.Builder
}

// Write keeps what the program says.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// environment is that of the session's programs.
func (d *desk) environment() (list []string) {
	for name, value := range d.env {
		list = append(list, name+"="+value)
	}
	return list
}

// startTray starts a tray that is ended with the test.
func (d *desk) startTray(args ...string) *process {
	d.t.Helper()
	p := &process{d: d, done: make(chan struct{})}
	p.Cmd = exec.Command(filepath.Join(d.bin, "dot-proxy-tray"), args...)
	p.Env = d.environment()
	p.Stdout, p.Stderr = p, p
	p.WaitDelay = time.Second // the window script may hold the pipe for a moment
	if err := p.Start(); err != nil {
		d.t.Fatal(err)
	}
	go func() {
		_ = p.Wait()
		close(p.done)
	}()
	d.t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.done
		if d.t.Failed() || strings.Contains(p.said(), "DATA RACE") {
			d.t.Errorf("%v said:\n%s", args, p.said())
		}
	})
	return p
}

// engineFlags are what the tray hands to its engine.
func (d *desk) engineFlags() []string {
	return []string{"--", "-l", "127.0.0.1", "-p", strconv.Itoa(d.port), "-d", d.custom.Addr().String() + "#dot.test",
		"-c", d.caFile, "--settings", filepath.Join(d.dir, "settings.toml")}
}

// ended waits for the end of the program and returns its status.
func (p *process) ended() int {
	p.d.t.Helper()
	select {
	case <-p.done:
		return p.ProcessState.ExitCode()
	case <-time.After(patience):
		p.d.t.Fatalf("%v does not end; it said:\n%s", p.Args, p.said())
		return -1
	}
}

// await polls until cond holds.
func (d *desk) await(what string, cond func() bool) {
	d.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !cond() {
		select {
		case <-limit:
			d.t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// engine returns the status once it is as cond says.
func (d *desk) engine(what string, cond func(control.Status) bool) (s control.Status) {
	d.t.Helper()
	d.await("an engine that is "+what, func() bool {
		var err error
		s, err = d.client.Status(context.Background())
		return err == nil && cond(s)
	})
	return s
}

func up(s control.Status) bool { return s.State == control.Protected }

// dig asks the engine for the address of name.
func (d *desk) dig(name string) error {
	m := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA)
	reply, err := dns.Exchange(m, "127.0.0.1:"+strconv.Itoa(d.port))
	if err == nil && (reply.Rcode != dns.RcodeSuccess || len(reply.Answer) == 0) {
		return &net.DNSError{Err: dns.RcodeToString[reply.Rcode], Name: name}
	}
	return err
}

// answeredBy asks until name, made unique by a number, was answered by server.
func (d *desk) answeredBy(server *resolvertest.Server, name string) {
	d.t.Helper()
	n := 0
	d.await("an answer of "+server.Addr().String(), func() bool {
		n++
		asked := name + strconv.Itoa(n) + ".example."
		if d.dig(asked) != nil {
			return false
		}
		for _, q := range server.Queries() {
			if strings.EqualFold(q.Msg.Question[0].Name, asked) {
				return true
			}
		}
		return false
	})
}

// windows returns how the window was opened, one line each.
func (d *desk) windows() []string {
	text, err := os.ReadFile(d.env["WINDOW_LOG"])
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil && !zombie(pid) }

// zombie tells whether a process has ended and only waits to be noticed.
func zombie(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return strings.HasPrefix(rest, "Z")
}

func kill(pid string) {
	if n, err := strconv.Atoi(pid); err == nil {
		_ = syscall.Kill(n, syscall.SIGKILL)
	}
}
