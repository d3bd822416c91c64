package daemon

import (
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
)

// fakeProc is a /proc with the sockets of a table and processes.
type fakeProc fstest.MapFS

const tableHead = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

func (p fakeProc) file(path, text string) { p[path] = &fstest.MapFile{Data: []byte(text)} }

func (p fakeProc) table(name string, lines ...string) {
	p.file("net/"+name, tableHead+strings.Join(lines, "\n")+"\n")
}

// process adds one with a socket, which it shows where inode is not empty.
func (p fakeProc) process(pid, comm, command, uid, cgroup, inode string) {
	p.file(pid+"/comm", comm+"\n")
	p.file(pid+"/cmdline", strings.ReplaceAll(command, " ", "\x00")+"\x00")
	p.file(pid+"/status", "Name:\t"+comm+"\nUid:\t0\t"+uid+"\t0\t0\n")
	p.file(pid+"/cgroup", cgroup+"\n")
	if inode != "" {
		p[pid+"/fd/4"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("socket:[" + inode + "]")}
	}
}

const (
	udpLoopback = "  77: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0 0"
	udpStub     = "  78: 3500007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 4712 2 0 0"
	tcpAll6     = "   3: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000    53        0 4713 1"
)

func TestProcHolder(t *testing.T) {
	names := map[string]string{"0": "root", "53": "unbound", "101": "systemd-resolve", "102": "dnsmasq"}
	dnsmasq := func(p fakeProc, inode string) {
		p.process("812", "dnsmasq", "/usr/sbin/dnsmasq -k", "102", "0::/system.slice/dnsmasq.service", inode)
	}
	cases := []struct {
		about, network, want string
		fill                 func(p fakeProc)
		message              string
	}{
		{"seen", "udp", "127.0.0.1:53", func(p fakeProc) { p.table("udp", udpLoopback); dnsmasq(p, "4711") }, "dnsmasq (process 812 of user dnsmasq)"},
		{"passed by systemd", "udp", "127.0.0.1:53", func(p fakeProc) {
			p.table("udp", udpLoopback)
			p.process("1", "systemd", "/sbin/init", "0", "0::/init.scope", "4711")
			dnsmasq(p, "4711")
		}, "dnsmasq (process 812 of user dnsmasq)"},
		{"waiting for its service", "udp", "127.0.0.1:53", func(p fakeProc) {
			p.table("udp", udpLoopback)
			p.process("1", "systemd", "/sbin/init", "0", "0::/init.scope", "4711")
		}, "a socket unit of systemd (process 1 of user root)"},
		{"hidden, and one DNS server runs", "udp", "127.0.0.1:53", func(p fakeProc) { p.table("udp", udpLoopback); dnsmasq(p, "") },
			"a program whose process this user may not see, most likely dnsmasq (process 812 of user dnsmasq)"},
		{"hidden, two run, one of the user", "tcp", "127.0.0.1:53", func(p fakeProc) {
			p.table("tcp6", tcpAll6)
			dnsmasq(p, "")
			p.process("900", "unbound", "unbound", "53", "0::/x", "")
		}, "a program whose process this user may not see, most likely Unbound (process 900 of user unbound)"},
		{"hidden, two that fit", "udp", "127.0.0.1:53", func(p fakeProc) {
			p.table("udp", udpLoopback)
			dnsmasq(p, "")
			p.process("900", "named", "named", "53", "0::/x", "")
		}, "a program of user root, whose process this user may not see"},
		{"a DNS server in a container is none of these", "udp", "127.0.0.1:53", func(p fakeProc) {
			p.table("udp", udpLoopback)
			p.process("900", "coredns", "coredns", "0", "0::/system.slice/docker-0123.scope", "")
		}, "a program of user root, whose process this user may not see"},
		{"the stub, and its cut name", "udp", "0.0.0.0:53", func(p fakeProc) {
			p.table("udp", udpStub)
			p.process("300", "systemd-resolve", "/lib/systemd/systemd-resolved", "101", "0::/system.slice/systemd-resolved.service", "")
		}, "systemd-resolved (process 300 of user systemd-resolve)"},
		{"the stub is in nobody's way", "udp", "127.0.0.1:53", func(p fakeProc) { p.table("udp", udpStub) }, "another program, which could not be found"},
		{"IPv6's wildcard", "tcp", "[::1]:53", func(p fakeProc) {
			p.table("tcp6", tcpAll6)
			p.process("900", "unbound", "unbound", "53", "0::/system.slice/unbound.service", "4713")
		}, "Unbound (process 900 of user unbound)"},
		{"Docker", "tcp", "0.0.0.0:53", func(p fakeProc) {
			p.table("tcp6", tcpAll6)
			p.process("77", "docker-proxy", "/usr/bin/docker-proxy -proto tcp -host-port 53", "0", "0::/system.slice/docker.service", "4713")
		}, "a container’s published port (docker-proxy) (process 77 of user root)"},
		{"broken tables", "udp", "127.0.0.1:53", func(p fakeProc) { p.table("udp", "x", "1: 0100:0035 0 07 0 0 0 0 0 1", ":::") }, "another program, which could not be found"},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			p := fakeProc{}
			c.fill(p)
			want := netip.MustParseAddrPort(c.want)
			h := procFS{fstest.MapFS(p), func(uid string) string { return names[uid] }}.holder(c.network, want)
			if got := inUseProblem(want, h).Message; got != "Port 53 is taken by "+c.message+"." {
				t.Errorf("%s\nwant %s", got, c.message)
			}
		})
	}
}

