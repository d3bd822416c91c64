package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/rogpeppe/go-internal/testscript"

	"dotproxy/app/control"
	"dotproxy/resolver/resolvertest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dot-proxy": main})
}

// TestScripts runs testdata/script/*.txtar, each in an empty folder with a
// home, a control socket ($SOCK) and a free port ($PORT) of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
			e.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
			e.Setenv("XDG_RUNTIME_DIR", filepath.Join(home, "run"))
			e.Setenv("SOCK", filepath.Join(e.WorkDir, "c.sock"))
			port, err := freePort()
			e.Setenv("PORT", strconv.Itoa(port))
			return errors.Join(err, os.Mkdir(home, 0o700))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await, "ask": askScript, "hold": hold, "release": release, "gone": gone, "term": term,
			"provider": func(ts *testscript.TestScript, neg bool, _ []string) { providerServer(t, ts, neg) },
		},
	})
}

// freePort finds a port that is free over UDP and TCP just now. It is below
// those that systems give to connections.
func freePort() (int, error) {
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
			return l.Addr().(*net.TCPAddr).Port, nil
		}
	}
	return 0, errors.New("no port is free over both UDP and TCP")
}

// await STATE waits until the engine on $SOCK is in that state.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await STATE")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client := control.NewClient(ts.Getenv("SOCK"))
	var last error
	for ctx.Err() == nil {
		for e, err := range client.Events(ctx) {
			if last = err; err == nil && e.Status != nil && string(e.Status.State) == args[0] {
				return
			}
		}
		select { // there is no engine yet
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	ts.Fatalf("the engine did not become %s: %v", args[0], last)
}

// ask NETWORK NAME RCODE asks the engine on 127.0.0.1:$PORT.
func askScript(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: ask NETWORK NAME RCODE")
	}
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(args[1]), dns.TypeA)
	client := dns.Client{Net: args[0], Timeout: 5 * time.Second}
	reply, _, err := client.Exchange(m, "127.0.0.1:"+ts.Getenv("PORT"))
	switch {
	case neg && err == nil:
		ts.Fatalf("%s was answered: %v", args[1], reply)
	case neg:
	case err != nil:
		ts.Fatalf("%s: %v", args[1], err)
	case dns.RcodeToString[reply.Rcode] != args[2] || args[2] == "NOERROR" && len(reply.Answer) == 0:
		ts.Fatalf("%s: %v", args[1], reply)
	}
}

// held are the sockets that hold keeps open, by the script's folder.
var held = map[string]net.PacketConn{}

// providers are the servers that provider started, by the script's folder.
var providers sync.Map

// provider starts a DNS-over-TLS server, in $PROVIDER as --dns takes it, whose
// authority is in the file $CA; ! provider ends it.
func providerServer(t *testing.T, ts *testscript.TestScript, neg bool) {
	if neg {
		s, _ := providers.Load(ts.Getenv("WORK"))
		s.(*resolvertest.Server).Close()
		return
	}
	s := resolvertest.New(t)
	providers.Store(ts.Getenv("WORK"), s)
	ts.Setenv("PROVIDER", s.Upstream().Spec)
	ts.Setenv("CA", s.CA().WriteFile(t))
}

// hold takes $PORT, so that no engine can have it.
func hold(ts *testscript.TestScript, _ bool, _ []string) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:"+ts.Getenv("PORT"))
	ts.Check(err)
	held[ts.Getenv("WORK")] = c
	ts.Defer(func() { _ = c.Close() })
}

// release frees what hold took.
func release(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(held[ts.Getenv("WORK")].Close())
}

// term ends the engine on $SOCK by SIGTERM.
func term(ts *testscript.TestScript, _ bool, _ []string) {
	s, err := control.NewClient(ts.Getenv("SOCK")).Status(context.Background())
	ts.Check(err)
	p, err := os.FindProcess(s.PID)
	ts.Check(err)
	ts.Check(p.Signal(syscall.SIGTERM))
}

// gone FILE checks that there is no such file.
func gone(ts *testscript.TestScript, _ bool, args []string) {
	if _, err := os.Lstat(ts.MkAbs(args[0])); !errors.Is(err, os.ErrNotExist) {
		ts.Fatalf("%s is still there: %v", args[0], err)
	}
}

