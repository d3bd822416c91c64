package resolver

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// A flood of what cannot be answered takes little memory, and cached names are
// answered meanwhile.
func TestFloodTakesLittleMemory(t *testing.T) {
	n := new(pipeNet)
	n.add("192.0.2.1:853").handle = mute
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	e.cache.put(ask("www.example.com", dns.TypeA), kept(t, "www.example.com", 3600), e.cache.epoch.Load())
	at := listenOn(t, e, "127.0.0.1:0")[0]
	conn, err := net.Dial("udp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	var reader sync.WaitGroup
	reader.Go(func() { _, _ = io.Copy(io.Discard, conn) })
	defer reader.Wait()
	defer conn.Close()
	before, most := heap(), uint64(0)
	const all = 60_000
	raw := pack(t, func(m *dns.Msg) { m.Question[0].Name = "n00000.example." })
	for i := range all {
		out := raw
		switch i % 4 {
		case 0:
			copy(raw[14:], fmt.Sprintf("%05d", i)) // nobody answers this
		case 1:
			out = raw[:20]
		case 2:
			out = raw[:i%12]
		case 3:
			out = append(raw[:len(raw):len(raw)], make([]byte, i%3000)...)
			copy(out[14:], fmt.Sprintf("%05d", i))
		}
		if _, err := conn.Write(out); err != nil {
			t.Fatal(err)
		}
		if i%10_000 == 9_999 {
			if m := digAgain(t, at, "www.example.com"); m == nil || len(m.Answer) != 1 {
				t.Errorf("a cached name after %d: %v", i, m)
			}
			most = max(most, heap())
		}
	}
	grown := int64(most) - int64(before)
	t.Logf("%.1f MiB more", float64(grown)/(1<<20))
	if grown > 64<<20 {
		t.Errorf("the engine grew by %d MiB", grown>>20)
	}
}

// digAgain asks as clients do, which send a query again where none answers: a
// flood may fill the system's queue before the engine sees it.
func digAgain(t *testing.T, at netip.AddrPort, name string) *dns.Msg {
	t.Helper()
	c := dns.Client{Timeout: time.Second}
	for range 5 {
		if m, _, err := c.Exchange(new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA), at.String()); err == nil {
			return m
		}
	}
	return nil
}

// heap is what the program holds of the system, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys - m.HeapReleased
}

// Where too many wait, others are told so at once.
func TestTooManyPending(t *testing.T) {
	n := new(pipeNet)
	n.add("192.0.2.1:853")
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")[0]
	ours := netip.MustParseAddrPort("127.0.0.1:1")
	taken := 0
	for e.gate.pending.enter(ours) {
		taken++
	}
	if taken != maxPending {
		t.Errorf("%d places, want %d", taken, maxPending)
	}
	for _, network := range []string{"udp", "tcp"} {
		q := new(dns.Msg).SetQuestion("a.example.", dns.TypeA)
		q.SetEdns0(1232, false)
		m, _, err := (&dns.Client{Net: network}).Exchange(q, at.String())
		if err != nil || m.Rcode != dns.RcodeServerFailure || m.IsEdns0().Option[0].(*dns.EDNS0_EDE).ExtraText != errTooMany.Error() {
			t.Errorf("%s: %v %v", network, m, err)
		}
	}
	for range taken {
		e.gate.pending.leave(ours)
	}
	for _, network := range []string{"udp", "tcp"} {
		if m := dig(t, network, at, network+".example"); len(m.Answer) != 1 {
			t.Errorf("%s: %v", network, m)
		}
	}
	if e.gate.pending.enter(ours); e.gate.pending.all != 1 {
		t.Errorf("%d places are still taken", e.gate.pending.all-1)
	}
}

// One client elsewhere cannot take all places of those that wait.
func TestPendingOfOneClient(t *testing.T) {
	var p pending
	greedy, other, ours := netip.MustParseAddrPort(lanClient), netip.MustParseAddrPort("192.0.2.8:1"), netip.MustParseAddrPort("127.0.0.1:1")
	count := func(client netip.AddrPort) (n int) {
		for p.enter(client) {
			n++
		}
		return n
	}
	if n := count(greedy); n != maxPendingClient {
		t.Errorf("one client took %d places, want %d", n, maxPendingClient)
	}
	if n := count(other); n != maxPendingClient {
		t.Errorf("another took %d", n)
	}
	if n := count(ours); n != maxPending-2*maxPendingClient {
		t.Errorf("this computer took %d", n)
	}
	for range maxPendingClient {
		p.leave(greedy)
	}
	if len(p.clients) != 1 || p.all != maxPending-maxPendingClient || !p.enter(greedy) {
		t.Errorf("%d clients, %d waiting", len(p.clients), p.all)
	}
}
