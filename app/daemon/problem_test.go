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
	"dotproxy/resolver/provider"
)

func fault(kind resolver.FaultKind, text string) *resolver.Fault {
	return &resolver.Fault{Kind: kind, Text: text, Err: errors.New(text)}
}

func TestUpstreamProblem(t *testing.T) {
	timeout := fault(resolver.FaultTimeout, "it does not answer")
	expired := fault(resolver.FaultCertificate, "its certificate expired on 3 May 2026")
	noRoute := fault(resolver.FaultUnreachable, "there is no route to it")
	lookup := &resolver.Fault{Kind: resolver.FaultLookup, Text: "its name could not be looked up", Err: errNoRoute}
	public := []string{"cloudflare", "quad9"}
	cases := []struct {
		about         string
		ups           []string
		health        resolver.Health
		code          string
		message, hint string
	}{
		{"not known yet", public, resolver.Health{}, "", "", ""},
		{"the primary answers", public, answeredBy(0, timeout), "", "", ""},
		{"a backup answers", public, answeredBy(1, timeout), control.CodeNoAnswer, "Cloudflare does not answer.", ""},
		{"a backup answers, the primary refuses", public, answeredBy(1, fault(resolver.FaultRefused, "it refuses connections")), control.CodeNoAnswer, "Cloudflare does not answer: it refuses connections.", ""},
		{"silence", public, answeredBy(-1, timeout, timeout), control.CodeNoAnswer, "No provider answers on port 853.", "This network may block it; choose a provider on port 443."},
		{"refused", public, answeredBy(-1, fault(resolver.FaultRefused, "it refuses connections")), control.CodeNoAnswer,
			"No provider answers on port 853 (Cloudflare: it refuses connections).", "This network may block it; choose a provider on port 443."},
		{"another port", []string{"9.9.9.9:443#dns.quad9.net"}, answeredBy(-1, timeout), control.CodeNoAnswer, "No provider answers on port 443.", "Check the address and the port, or choose another provider."},
		{"one's own server", []string{"192.168.1.2"}, answeredBy(-1, timeout), control.CodeNoAnswer, "No provider answers on port 853.", "Check that this server runs, or choose another provider."},
		{"certificate", public, answeredBy(-1, expired, timeout), control.CodeCertificate,
			"Cloudflare’s certificate could not be verified, so nothing was sent: its certificate expired on 3 May 2026.", hintCertificate},
		{"protocol version", public, answeredBy(-1, fault(resolver.FaultTLS, "it speaks no TLS version from 1.2 up")), control.CodeCertificate,
			"Cloudflare could not be verified, so nothing was sent: it speaks no TLS version from 1.2 up.", "Choose another provider."},
		{"the clock", public, answeredBy(-1, fault(resolver.FaultCertificate, "this computer’s clock says 1 January 1970, which is wrong; set it")), control.CodeCertificate,
			"Cloudflare’s certificate could not be verified, so nothing was sent: this computer’s clock says 1 January 1970, which is wrong.", "Set this computer’s clock."},
		{"a certificate that is not valid yet", public, answeredBy(-1, fault(resolver.FaultCertificate, "its certificate is valid only from 1 May 2026 on, and this computer’s clock says 1 April 2026, which is probably wrong")), control.CodeCertificate,
			"Cloudflare’s certificate could not be verified, so nothing was sent: its certificate is valid only from 1 May 2026 on, and this computer’s clock says 1 April 2026, which is probably wrong.", "Set this computer’s clock."},
		{"client certificate", public, answeredBy(-1, fault(resolver.FaultClientCert, "it wants a client certificate")), control.CodeCertificate,
			"This computer could not prove to Cloudflare who it is: it wants a client certificate.", hintClientCert},
		{"a backup that is reached but wrong", public, answeredBy(-1, timeout, expired), control.CodeNoAnswer, "No provider answers on port 853.", "Choose another provider."},
		{"closes", public, answeredBy(-1, fault(resolver.FaultClosed, "it closes the connection")), control.CodeNoAnswer, "No provider answers on port 853 (Cloudflare: it closes the connection).", "Choose another provider."},
		{"no network", public, answeredBy(-1, noRoute, noRoute), control.CodeOffline, "There is no network.", hintOffline},
		{"no network for a name", []string{"dns.example.net"}, answeredBy(-1, lookup), control.CodeOffline, "There is no network.", hintOffline},
		{"no IPv6 alone", public, answeredBy(-1, noRoute, timeout), control.CodeNoAnswer, "No provider answers on port 853 (Cloudflare: there is no route to it).", "This network may block it; choose a provider on port 443."},
		{"no fault known", public, resolver.Health{Known: true, Answering: -1}, control.CodeNoAnswer, "No provider answers on port 853.", "This network may block it; choose a provider on port 443."},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			got := upstreamProblem(parsed(t, c.ups), c.health)
			if c.code == "" {
				if got != nil {
					t.Errorf("problem %+v", got)
				}
				return
			}
			if got == nil || got.Code != c.code || got.Message != c.message || got.Hint != c.hint {
				t.Errorf("\n got %+v\nwant %s: %s %s", got, c.code, c.message, c.hint)
			}
		})
	}
}

func parsed(t *testing.T, specs []string) []provider.Upstream {
	t.Helper()
	var ups []provider.Upstream
	for _, s := range specs {
		u, err := provider.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		ups = append(ups, u)
	}
	return ups
}

