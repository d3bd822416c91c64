package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// inside runs in namespaces of its own, where port 53 is free and resolv.conf
// may be changed: the engine with its default addresses, and the C library as
// its client.
const inside = `set -e
ip link set lo up
# getaddrinfo asks only for families of which the host has an
# address beyond loopback.
ip addr add 203.0.113.1/24 dev lo
ip addr add 2001:db8:ffff::1/64 dev lo
mount --bind "$DIR/resolv.conf" /etc/resolv.conf
"$BIN" serve --demo --control "$DIR/s" --settings "$DIR/none.toml" 2>"$DIR/log" &
engine=$!
for _ in $(seq 100); do "$BIN" healthcheck --upstream --control "$DIR/s" >/dev/null 2>&1 && break; sleep 0.1; done
getent ahostsv4 example.com | head -n 1
getent ahostsv6 www.example.com | head -n 1
getent ahosts nothing.example || echo "not found"
"$BIN" queries --json --control "$DIR/s" | grep -c example
kill -TERM $engine
wait $engine
echo "status $?"
`

// The C library's getaddrinfo asks the engine on 127.0.0.1:53, and SIGTERM ends
// it with status 0.
func TestCLibraryAsksTheEngine(t *testing.T) {
	if os.Getenv("DOTPROXY_PEER_TESTS") == "" {
		t.Skip("DOTPROXY_PEER_TESTS is not set: it needs namespaces (unshare, ip) and getent")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "dot-proxy")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "resolv.conf"), []byte("nameserver 127.0.0.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"--net", "--mount", "--", "bash", "-c", inside}
	if os.Getuid() != 0 {
		args = append([]string{"--map-root-user"}, args...)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", args...)
	cmd.Env = append(os.Environ(), "DIR="+dir, "BIN="+bin, "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	for _, want := range []string{"192.0.2.10", "2001:db8:1::80", "not found", "status 0"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if t.Failed() {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Logf("printed:\n%s\nthe engine's log:\n%s", out, log)
	}
}
