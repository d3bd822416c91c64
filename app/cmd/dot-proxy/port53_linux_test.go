package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dotproxy/app/control"
)

const nobody = 65534

// asNobody has setpriv(1) run what follows as a user without rights.
const asNobody = "setpriv --reuid 65534 --regid 65534 --clear-groups "

// ownProgram is a copy of dot-proxy that every user may run, in a folder of
// nobody's.
func ownProgram(t *testing.T) (dir, program string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("it needs root, to be other users and in other networks")
	}
	for _, tool := range []string{"unshare", "ip", "setpriv", "setcap", "sysctl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("it needs ", tool)
		}
	}
	if out, err := exec.Command("unshare", "--net", "ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Skipf("it needs a network of its own: %v %s", err, out)
	}
	dir, err := os.MkdirTemp("", "dp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program = filepath.Join(dir, "dot-proxy")
	from, err := os.Open(thisProgram(t))
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755) //nolint:gosec // a program
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(to, from)
	for _, err := range []error{err, to.Close(), os.Chmod(dir, 0o755), os.Chmod(program, 0o755), os.Chown(dir, nobody, nobody)} { //nolint:gosec // for all to run
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir, program
}

// inNetwork runs a line of sh(1) in an empty network, with dot-proxy's command
// line in "$@".
func inNetwork(ctx context.Context, line, dir, program string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "unshare", "--net", "sh", "-ec", "ip link set lo up; "+line, "sh",
		program, "serve", "--demo", "-l", "127.0.0.1", "--control", filepath.Join(dir, "c.sock"))
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir, "XDG_RUNTIME_DIR="+dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// TestPort53 goes every way to port 53 there is, as it would be gone by people.
func TestPort53(t *testing.T) {
	cases := []struct {
		about string
		line  string
		want  control.PortBy
		says  string
	}{
		{"root", `exec "$@"`, control.PortByRoot, "to root"},
		{"the file", "setcap cap_net_bind_service=+ep $1; exec " + asNobody + `"$@"`, control.PortByFile, "by the capability of its file"},
		{"ambient", "exec " + asNobody + `--inh-caps +net_bind_service --ambient-caps +net_bind_service "$@"`, control.PortByAmbient, "by an ambient capability"},
		{"everybody", "sysctl -qw net.ipv4.ip_unprivileged_port_start=53; exec " + asNobody + `"$@"`, control.PortByUnprivileged, "to everybody"},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			dir, program := ownProgram(t)
			var st unix.Statfs_t
			if err := unix.Statfs(dir, &st); err != nil || st.Flags&unix.ST_NOSUID != 0 && c.want == control.PortByFile {
				t.Skip("capabilities of files do not count in ", dir)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var log strings.Builder
			cmd := inNetwork(ctx, c.line, dir, program)
			cmd.Stderr = &log
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			got := portByOf(ctx, filepath.Join(dir, "c.sock"), ended)
			cancel()
			<-ended
			if strings.Contains(log.String(), "sysctl: ") {
				t.Skip("the limit cannot be changed here: ", log.String())
			}
			if got != c.want || !strings.Contains(log.String(), "the port is allowed "+c.says) {
				t.Errorf("by %q, want %q\n%s", got, c.want, log.String())
			}
		})
	}
}

// portByOf waits for an engine at path and returns what allowed its port; empty
// where it ended. It leaves a value in ended.
func portByOf(ctx context.Context, path string, ended chan error) control.PortBy {
	client := control.NewClient(path)
	for {
		for e, err := range client.Events(ctx) {
			if err == nil && e.Status != nil && e.Status.PortBy != "" {
				return e.Status.PortBy
			}
		}
		select {
		case <-ctx.Done():
			return ""
		case err := <-ended:
			ended <- err
			return ""
		case <-time.After(20 * time.Millisecond): // there is none yet
		}
	}
}

// A user without any of these is told the command to run.
func TestPort53Refused(t *testing.T) {
	dir, program := ownProgram(t)
	if status, err := os.ReadFile("/proc/self/status"); err != nil || strings.Contains(string(status), "NoNewPrivs:\t1") {
		t.Skip("no rights can be gained here")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := inNetwork(ctx, "sysctl -qw net.ipv4.ip_unprivileged_port_start=1024 || true; exec "+asNobody+`"$@"`, dir, program).CombinedOutput()
	const sentence = "dot-proxy: Port 53 needs a permission this program lacks. Run the command below once, or choose a port above 1023"
	if command := "\nsudo setcap 'cap_net_bind_service=+ep' " + program + "\n"; err == nil || !strings.Contains(string(out), sentence) || !strings.Contains(string(out), command) {
		t.Errorf("%v\n%s", err, out)
	}
}

// The holder of the port is named to somebody who may not see its process, by
// its user and by what is likely.
func TestPort53Taken(t *testing.T) {
	dir, program := ownProgram(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const line = `sysctl -qw net.ipv4.ip_unprivileged_port_start=53
"$1" serve --demo -l 127.0.0.1 --control "$PWD/other.sock" & other=$!
trap 'kill $other; wait $other' EXIT
until grep -q ':0035 .* 0A ' /proc/net/tcp; do kill -0 $other; sleep 0.05; done
` + asNobody + `"$@"`
	cmd := inNetwork(ctx, line, dir, program)
	// Another DNS server of this computer could as well be the one that has it.
	cmd.Args = slices.Insert(cmd.Args, 1, "--pid", "--fork", "--kill-child", "--mount-proc")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "sysctl: ") {
		t.Skip("the limit cannot be changed here: ", string(out))
	}
	const says = "Port 53 is taken by a program whose process this user may not see, most likely another DoT Proxy (process "
	if err == nil || !strings.Contains(string(out), says) || !strings.Contains(string(out), " of user root). Quit that one, or choose another port.") {
		t.Errorf("%v\n%s", err, out)
	}
}
