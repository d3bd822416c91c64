package guard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"dotproxy/app/systemdns"
	"dotproxy/app/systemdns/internal/step"

	"go.uber.org/goleak"
)

// TestMain lets the test's own program stand in for the guard that a client
// starts: one below a folder, and the real one.
func TestMain(m *testing.M) {
	if slices.Equal(os.Args[1:], []string{"system-dns", "guard"}) {
		if err := Run(context.Background(), slog.New(slog.NewTextHandler(os.Stderr, nil)), ""); err != nil {
			fmt.Fprintln(os.Stderr, "dot-proxy: "+err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	if root := os.Getenv("GUARD_TEST_ROOT"); root != "" {
		os.Exit(guardBelow(system{root}))
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("dotproxy/app/systemdns/guard.launch.func1")) // guards may outlive who started them
}

// system is a computer below a folder: a resolv.conf, a journal, a socket.
type system struct{ root string }

const networksFile = "search office.example\nnameserver 192.0.2.53\noptions edns0\n"

// newSystem makes one whose resolv.conf is a plain file. Its folder has a short
// name, for the sockets'.
func newSystem(t *testing.T) system {
	t.Helper()
	root, err := os.MkdirTemp("", "dp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	s := system{root}
	if err := errors.Join(os.Mkdir(s.at("etc"), 0o755), os.MkdirAll(s.at("run/systemd/system"), 0o755), os.WriteFile(s.conf(), []byte(networksFile), 0o644)); err != nil { //nolint:gosec // as a system has them
		t.Fatal(err)
	}
	return s
}

func (s system) at(path string) string { return filepath.Join(s.root, path) }

func (s system) conf() string { return s.at("etc/resolv.conf") }

func (s system) place() place {
	return place{journal: journal{s.at("var"), 0o700}, socket: s.at("sock/g"), uid: os.Geteuid()}
}

// ways has the file as the only mechanism.
func (s system) ways() ways {
	m := systemdns.FileAt(s.root)
	return ways{
		func(context.Context) (systemdns.Mechanism, error) { return m, nil },
		func(name string) (systemdns.Mechanism, bool) { return m, name == m.Name() },
	}
}

// keeper is a guard's, whose lookups succeed where ask does nothing else.
func (s system) keeper(ask func(ctx context.Context, name string)) *keeper {
	return &keeper{
		ways: s.ways(), journal: s.place().journal, owner: me(), unit: bootUnit{s.root, "/usr/bin/dot-proxy"},
		lookup: ask, log: slog.New(slog.DiscardHandler), changed: func() {},
	}
}

// askTest asks the test for a name, where a real guard asks the C library.
func (s system) askTest(ctx context.Context, name string) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", s.at("ask"))
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, name)
}

// resolver hears askTest. expect is for a Client.
type resolver struct {
	names chan expectation
}

type expectation struct {
	name    string
	arrived chan struct{}
}

func (s system) resolver(t *testing.T) *resolver {
	t.Helper()
	l, err := net.Listen("unix", s.at("ask"))
	if err != nil {
		t.Fatal(err)
	}
	r, asked := &resolver{make(chan expectation, 16)}, make(chan string)
	ended := make(chan struct{})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				close(asked)
				return
			}
			name, _ := io.ReadAll(conn)
			_ = conn.Close()
			asked <- string(name)
		}
	}()
	go func() {
		defer close(ended)
		waiting := map[string]chan struct{}{}
		for {
			select {
			case e := <-r.names:
				waiting[e.name] = e.arrived
			case name, ok := <-asked:
				if !ok {
					return
				}
				if arrived := waiting[name]; arrived != nil {
					close(arrived)
					delete(waiting, name)
				}
			}
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-ended })
	return r
}

func (r *resolver) expect(name string) <-chan struct{} {
	e := expectation{name, make(chan struct{})}
	r.names <- e
	return e.arrived
}

// guardBelow is a guard's process. With GUARD_TEST_STEP=N it is killed at its
// Nth step.
func guardBelow(s system) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if n, err := strconv.Atoi(os.Getenv("GUARD_TEST_STEP")); err == nil {
		step.Watch(func(string) {
			if n--; n == 0 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		})
	}
	p := s.place()
	unlock, err := p.lock(ctx)
	if err != nil {
		return 1
	}
	defer unlock()
	l, err := listen(p)
	if err != nil {
		return 1
	}
	if err := os.WriteFile(s.at("pid"), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return 1
	}
	if newServer(s.keeper(s.askTest)).serve(ctx, l) != nil {
		return 1
	}
	return 0
}

// launcher starts guardBelow as Client's launch does. ended hears of each
// guard's end.
func (s system) launcher(ended chan<- error, env ...string) func(context.Context, place, bool) error {
	return func(ctx context.Context, p place, _ bool) error {
		cmd := exec.Command(os.Args[0])
		cmd.Env, cmd.SysProcAttr = append(append(os.Environ(), "GUARD_TEST_ROOT="+s.root), env...), detached()
		if err := cmd.Start(); err != nil {
			return err
		}
		over := make(chan error, 1)
		go func() {
			err := cmd.Wait()
			ended <- err
			over <- err
		}()
		return await(ctx, p, over, false, func(err error) error { return err })
	}
}

// client is an engine's.
func (s system) client(t *testing.T, r *resolver, launch func(context.Context, place, bool) error) *Client {
	t.Helper()
	c := newClient(Options{Expect: r.expect}, seams{
		places: func() []place { return []place{s.place()} }, own: s.place,
		detect: s.ways().detect, launch: launch,
	})
	t.Cleanup(c.Close)
	return c
}

// describe is what must come back: the names below etc and what they hold.
func (s system) describe(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("find", s.at("etc"), "-maxdepth", "1", "-name", "*resolv.conf*", "-printf", "%P %y %m %U:%G %l\\n").CombinedOutput()
	if err != nil {
		t.Fatal(err, string(out))
	}
	text, _ := os.ReadFile(s.conf())
	return string(out) + string(text)
}

// pid is that of the guard.
func (s system) pid(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(s.at("pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