func TestListenProblem(t *testing.T) {
	at := func(addr string, err error) error {
		return &resolver.ListenError{Network: "udp", Addr: netip.MustParseAddrPort(addr), Err: fmt.Errorf("listen: %w", &os.SyscallError{Syscall: "bind", Err: err})}
	}
	cases := []struct {
		about         string
		err           error
		holder        holder
		code          string
		message, hint string
	}{
		{"a known holder", at("127.0.0.1:53", errInUse), holder{name: "dnsmasq", pid: 812}, control.CodePortInUse, "Port 53 is taken by dnsmasq (process 812).", "Stop dnsmasq, or choose another port."},
		{"a holder known by its address", at("0.0.0.0:53", errInUse), holder{name: "systemd-resolved"}, control.CodePortInUse, "Port 53 is taken by systemd-resolved.", "Stop systemd-resolved, or choose another port."},
		{"a holder that is gone", at("127.0.0.1:53", errInUse), holder{pid: 812}, control.CodePortInUse, "Port 53 is taken by process 812.", "Stop it, or choose another port."},
		{"another user's", at("127.0.0.1:53", errInUse), holder{hidden: true}, control.CodePortInUse, "Port 53 is taken by another program, whose name this user may not see.", "Stop that program, or choose another port."},
		{"nobody's", at("127.0.0.1:53", errInUse), holder{}, control.CodePortInUse, "Port 53 is taken by another program, which could not be found.", "Try again, or choose another port."},
		{"no permission", at("127.0.0.1:53", errDenied), holder{}, control.CodePermission, "Port 53 needs a permission this program lacks.", "or choose a port above 1023."},
		{"no permission above 1023", at("127.0.0.1:5353", errNotPermitted), holder{}, control.CodePermission, "Port 5353 needs a permission this program lacks.", "Choose another port."},
		{"no such address", at("192.0.2.7:53", errNoAddress), holder{}, control.CodeAddress, "This computer has no address 192.0.2.7.", "Listen on an address of this computer, such as 127.0.0.1."},
		{"something else", at("[::1]:53", errors.New("strange")), holder{}, control.CodeAddress, "Port 53 on ::1 cannot be opened: strange.", "Choose another address or port."},
		{"no listen error", errors.New("strange"), holder{}, control.CodeInternal, "The listeners could not be opened: “strange”.", "The engine’s log says more."},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			got := listenProblem(c.err, func(string, netip.AddrPort) holder { return c.holder }, "/opt/dot-proxy")
			if got.Code != c.code || got.Message != c.message || !strings.HasSuffix(got.Hint, c.hint) {
				t.Errorf("\n got %+v\nwant %s: %s %s", got, c.code, c.message, c.hint)
			}
		})
	}
}

func TestHolderOf(t *testing.T) {
	names := map[int32]string{1: "systemd-resolved", 812: "dnsmasq", 900: "avahi-daemon"}
	sock := func(network, addr string, pid int32) socket {
		return socket{udp: network == "udp", addr: netip.MustParseAddrPort(addr), pid: pid}
	}
	busy := func(addr string, pid int32) socket {
		return socket{addr: netip.MustParseAddrPort(addr), pid: pid, busy: true}
	}
	cases := []struct {
		about, network, want string
		sockets              []socket
		holder               holder
	}{
		{"the same address", "udp", "127.0.0.1:53", []socket{sock("udp", "127.0.0.1:53", 812)}, holder{name: "dnsmasq", pid: 812}},
		{"another protocol", "udp", "127.0.0.1:53", []socket{sock("tcp", "127.0.0.1:53", 812)}, holder{}},
		{"another port", "udp", "127.0.0.1:53", []socket{sock("udp", "127.0.0.1:5353", 900)}, holder{}},
		{"the stub of systemd-resolved is in nobody's way", "udp", "127.0.0.1:53", []socket{sock("udp", "127.0.0.53:53", 1)}, holder{}},
		{"but in that of a wildcard", "tcp", "0.0.0.0:53", []socket{sock("tcp", "127.0.0.53:53", 1)}, holder{name: "systemd-resolved", pid: 1}},
		{"also of another user", "tcp", "0.0.0.0:53", []socket{sock("tcp", "127.0.0.54:53", 0)}, holder{name: "systemd-resolved"}},
		{"a known process is told first", "udp", "0.0.0.0:53", []socket{sock("udp", "127.0.0.53:53", 0), sock("udp", "10.0.0.1:53", 812)}, holder{name: "dnsmasq", pid: 812}},
		{"a wildcard", "udp", "127.0.0.1:53", []socket{sock("udp", "0.0.0.0:53", 812)}, holder{name: "dnsmasq", pid: 812}},
		{"a wildcard of both families", "udp", "127.0.0.1:53", []socket{sock("udp", "[::]:53", 812)}, holder{name: "dnsmasq", pid: 812}},
		{"a wildcard of the other family", "udp", "[::1]:53", []socket{sock("udp", "0.0.0.0:53", 812)}, holder{}},
		{"another user's", "udp", "127.0.0.1:53", []socket{sock("udp", "127.0.0.1:53", 0)}, holder{hidden: true}},
		{"a connection's own port", "tcp", "127.0.0.1:5353", []socket{busy("127.0.0.1:5353", 900)}, holder{name: "avahi-daemon", pid: 900}},
		{"a listener is told before a connection", "tcp", "127.0.0.1:53", []socket{busy("127.0.0.1:53", 900), sock("tcp", "127.0.0.1:53", 812)}, holder{name: "dnsmasq", pid: 812}},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			got := holderOf(c.network, netip.MustParseAddrPort(c.want), c.sockets, func(pid int32) string { return names[pid] })
			if got != c.holder {
				t.Errorf("holder %+v, want %+v", got, c.holder)
			}
		})
	}
}
