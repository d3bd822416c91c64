package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// clearPipes is a network of plain servers behind net.Pipe, for virtual time.
// Over UDP a server says what it likes to a query, over TCP one message.
type clearPipes struct {
	servers map[netip.AddrPort]*clearServer
}

type clearServer struct {
	mu     sync.Mutex
	refuse error
	delay  time.Duration
	udp    func(q *dns.Msg) [][]byte
	tcp    func(q *dns.Msg) []byte
	asked  []*dns.Msg
}

func (n *clearPipes) add(addr string) *clearServer {
	if n.servers == nil {
		n.servers = make(map[netip.AddrPort]*clearServer)
	}
	s := &clearServer{
		udp: func(q *dns.Msg) [][]byte { return [][]byte{packed(zone(q))} },
		tcp: func(q *dns.Msg) []byte { return packed(zone(q)) },
	}
	n.servers[netip.MustParseAddrPort(addr)] = s
	return s
}

func (s *clearServer) set(change func(*clearServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// queries are those that came.
func (s *clearServer) queries() []*dns.Msg {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func packed(m *dns.Msg) []byte {
	raw, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return raw
}

func (n *clearPipes) dial(_ context.Context, network string, addr netip.AddrPort) (net.Conn, error) {
	s := n.servers[addr]
	if s.refuse != nil {
		return nil, &net.OpError{Op: "dial", Err: s.refuse}
	}
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		buf := make([]byte, maxClearUDP)
		size, err := server.Read(buf)
		if err != nil {
			return
		}
		raw := buf[:size]
		if network == "tcp" {
			raw = raw[2:]
		}
		q := new(dns.Msg)
		if err := q.Unpack(raw); err != nil {
			return
		}
		s.mu.Lock()
		s.asked = append(s.asked, q)
		udp, tcp, delay := s.udp, s.tcp, s.delay
		s.mu.Unlock()
		time.Sleep(delay)
		if network == "tcp" {
			m := tcp(q)
			_, _ = server.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(m))), m...))
			return
		}
		for _, m := range udp(q) {
			if _, err := server.Write(m); err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, server) // until the client hangs up
	}()
	return client, nil
}

// plainTo is a route to the servers, over the given network.
func plainTo(n *clearPipes, servers ...string) *plainRoute {
	var addrs []netip.AddrPort
	for _, s := range servers {
		addrs = append(addrs, netip.MustParseAddrPort(s))
	}
	c := newClearNet(context.Background(), func() []netip.AddrPort { return nil })
	c.dial = n.dial
	return newPlainRoute(c, addrs)
}

func silent(*dns.Msg) [][]byte { return nil }

func saysRCode(code int) func(*dns.Msg) [][]byte {
	return func(q *dns.Msg) [][]byte { return [][]byte{packed(rcode(code)(q))} }
}

const (
	oneAddr = "10.0.0.1:53"
	twoAddr = "10.0.0.2:53"
)

func TestPlainChoosesServers(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(one, two *clearServer)
		took     time.Duration
		one, two int // times asked
		from     string
		fault    string
		rcode    int
	}{
		"the first answers": {one: 1, from: oneAddr},
		"the first is mute": {change: func(one, _ *clearServer) { one.udp = silent }, took: time.Second, one: 1, two: 1, from: twoAddr},
		"the first refuses": {change: func(one, _ *clearServer) { one.refuse = syscall.ECONNREFUSED }, two: 1, from: twoAddr},
		"the first is late": {change: func(one, two *clearServer) { one.delay, two.udp = 1500*time.Millisecond, silent }, took: 1500 * time.Millisecond, one: 1, two: 1, from: oneAddr},
		"the first fails":   {change: func(one, _ *clearServer) { one.udp = saysRCode(dns.RcodeServerFailure) }, one: 1, two: 1, from: twoAddr},
		"both fail": {change: func(one, two *clearServer) {
			one.udp, two.udp = saysRCode(dns.RcodeRefused), saysRCode(dns.RcodeRefused)
		}, one: 1, two: 1, from: twoAddr, rcode: dns.RcodeRefused},
		"no such name is an answer":  {change: func(one, _ *clearServer) { one.udp = saysRCode(dns.RcodeNameError) }, one: 1, from: oneAddr, rcode: dns.RcodeNameError},
		"both are mute":              {change: func(one, two *clearServer) { one.udp, two.udp = silent, silent }, took: queryTimeout, one: 2, two: 2, fault: oneAddr + ": it does not answer"},
		"both refuse":                {change: func(one, two *clearServer) { one.refuse, two.refuse = syscall.ECONNREFUSED, syscall.ECONNREFUSED }, fault: twoAddr + ": it refuses connections"},
		"one refuses, one is mute":   {change: func(one, two *clearServer) { one.refuse, two.udp = syscall.ECONNREFUSED, silent }, took: queryTimeout, two: 3, fault: oneAddr + ": it refuses connections"},
		"the network is unreachable": {change: func(one, two *clearServer) { one.refuse, two.refuse = syscall.ENETUNREACH, syscall.ENETUNREACH }, fault: twoAddr + ": there is no route to it"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(clearPipes)
				one, two := n.add(oneAddr), n.add(twoAddr)
				if c.change != nil {
					c.change(one, two)
				}
				a, took, err := try(plainTo(n, oneAddr, twoAddr), "nas.lan")
				if took != c.took || len(one.queries()) != c.one || len(two.queries()) != c.two {
					t.Errorf("took %v, asked %d and %d times", took, len(one.queries()), len(two.queries()))
				}
				if c.fault != "" {
					if f, ok := asFault(err); !ok || f.Error() != c.fault {
						t.Errorf("error %v, want %s", err, c.fault)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if a.upstream.String() != c.from || a.rcode != c.rcode || a.source != SourceRoute || !a.clear || a.ttl != 0 {
					t.Errorf("answer %+v", a)
				}
			})
		})
	}
}

