package e2e_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/miekg/dns"

	"dotproxy/app/control"
)

// confPath is what this computer's programs read to find their DNS server.
const confPath = "/etc/resolv.conf"

// startNetworkDNS has the network's own DNS server, in clear text, at the
// address that confPath names.
func (d *desk) startNetworkDNS() {
	d.t.Helper()
	if info, err := os.Lstat(confPath); err != nil || !info.Mode().IsRegular() {
		d.t.Skipf("it needs %s to be a plain file: %v", confPath, err)
	}
	own := filepath.Join(d.dir, "resolv.conf")
	if err := os.WriteFile(own, []byte("# mine\nnameserver "+quad9Address+"\n"), 0o644); err != nil {
		d.t.Fatal(err)
	}
	if err := syscall.Mount(own, confPath, "", syscall.MS_BIND, ""); err != nil {
		d.t.Fatal("cover ", confPath, ": ", err)
	}
	d.t.Cleanup(func() { _ = syscall.Unmount(confPath, syscall.MNT_DETACH) })
	conn, err := net.ListenPacket("udp", quad9Address+":53")
	if err != nil {
		d.t.Fatal(err)
	}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, m *dns.Msg) {
		reply := new(dns.Msg).SetReply(m)
		if q := m.Question[0]; q.Qtype == dns.TypeA {
			reply.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(192, 0, 2, 1)}}
		}
		_ = w.WriteMsg(reply)
	})}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.ActivateAndServe() }()
	d.t.Cleanup(func() { _ = conn.Close(); <-served })
}

// awaitConf waits until programs are told to ask server first.
func (d *desk) awaitConf(server string) {
	d.t.Helper()
	d.await("programs to ask "+server, func() bool {
		text, err := os.ReadFile(confPath)
		_, first, found := strings.Cut(string(text), "nameserver ")
		return err == nil && found && strings.HasPrefix(first, server+"\n")
	})
}

// TestPauseEndsByItself: the computer's DNS points here by a click, to the
// network's server during a pause, and here again when its time is over.
func TestPauseEndsByItself(t *testing.T) {
	d := newDesk(t, true)
	d.startNetworkDNS()
	d.port = 53
	p := d.startPanel()
	d.startTray(d.engineFlags()...)
	d.engine("up", up)
	d.answeredBy(d.custom, "first")
	p.click("Use as this computer’s DNS")
	d.awaitConf("127.0.0.1")
	p.awaitMenu("[Use as this computer’s DNS]")

	asker := d.ask()
	if err := d.client.Pause(t.Context(), control.Pause{Seconds: 3}); err != nil {
		t.Fatal(err)
	}
	d.awaitConf(quad9Address)
	p.awaitMenu("|-|Resume now|Stop|-|")
	asker.more(20)
	d.engine("paused", func(s control.Status) bool { return s.State == control.Paused && s.PausedUntil != nil })

	d.engine("up again", up)
	d.awaitConf("127.0.0.1")
	d.answeredBy(d.custom, "over")
	p.awaitMenu("(Protected by dot.test)")
	asker.none()

	p.click("Quit and put DNS back")
	d.awaitConf(quad9Address)
	d.await("the guard's end", func() bool { return !d.guards() })
}

// guards tells whether a guard of this computer's DNS runs.
func (d *desk) guards() bool {
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		program, err := os.Readlink(link)
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "cmdline"))
		if err == nil && filepath.Dir(program) == d.bin && strings.HasSuffix(string(line), "\x00guard\x00") {
			return true
		}
	}
	return false
}
