package daemon

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/resolver"
)

func TestListenProblem(t *testing.T) {
	at := func(addr string, err error) error {
		return &resolver.ListenError{Network: "udp", Addr: netip.MustParseAddrPort(addr), Err: fmt.Errorf("listen: %w", &os.SyscallError{Syscall: "bind", Err: err})}
	}
	cases := []struct {
		about         string
		err           error
		code          string
		message, hint string
	}{
		{"a holder", at("127.0.0.1:53", errInUse), control.CodePortInUse, "Port 53 is taken by dnsmasq (process 812).", "Stop dnsmasq, or choose another port."},
		{"no permission", at("127.0.0.1:53", errDenied), control.CodePermission, "Port 53 needs a permission this program lacks.", "Run the command below once, or choose a port above 1023.\nsudo setcap 'cap_net_bind_service=+ep' /opt/dot-proxy"},
		{"no permission above 1023", at("127.0.0.1:5353", errNotPermitted), control.CodePermission, "Port 5353 needs a permission this program lacks.", "Choose another port."},
		{"no such address", at("192.0.2.7:53", errNoAddress), control.CodeAddress, "This computer has no address 192.0.2.7.", "Listen on an address of this computer, such as 127.0.0.1."},
		{"something else", at("[::1]:53", errors.New("strange")), control.CodeAddress, "Port 53 on ::1 cannot be opened: strange.", "Choose another address or port."},
		{"no listen error", errors.New("strange"), control.CodeInternal, "The listeners could not be opened: “strange”.", "The engine’s log says more."},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			got := listenProblem(c.err, seams{
				program: "/opt/dot-proxy",
				holder:  func(string, netip.AddrPort) holder { return holder{program: program{name: "dnsmasq", pid: 812}} },
				rights:  func() rights { return rights{from: lowPorts, bounding: true} },
			})
			if got.Code != c.code || got.Message != c.message || !strings.HasSuffix(got.Hint, c.hint) {
				t.Errorf("\n got %+v\nwant %s: %s %s", got, c.code, c.message, c.hint)
			}
		})
	}
}

// Each program that is known is told by its own name, with its own way out.
func TestInUseProblem(t *testing.T) {
	const v4, all = "127.0.0.1:53", "0.0.0.0:53"
	cases := []struct {
		about, want, at string
		holder          holder
		message, hint   string
	}{
		{"dnsmasq as a service", v4, v4, holder{program: program{pid: 812, name: "dnsmasq", user: "dnsmasq", unit: "dnsmasq.service"}},
			"dnsmasq (process 812 of user dnsmasq)", "Stop it with “sudo systemctl disable --now dnsmasq.service”, or choose another port."},
		{"dnsmasq by hand", v4, v4, holder{program: program{pid: 812, name: "dnsmasq", user: "alice"}}, "dnsmasq (process 812 of user alice)", "Stop dnsmasq, or choose another port."},
		{"NetworkManager's", v4, v4, holder{program: program{pid: 9, name: "dnsmasq", command: "/usr/sbin/dnsmasq --no-resolv --enable-dbus=org.freedesktop.NetworkManager.dnsmasq"}},
			"NetworkManager’s dnsmasq (process 9)", "Remove dns=dnsmasq"},
		{"of a shared connection", all, "10.42.0.1:53", holder{program: program{pid: 9, name: "dnsmasq", command: "/usr/sbin/dnsmasq --conf-dir=/etc/NetworkManager/dnsmasq-shared.d"}},
			"NetworkManager’s dnsmasq (process 9)", "listen on 127.0.0.1 instead"},
		{"libvirt's", all, "192.168.122.1:53", holder{program: program{pid: 9, name: "dnsmasq", command: "/usr/sbin/dnsmasq --conf-file=/var/lib/libvirt/dnsmasq/default.conf"}},
			"libvirt’s dnsmasq (process 9)", "listen on 127.0.0.1 instead of all addresses."},
		{"the stub", all, "127.0.0.53:53", holder{program: program{pid: 9, name: resolvedName}}, "systemd-resolved (process 9)", "Listen on 127.0.0.1, which it leaves free"},
		{"the stub of another user", all, "127.0.0.54:53", holder{program: program{name: resolvedName}}, "systemd-resolved", "Listen on 127.0.0.1, which it leaves free"},
		{"an extra stub", v4, v4, holder{program: program{pid: 9, name: resolvedName}}, "systemd-resolved (process 9)", "Remove DNSStubListenerExtra"},
		{"BIND", v4, v4, holder{program: program{pid: 9, name: "named", user: "bind", unit: "named.service"}}, "BIND (named) (process 9 of user bind)", "disable --now named.service"},
		{"Unbound", v4, v4, holder{program: program{pid: 9, name: "unbound", user: "unbound"}}, "Unbound (process 9 of user unbound)", "Stop unbound"},
		{"Docker", all, all, holder{program: program{pid: 9, name: "docker-proxy", user: "root", unit: "docker.service"}}, "a container’s published port (docker-proxy) (process 9 of user root)", "docker ps --filter publish=53"},
		{"dockerd", all, "172.17.0.1:53", holder{program: program{pid: 9, name: "dockerd"}}, "Docker’s own DNS (dockerd) (process 9)", "Listen on 127.0.0.1"},
		{"in a container", all, all, holder{program: program{pid: 9, name: "coredns", container: true}}, "coredns (process 9)", "stop that container"},
		{"ICS", v4, all, holder{program: program{pid: 9, name: "svchost.exe", command: `C:\Windows\system32\svchost.exe -k netsvcs -p -s SharedAccess`}}, "Internet Connection Sharing (SharedAccess) (process 9)", "Stop-Service SharedAccess"},
		{"ICS of a hidden service", v4, all, holder{program: program{pid: 9, name: "svchost.exe"}}, "a service of Windows, most likely Internet Connection Sharing (SharedAccess) (process 9)", "Stop-Service SharedAccess"},
		{"the DNS server of Windows", v4, all, holder{program: program{pid: 9, name: "dns.exe"}}, "the DNS server of Windows (process 9)", "Stop-Service DNS"},
		{"one of ours", v4, v4, holder{program: program{pid: 9, name: "dot-proxy", user: "bob"}}, "another DoT Proxy (process 9 of user bob)", "Quit that one"},
		{"one of ours as a service", v4, v4, holder{program: program{pid: 9, name: "dot-proxy", user: "dotproxy", unit: "dot-proxy.service"}},
			"another DoT Proxy (process 9 of user dotproxy)", "disable --now dot-proxy.service"},
		{"an unknown program", v4, v4, holder{program: program{pid: 9, name: "nc"}}, "nc (process 9)", "Stop nc, or choose another port."},
		{"a process without a name", v4, v4, holder{program: program{pid: 9}}, "process 9", "Stop it, or choose another port."},
		{"a guess", v4, v4, holder{program: program{pid: 9, name: "unbound", user: "unbound"}, hidden: true, likely: true},
			"a program whose process this user may not see, most likely Unbound (process 9 of user unbound)", "Stop unbound"},
		{"another user's", v4, v4, holder{program: program{user: "root"}, hidden: true}, "a program of user root, whose process this user may not see", "sudo ss -lunpt"},
		{"nobody's", v4, v4, holder{}, "another program, which could not be found", "Try again, or choose another port."},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			c.holder.at = netip.MustParseAddrPort(c.at)
			got := inUseProblem(netip.MustParseAddrPort(c.want), c.holder)
			if got.Message != "Port 53 is taken by "+c.message+"." || !strings.Contains(got.Hint, c.hint) {
				t.Errorf("\n got %s %s\nwant %s … %s", got.Message, got.Hint, c.message, c.hint)
			}
		})
	}
}

