package resolver

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"github.com/miekg/dns"

	"dotproxy/resolver/resolvertest"
)

// openFiles counts this process's file descriptors.
func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// leave asks n names over one TCP connection and goes without an answer.
func leave(t *testing.T, at netip.AddrPort, n int) {
	t.Helper()
	c, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var wire []byte
	for i := range n {
		b, err := new(dns.Msg).SetQuestion(fmt.Sprintf("left%d.example.", i), dns.TypeA).Pack()
		if err != nil {
			t.Fatal(err)
		}
		wire = append(binary.BigEndian.AppendUint16(wire, uint16(len(b))), b...)
	}
	if _, err := c.Write(wire); err != nil {
		t.Fatal(err)
	}
}

// busyLife is an engine's life with answers, lost connections and clients that
// go away while a mute server owes them answers.
func busyLife(t *testing.T) {
	t.Helper()
	srv := resolvertest.New(t)
	e, at := dotEngine(t, srv.CA().Pool(), srv.Upstream())
	for i := range 5 {
		if good := askMany(t, at, 20, fmt.Sprint("n", i, "-")); good != 20 {
			t.Errorf("%d of 20 answered", good)
		}
		srv.ResetConns()
	}
	askMany(t, at, 1, "again")
	srv.SetFaults(resolvertest.Faults{Mute: true})
	before := srv.Stats().Queries
	for range 5 {
		leave(t, at, 50)
	}
	srv.Await(t, "the queries of clients that left", func(st resolvertest.Stats) bool { return st.Queries >= before+50 })
	// Close returns when all have ended, which they do by their own deadline.
	if err := e.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if got := waiting(e); got != 0 {
		t.Errorf("%d queries are still waiting", got)
	}
	srv.Close()
}

// Nothing outlives an engine: no query of a client that went away, no
// descriptor, and (TestMain) no goroutine.
func TestBudgetNothingIsLeft(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("descriptors are counted in /proc")
	}
	resolvertest.New(t).Close() // what the runtime opens once
	before := openFiles(t)
	busyLife(t)
	if after := openFiles(t); after > before {
		t.Errorf("%d descriptors open, %d before", after, before)
	}
}
