package resolver

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Queries that come at once, some known and some not, are all answered, each
// with its own answer, over both families and on a wildcard.
func TestUDPBurst(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0", "0.0.0.0:0"} {
		t.Run(at, func(t *testing.T) {
			n := new(pipeNet)
			n.add("192.0.2.1:853")
			e := pipeEngine(t, n, nil, "192.0.2.1:853")
			addr := listenOn(t, e, at)[0]
			if addr.Addr().IsUnspecified() {
				dig(t, "udp", addr, "first.example")
			}
			conn, err := net.Dial("udp", addr.String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			const burst = 200
			want := map[uint16]string{}
			for i := range burst {
				m := new(dns.Msg).SetQuestion(fmt.Sprintf("N%d.example.", i%(burst/2)), dns.TypeA)
				m.Id = uint16(i)
				want[m.Id] = m.Question[0].Name
				raw, err := m.Pack()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := conn.Write(raw); err != nil {
					t.Fatal(err)
				}
			}
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			buf := make([]byte, 4096)
			for range burst {
				n, err := conn.Read(buf)
				if err != nil {
					t.Fatalf("%d answers are missing: %v", len(want), err)
				}
				m := unpack(t, buf[:n])
				if len(m.Answer) != 1 || m.Question[0].Name != want[m.Id] {
					t.Fatalf("answer %d is for %v, want %s", m.Id, m.Question, want[m.Id])
				}
				delete(want, m.Id)
			}
		})
	}
}