func TestUnitOf(t *testing.T) {
	for cgroup, want := range map[string]struct {
		unit      string
		container bool
	}{
		"0::/system.slice/named.service\n":                                             {"named.service", false},
		"12:pids:/x\n1:name=systemd:/system.slice/bind9.service\n":                     {"bind9.service", false},
		"0::/system.slice/docker.service\n":                                            {"docker.service", false},
		"0::/system.slice/docker-0123.scope\n":                                         {"", true},
		"4:memory:/docker/0123\n":                                                      {"", true},
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/dnsmasq.service\n": {"", false},
		"": {"", false},
	} {
		if unit, container := unitOf(cgroup); unit != want.unit || container != want.container {
			t.Errorf("%q: %q, %v", cgroup, unit, container)
		}
	}
}

// A real dnsmasq on port 53 of a network of its own is named, with its user.
func TestRealDnsmasq(t *testing.T) {
	if os.Getenv("DOTPROXY_PEER_TESTS") == "" {
		t.Skip("DOTPROXY_PEER_TESTS is not set: it needs namespaces (unshare, ip) and dnsmasq")
	}
	if os.Getenv("DOTPROXY_TEST_INSIDE") != "" {
		want := netip.MustParseAddrPort("127.0.0.1:53")
		for _, network := range []string{"udp", "tcp"} {
			if h := findHolder(network, want); h.name != "dnsmasq" || h.pid == 0 || h.user == "" || h.likely {
				t.Errorf("%s: %+v", network, h)
			}
		}
		return
	}
	const script = `set -e
ip link set lo up
mount -t proc proc /proc
dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --user=root --listen-address=127.0.0.1 --bind-interfaces --pid-file= &
server=$!
trap 'kill $server' EXIT
until grep -q ':0035 .* 0A ' /proc/net/tcp; do kill -0 $server; sleep 0.05; done
"$TEST" -test.run '^TestRealDnsmasq$' -test.v
`
	args := []string{"--net", "--mount", "--pid", "--fork", "--", "bash", "-c", script}
	if os.Getuid() != 0 {
		args = append([]string{"--map-root-user"}, args...)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", args...)
	cmd.Env = append(os.Environ(), "DOTPROXY_TEST_INSIDE=1", "TEST="+os.Args[0], "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestRealDnsmasq") {
		t.Errorf("%v\n%s", err, out)
	}
}
