package daemon

import (
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
)

// What processes and the kernel write is read without a fault, and never shown
// as more than a line.
func FuzzProc(f *testing.F) {
	f.Add(tableHead+udpLoopback, "dnsmasq", "/usr/sbin/dnsmasq\x00-k\x00", "0::/system.slice/dnsmasq.service", "CapEff:\t0000000000000400", []byte{1, 0, 0, 2, 0, 4, 0, 0})
	f.Fuzz(func(t *testing.T, table, comm, command, cgroup, status string, attribute []byte) {
		p := fakeProc{}
		p.file("net/udp", table)
		p.process("812", comm, command, "102", cgroup, "4711")
		want := netip.MustParseAddrPort("127.0.0.1:53")
		h := procFS{fstest.MapFS(p), func(uid string) string { return uid }}.holder("udp", want)
		if problem := inUseProblem(want, h); strings.ContainsFunc(problem.Error(), func(c rune) bool { return !unicode.IsPrint(c) }) || len(problem.Error()) > 2000 {
			t.Errorf("%q", problem.Error())
		}
		_ = fileCapability(attribute)
		if r := readRights(fstest.MapFS{"proc/self/status": {Data: []byte(status)}}); r.from != lowPorts {
			t.Errorf("%+v", r)
		}
	})
}