func TestHolderOf(t *testing.T) {
	names := map[int32]string{1: resolvedName, 812: "dnsmasq", 900: "avahi-daemon"}
	sock := func(network, addr string, pid int32) socket {
		return socket{udp: network == "udp", addr: netip.MustParseAddrPort(addr), pid: pid}
	}
	busy := func(addr string, pid int32) socket {
		return socket{addr: netip.MustParseAddrPort(addr), pid: pid, busy: true}
	}
	cases := []struct {
		about, network, want string
		sockets              []socket
		pid                  int32
		name                 string
		hidden               bool
	}{
		{"the same address", "udp", "127.0.0.1:53", []socket{sock("udp", "127.0.0.1:53", 812)}, 812, "dnsmasq", false},
		{"another protocol", "udp", "127.0.0.1:53", []socket{sock("tcp", "127.0.0.1:53", 812)}, 0, "", false},
		{"another port", "udp", "127.0.0.1:53", []socket{sock("udp", "127.0.0.1:5353", 900)}, 0, "", false},
		{"the stub of systemd-resolved is in nobody's way", "udp", "127.0.0.1:53", []socket{sock("udp", "127.0.0.53:53", 1)}, 0, "", false},
		{"but in that of a wildcard", "tcp", "0.0.0.0:53", []socket{sock("tcp", "127.0.0.53:53", 1)}, 1, resolvedName, false},
		{"also of another user", "tcp", "0.0.0.0:53", []socket{sock("tcp", "127.0.0.54:53", 0)}, 0, resolvedName, false},
		{"a known process is told first", "udp", "0.0.0.0:53", []socket{sock("udp", "127.0.0.53:53", 0), sock("udp", "10.0.0.1:53", 812)}, 812, "dnsmasq", false},
		{"a wildcard", "udp", "127.0.0.1:53", []socket{sock("udp", "0.0.0.0:53", 812)}, 812, "dnsmasq", false},
		{"a wildcard of both families", "udp", "127.0.0.1:53", []socket{sock("udp", "[::]:53", 812)}, 812, "dnsmasq", false},
		{"a wildcard of the other family", "udp", "[::1]:53", []socket{sock("udp", "0.0.0.0:53", 812)}, 0, "", false},
		{"another user's", "udp", "127.0.0.1:53", []socket{sock("udp", "127.0.0.1:53", 0)}, 0, "", true},
		{"a connection's own port", "tcp", "127.0.0.1:5353", []socket{busy("127.0.0.1:5353", 900)}, 900, "avahi-daemon", false},
		{"a connection is told before a hidden one", "tcp", "127.0.0.1:53", []socket{busy("127.0.0.1:53", 900), sock("tcp", "127.0.0.1:53", 0)}, 900, "avahi-daemon", false},
		{"a listener is told before a connection", "tcp", "127.0.0.1:53", []socket{busy("127.0.0.1:53", 900), sock("tcp", "127.0.0.1:53", 812)}, 812, "dnsmasq", false},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			got := holderOf(c.network, netip.MustParseAddrPort(c.want), c.sockets, func(pid int32) program { return program{pid: pid, name: names[pid]} })
			if got.pid != c.pid || got.name != c.name || got.hidden != c.hidden {
				t.Errorf("holder %+v, want process %d, %q, hidden %v", got, c.pid, c.name, c.hidden)
			}
		})
	}
}