// Who did not answer is asked last for a while, then first again.
// Where a dial is the first to see that the time is over, that is an error too.
func TestPlainRunsOutOfTimeInADial(t *testing.T) {
	n := new(clearPipes)
	n.add("192.0.2.1:53").refuse = context.DeadlineExceeded
	a, err := plainTo(n, "192.0.2.1:53").exchange(t.Context(), ask("nas.lan", dns.TypeA))
	fault, ok := asFault(err)
	if a != nil || !ok || fault.Kind != FaultTimeout {
		t.Errorf("answer %v, error %v, want a timeout", a, err)
	}
}

func TestPlainRemembersWhoAnswers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(clearPipes)
		one, _ := n.add(oneAddr), n.add(twoAddr)
		works := one.udp
		one.udp = silent
		p := plainTo(n, oneAddr, twoAddr)
		for i, want := range []time.Duration{time.Second, 0, 0} {
			if _, took, err := try(p, "nas.lan"); err != nil || took != want {
				t.Errorf("question %d took %v: %v", i, took, err)
			}
		}
		one.set(func(s *clearServer) { s.udp = works })
		time.Sleep(plainAside + time.Second)
		if a, took, err := try(p, "nas.lan"); err != nil || took != 0 || a.upstream.String() != oneAddr {
			t.Errorf("after a while: %v after %v, %v", a, took, err)
		}
	})
}

func TestPlainTakesOnlyTheAnswer(t *testing.T) {
	wrongID := func(q *dns.Msg) []byte { m := zone(q); m.Id++; return packed(m) }
	wrongName := func(q *dns.Msg) []byte {
		m := zone(q)
		m.Question[0].Name = "evil.lan."
		return packed(m)
	}
	wrongType := func(q *dns.Msg) []byte { m := zone(q); m.Question[0].Qtype = dns.TypeMX; return packed(m) }
	query := func(q *dns.Msg) []byte { return packed(q) }
	otherOpcode := func(q *dns.Msg) []byte { m := rcode(0)(q); m.Opcode = dns.OpcodeNotify; return packed(m) }
	for name, c := range map[string]struct {
		udp    func(q *dns.Msg) [][]byte
		tcp    func(q *dns.Msg) []byte
		tries  int
		answer bool
	}{
		"among others": {tries: 1, answer: true, udp: func(q *dns.Msg) [][]byte {
			return [][]byte{wrongID(q), wrongName(q), wrongType(q), query(q), otherOpcode(q), {1, 2, 3}, {}, packed(zone(q))}
		}},
		"in another letter case": {tries: 1, answer: true, udp: func(q *dns.Msg) [][]byte {
			m := zone(q)
			m.Question[0].Name = "NAS.Lan."
			return [][]byte{packed(m)}
		}},
		"over TCP after too many others": {tries: 2, answer: true, udp: func(q *dns.Msg) [][]byte {
			var ms [][]byte
			for range maxWrong {
				ms = append(ms, wrongID(q))
			}
			return append(ms, packed(zone(q)))
		}},
		"over TCP where it is truncated": {tries: 2, answer: true, udp: func(q *dns.Msg) [][]byte {
			m := new(dns.Msg).SetReply(q)
			m.Truncated = true
			return [][]byte{packed(m)}
		}},
		"not another over TCP": {tries: 2, tcp: wrongID, udp: func(q *dns.Msg) [][]byte {
			m := new(dns.Msg).SetReply(q)
			m.Truncated = true
			return [][]byte{packed(m)}
		}},
		"not half of one": {tries: 1, udp: func(q *dns.Msg) [][]byte { m := packed(zone(q)); return [][]byte{m[:len(m)-20]} }},
		"without EDNS where that is refused": {tries: 2, answer: true, udp: func(q *dns.Msg) [][]byte {
			if q.IsEdns0() != nil {
				return [][]byte{packed(rcode(dns.RcodeFormatError)(q))}
			}
			return [][]byte{packed(zone(q))}
		}},
		"without EDNS where a bare error comes": {tries: 2, answer: true, udp: func(q *dns.Msg) [][]byte {
			if q.IsEdns0() != nil {
				return [][]byte{packed(&dns.Msg{MsgHdr: dns.MsgHdr{Id: q.Id, Response: true, Rcode: dns.RcodeNotImplemented}})}
			}
			return [][]byte{packed(zone(q))}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(clearPipes)
				s := n.add(oneAddr)
				s.udp = c.udp
				if c.tcp != nil {
					s.tcp = c.tcp
				}
				a, took, err := try(plainTo(n, oneAddr), "nas.lan")
				if took != 0 || len(s.queries()) != c.tries {
					t.Errorf("took %v, %d tries", took, len(s.queries()))
				}
				switch {
				case c.answer && (err != nil || len(unpack(t, a.msg).Answer) != 1):
					t.Errorf("no answer: %v", err)
				case !c.answer && err == nil:
					t.Errorf("answered %v", unpack(t, a.msg))
				}
			})
		})
	}
}

func TestPlainQueryAndAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(clearPipes)
		s := n.add(oneAddr)
		s.udp = func(q *dns.Msg) [][]byte {
			m := zone(q)
			m.AuthenticatedData = true
			return [][]byte{packed(m)}
		}
		qu := ask("nas.lan", dns.TypeA)
		qu.do, qu.cd = true, true
		ids := make(map[uint16]bool)
		for range 16 {
			a, err := plainTo(n, oneAddr).exchange(t.Context(), qu)
			if err != nil {
				t.Fatal(err)
			}
			if unpack(t, a.msg).AuthenticatedData {
				t.Error("AD of an answer that nobody authenticated")
			}
			qs := s.queries()
			q := qs[len(qs)-1]
			opt := q.IsEdns0()
			if opt == nil || opt.UDPSize() != ourUDPSize || !opt.Do() || len(opt.Option) != 0 || !q.RecursionDesired || !q.CheckingDisabled {
				t.Errorf("query %v", q)
			}
			ids[q.Id] = true
		}
		if len(ids) < 14 {
			t.Errorf("%d different ids in 16 queries", len(ids))
		}
	})
}

// A question never goes round in circles.
func TestPlainNeverAsksItself(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(clearPipes)
		one, two := n.add(oneAddr), n.add(twoAddr)
		p := plainTo(n, oneAddr, twoAddr)
		p.net.own = func() []netip.AddrPort { return []netip.AddrPort{netip.MustParseAddrPort(oneAddr)} }
		if a, _, err := try(p, "nas.lan"); err != nil || a.upstream.String() != twoAddr || len(one.queries()) != 0 {
			t.Errorf("answer %v, %v", a, err)
		}
		two.refuse = syscall.ECONNREFUSED
		if _, _, err := try(p, "nas.lan"); errors.Is(err, errOwnAddress) || !strings.Contains(err.Error(), "refuses") {
			t.Errorf("error %v", err)
		}
		p.servers = p.servers[:1]
		if _, _, err := try(p, "nas.lan"); !errors.Is(err, errOwnAddress) {
			t.Errorf("error %v", err)
		}
	})
}

// However many ask, few sockets are open; who waits in vain is told so.
func TestPlainIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(clearPipes)
		s := n.add(oneAddr)
		s.udp = silent
		p := plainTo(n, oneAddr)
		var group sync.WaitGroup
		for range maxPlain + 10 {
			group.Go(func() {
				if _, took, err := try(p, "nas.lan"); err == nil || took != queryTimeout {
					t.Errorf("took %v, %v", took, err)
				}
			})
		}
		time.Sleep(time.Millisecond)
		if n := len(s.queries()); n != maxPlain {
			t.Errorf("%d questions at once, want %d", n, maxPlain)
		}
		group.Wait()
		if len(p.net.slots) != 0 {
			t.Error("a place stays taken")
		}
	})
}

// FuzzPlainAnswer feeds whatever a server sends.
func FuzzPlainAnswer(f *testing.F) {
	q := new(dns.Msg).SetQuestion("nas.lan.", dns.TypeA)
	q.Id = 7
	f.Add(packed(zone(q)))
	f.Add(packed(&dns.Msg{MsgHdr: dns.MsgHdr{Id: 7, Response: true, Rcode: dns.RcodeFormatError}}))
	f.Fuzz(func(t *testing.T, msg []byte) {
		qu := ask("nas.lan", dns.TypeA)
		if !belongs(msg, qu, 7) || refusesEDNS(msg) {
			return
		}
		a, err := plainAnswer(msg, qu, netip.MustParseAddrPort(oneAddr))
		if err != nil {
			return
		}
		raw := pack(t, func(m *dns.Msg) { m.Question[0].Name = "nas.lan." })
		c := new(query)
		if c.parse(raw) != admit || a.ttl != 0 || !a.clear {
			t.Fatal("answer would be kept")
		}
		if out := appendAnswer(nil, c, a, time.Now()); binary.BigEndian.Uint16(out[2:])&bitAD != 0 {
			t.Error("AD")
		}
	})
}
