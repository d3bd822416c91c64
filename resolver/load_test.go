package resolver

import (
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// addressOf is the address that numbered gives a name, in lower case.
func addressOf(name string) net.IP {
	h := fnv.New32a()
	_, _ = h.Write([]byte(dns.CanonicalName(name)))
	n := h.Sum32()
	return net.IPv4(10, byte(n>>16), byte(n>>8), byte(n)).To4()
}

// numbered gives every name an address of its own.
func numbered(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	name := q.Question[0].Name
	m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 300}, A: addressOf(name)}}
	return m
}

// Under load, over every path at once (batches, workers, coalescing, cache,
// TCP, lost connections), each client gets the answer to what it asked.
func TestLoadAnswersAreRight(t *testing.T) {
	n := new(pipeNet)
	s := n.add("192.0.2.1:853")
	s.handle = numbered
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")[0]
	const clients, rounds, window = 8, 16, 16
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			network := "udp"
			if c%4 == 3 {
				network = "tcp"
			}
			askRounds(t, network, at, c, rounds, window)
		})
	}
	for range 10 {
		s.cut()
		dig(t, "udp", at, "between.example")
	}
	wg.Wait()
}

// askRounds asks window names at once, rounds times: some of them this client's
// own, some asked by others too.
func askRounds(t *testing.T, network string, at netip.AddrPort, client, rounds, window int) {
	conn, err := dns.DialTimeout(network, at.String(), 5*time.Second)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	for round := range rounds {
		want := map[uint16]string{}
		for i := range window {
			name := fmt.Sprintf("Shared%d.example.", round*window/2+i)
			if i%2 == 0 {
				name = fmt.Sprintf("c%d-r%d-%d.Example.", client, round, i)
			}
			m := new(dns.Msg).SetQuestion(name, dns.TypeA)
			m.Id = uint16(i*977 + round + client*31)
			want[m.Id] = name
			if err := conn.WriteMsg(m); err != nil {
				t.Error(err)
				return
			}
		}
		for range window {
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			m, err := conn.ReadMsg()
			if err != nil {
				t.Errorf("client %d, round %d: %d answers are missing: %v", client, round, len(want), err)
				return
			}
			name := want[m.Id]
			delete(want, m.Id)
			if name == "" || m.Question[0].Name != name || len(m.Answer) != 1 || !m.Answer[0].(*dns.A).A.Equal(addressOf(name)) {
				t.Errorf("client %d asked %q and got %v", client, name, m)
				return
			}
		}
	}
}