// TestBadCommandLines: status 2, and one sentence that names the value.
func TestBadCommandLines(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	sock := filepath.Join(t.TempDir(), "c.sock")
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct{ args, names string }{
		{"-p 99999", "99999 is not a port"},
		{"-p 0", "0 is not a port"},
		{"-p -1", "-1 is not a port"},
		{"-p five", "“five” is not a port"},
		{"serve -p 99999999999999999999", "“99999999999999999999” is not a port"},
		{"-p", "“-p” needs a value"},
		{"--port", "“--port” needs a value"},
		{"-l nowhere", "“nowhere” is not an IP address"},
		{"-l 127.0.0.1:53", "“127.0.0.1:53” is not an IP address"},
		{"-l 127.0.0.1,,::1", "“” is not an IP address"},
		{"-l 192.0.2.77 -p 5399", "192.0.2.77"},
		{"-d 1.2.3", "1.2.3"},
		{"-d cloudfare", "cloudfare"},
		{"-d 1.1.1.1:99999", "99999"},
		{"-d sdns://AgcAAAAAAAAA", "sdns://AgcAAAAAAAAA"},
		{"-d quad9 -d quad9", "“quad9” is listed twice"},
		{"-c /does/not/exist.pem", "“/does/not/exist.pem”"},
		{"-c " + empty, "holds no certificate"},
		{"-c /", "“/”"},
		{"--demo -d quad9", "--dns"},
		{"--demo -c " + empty, "--ca-bundle"},
		{"--settings=", "--settings"},
		{"--settings " + filepath.Dir(empty) + " -p 5399", "not a plain file"},
		{"--nonsense", "“--nonsense” is not a flag"},
		{"-x", "“-x” is not a flag"},
		{"statsu", "did you mean status"},
		{"frobnicate", "“frobnicate” is not a command"},
		{"serve now", "“now”"},
		{"use", "one provider"},
		{"use a b", "one provider"},
		{"settings set", "a key and a value"},
		{"settings set port", "a key and a value"},
		{"settings get port", "“get” is too much"},
		{"settings set prot 53", "“prot” is not a setting; did you mean port"},
		{"settings set rate_limit.brust 53", "did you mean rate_limit.burst"},
		{"settings set frobnicate 53", "“frobnicate” is not a setting"},
		{"settings set port five", "“five” is not what port takes, which is a whole number"},
		{"unblock", "one client"},
		{"unblock a b", "one client"},
		{"system-dns", "one of on, off, status or repair"},
		{"system-dns of", "“of” is not what dot-proxy system-dns takes"},
		{"system-dns on now", "“now”"},
		{"start-at-login", "one of on, off or status"},
		{"start-at-login yes", "“yes” is not what dot-proxy start-at-login takes"},
		{"start-at-login on now", "“now”"},
		{"queries -n few", "“few” is not a number"},
		{"queries -n -5", "“-5”"},
		{"status --listen x", "“--listen” is not a flag of dot-proxy status"},
		{"healthcheck -l nowhere", "“nowhere”"},
		{"--control " + sock + strings.Repeat("x", 120) + " --demo -p 5399", "path of the control socket"},
	}
	for _, c := range cases {
		t.Run(c.args, func(t *testing.T) {
			args := strings.Split(c.args, " ")
			if !strings.Contains(c.args, "--control") {
				args = append([]string{"--control", sock}, args...)
			}
			var stdout, stderr strings.Builder
			status := run(args, &stdout, &stderr)
			lines := strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n")
			last := lines[len(lines)-1]
			if status != statusUsage || !strings.Contains(last, c.names) || !strings.HasPrefix(last, "dot-proxy: ") || stdout.Len() > 0 {
				t.Errorf("status %d\nstdout %q\nstderr %q", status, stdout.String(), stderr.String())
			}
			if strings.Contains(stderr.String(), "Usage:") || strings.Contains(stderr.String(), "goroutine") {
				t.Errorf("more than a sentence: %q", stderr.String())
			}
		})
	}
}

func TestManaged(t *testing.T) {
	cases := []struct {
		about       string
		pid, parent int
		env         map[string]string
		want        bool
	}{
		{"a terminal", 500, 400, nil, false},
		{"a terminal that systemd started", 500, 400, map[string]string{"INVOCATION_ID": "x", "SYSTEMD_EXEC_PID": "300"}, false},
		{"a service", 500, 1, map[string]string{"INVOCATION_ID": "x"}, true},
		{"a service of the user's", 500, 450, map[string]string{"INVOCATION_ID": "x", "SYSTEMD_EXEC_PID": "500"}, true},
		{"an orphan", 500, 1, nil, false},
		{"a container", 1, 0, nil, true},
	}
	for _, c := range cases {
		if got := managed(func(k string) string { return c.env[k] }, c.pid, c.parent); got != c.want {
			t.Errorf("%s: %v", c.about, got)
		}
	}
}
