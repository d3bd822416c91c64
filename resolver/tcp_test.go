package resolver

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// tcpConn is a client's end of a connection.
type tcpConn struct{ net.Conn }

// tcpPipes is a listener whose connections are pipes.
func tcpPipes(t testing.TB, e *Engine) *tcpListener {
	t.Helper()
	l := newTCPListener(e, nil)
	e.gate.watch(l)
	t.Cleanup(func() { l.close(t.Context()) })
	return l
}

// connect is a connection from client.
func connect(t testing.TB, l *tcpListener, client string) tcpConn {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _ = ours.Close() })
	l.take(theirs, netip.MustParseAddrPort(client))
	return tcpConn{ours}
}

func tcpFrom(t testing.TB, e *Engine, client string) tcpConn {
	t.Helper()
	return connect(t, tcpPipes(t, e), client)
}

func (c tcpConn) send(raw []byte) error {
	_, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(raw))), raw...))
	return err
}

func (c tcpConn) receive() (*dns.Msg, error) {
	var n uint16
	if err := binary.Read(c, binary.BigEndian, &n); err != nil {
		return nil, err
	}
	raw := make([]byte, n)
	if _, err := io.ReadFull(c, raw); err != nil {
		return nil, err
	}
	m := new(dns.Msg)
	return m, m.Unpack(raw)
}

func (c tcpConn) ask(t testing.TB, raw []byte) *dns.Msg {
	t.Helper()
	if err := c.send(raw); err != nil {
		t.Fatal(err)
	}
	m, err := c.receive()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// askLater sends a query and returns at once; an empty message is no answer.
func (c tcpConn) askLater(raw []byte) <-chan *dns.Msg {
	answer := make(chan *dns.Msg, 1)
	go func() {
		m, err := new(dns.Msg), c.send(raw)
		if err == nil {
			if got, err := c.receive(); err == nil {
				m = got
			}
		}
		answer <- m
	}()
	return answer
}

// closed waits for the end of a connection.
func (c tcpConn) closed() bool {
	_, err := c.Read(make([]byte, 1))
	return err == io.EOF
}

// Who may not ask is told so a few times, and takes no room from others.
func TestTCPStrangers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e := gateEngine(t, AdmissionRules{Access: prefixes("192.0.2.0/24")})
		l := tcpPipes(t, e)
		c := connect(t, l, "203.0.113.5:4000")
		began := time.Now()
		for range maxRefusals {
			if m := c.ask(t, ednsQuery(t)); m.Rcode != dns.RcodeRefused || edeOf(m) != 18 {
				t.Errorf("answer %v", m)
			}
		}
		if !c.closed() || time.Since(began) > 0 {
			t.Error("not closed at once")
		}
		known := connect(t, l, lanClient)
		for i := range 200 {
			connect(t, l, fmt.Sprintf("203.0.113.%d:4000", i))
		}
		synctest.Wait()
		if n := l.count(); n != maxTCPStrangers+1 {
			t.Errorf("%d connections", n)
		}
		if m := known.ask(t, ednsQuery(t)); len(m.Answer) != 1 {
			t.Errorf("answer %v", m)
		}
	})
}

func (l *tcpListener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.table.all.len()
}

// A client elsewhere has a bounded number of connections; its own oldest quiet
// one makes room, and the one that waits for an answer stays.
func TestTCPConnectionsOfOneClient(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		n.add("192.0.2.1:853").handle = mute
		e := pipeEngine(t, n, func(c *Config) { c.Rules.Admission.Access = prefixes("192.0.2.0/24") }, "192.0.2.1:853")
		l := tcpPipes(t, e)
		waits := connect(t, l, lanClient)
		answer := waits.askLater(pack(t, nil))
		synctest.Wait()
		oldest := connect(t, l, lanClient)
		other := connect(t, l, "192.0.2.8:4000")
		for range maxTCPClient - 1 {
			connect(t, l, lanClient)
		}
		if !oldest.closed() || l.count() != maxTCPClient+1 {
			t.Errorf("%d connections", l.count())
		}
		if m := <-answer; m.Rcode != dns.RcodeServerFailure || !m.Response {
			t.Errorf("the one that waited got %v", m)
		}
		// Its answer made it quiet, but younger than those that never asked.
		connect(t, l, lanClient)
		again := waits.askLater(pack(t, nil))
		if m := <-again; !m.Response {
			t.Error("closed although it had just asked")
		}
		_ = other.SetReadDeadline(time.Now())
		if other.closed() {
			t.Error("another client's connection was closed")
		}
	})
}

// The oldest makes room where all wait for an answer.
func TestTCPTableFullOfBusyConnections(t *testing.T) {
	var table tcpTable
	group := tcpGroup{key: keyOf(netip.MustParseAddrPort("127.0.0.1:1")), most: 3}
	var all []*tcpClient
	for range 3 {
		c := &tcpClient{}
		table.add(c, group)
		table.waiting(c, 2)
		all = append(all, c)
	}
	if v := table.add(&tcpClient{}, group); v != all[0] {
		t.Fatal("not the oldest")
	}
	table.asked(all[1])
	table.waiting(all[1], -2)
	if v := table.add(&tcpClient{}, group); v == all[1] || v == all[2] {
		t.Error("one that never asked is older than those that did")
	}
	table.waiting(all[0], -2) // it is out already
	table.asked(all[0])
	table.remove(all[0])
	for c := range table.every() {
		table.remove(c)
		break
	}
	if table.all.len() != 2 || table.groups[group.key].len() != 2 {
		t.Errorf("%d connections left", table.all.len())
	}
	for _, c := range slices.Collect(table.of(group.key)) {
		table.remove(c)
	}
	if table.all.len() != 0 || len(table.groups) != 0 {
		t.Errorf("%d connections and %d groups left", table.all.len(), len(table.groups))
	}
}

// Connections that ask nothing or only half a query end sooner as the table
// fills (RFC 7766 section 6.2.3).
func TestTCPIdle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e := gateEngine(t, AdmissionRules{})
		l := tcpPipes(t, e)
		ends := func(c tcpConn) time.Duration {
			began := time.Now()
			if !c.closed() {
				t.Error("not closed")
			}
			return time.Since(began)
		}
		idle := connect(t, l, "127.0.0.1:4000")
		if d := ends(idle); d < tcpIdle-time.Second || d > tcpIdle {
			t.Errorf("an idle connection ended after %v", d)
		}
		half := connect(t, l, "127.0.0.1:4000")
		_, _ = half.Write([]byte{0, 40, 1, 2})
		if d := ends(half); d != tcpMessage {
			t.Errorf("half a query ended after %v", d)
		}
		for i := range maxTCPClients {
			connect(t, l, fmt.Sprintf("127.0.%d.1:4000", i%2))
		}
		if d := ends(connect(t, l, "127.0.0.1:4000")); d != tcpIdleLeast {
			t.Errorf("ended after %v where the table is full", d)
		}
	})
}

func TestTCPMessages(t *testing.T) {
	long := pack(t, func(m *dns.Msg) {
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_PADDING{Padding: make([]byte, 60000)}}
	})
	inBubble(t, func(t *testing.T) {
		c := tcpFrom(t, gateEngine(t, AdmissionRules{}), "127.0.0.1:4000")
		got := make(chan *dns.Msg)
		go func() {
			for range 2 {
				m, _ := c.receive()
				got <- m
			}
		}()
		if err := c.send(long); err != nil {
			t.Fatal(err)
		}
		if m := <-got; m.Rcode != dns.RcodeFormatError {
			t.Errorf("60,000 octets: %v", m)
		}
		if err := c.send(ednsQuery(t)); err != nil {
			t.Fatal(err)
		}
		if m := <-got; len(m.Answer) != 1 {
			t.Errorf("the next: %v", m)
		}
	})
	inBubble(t, func(t *testing.T) {
		e := gateEngine(t, AdmissionRules{})
		for _, raw := range [][]byte{{1, 2, 3}, pack(t, func(m *dns.Msg) { m.Response = true })} {
			c := tcpFrom(t, e, "127.0.0.1:4000")
			if err := c.send(raw); err != nil || !c.closed() {
				t.Errorf("% x was not the end of its connection", raw)
			}
		}
		if c := e.Admission(); c.Malformed != 2 || c.Dropped != 2 {
			t.Errorf("counts %+v", c)
		}
	})
}

// A client that is held back does not hold up the end.
func TestTCPEndsWhileAClientIsHeldBack(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e := gateEngine(t, AdmissionRules{Limit: RateLimit{PerSecond: 1, Burst: 1, Loopback: true}})
		l := tcpPipes(t, e)
		c := connect(t, l, "127.0.0.1:4000")
		c.ask(t, ednsQuery(t))
		c.askLater(ednsQuery(t))
		synctest.Wait()
		began := time.Now()
		l.close(t.Context())
		if d := time.Since(began); d > 0 {
			t.Errorf("the end took %v", d)
		}
	})
}

// Silent connections keep nobody away, and are closed for those who ask.
func TestSilentConnectionsKeepNobodyAway(t *testing.T) {
	n := new(pipeNet)
	n.add("192.0.2.1:853")
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")[0]
	first, err := dns.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	for i := range 1500 {
		from := net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%3))}
		d := net.Dialer{LocalAddr: &from}
		c, err := d.DialContext(t.Context(), "tcp", at.String())
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer c.Close()
		if i%2 == 0 {
			_, _ = c.Write([]byte{0, 50, 1})
		}
		if i%100 == 0 { // one that asks stays
			if err := first.WriteMsg(new(dns.Msg).SetQuestion("a.example.", dns.TypeA)); err != nil {
				t.Fatal(err)
			}
			if m, err := first.ReadMsg(); err != nil || len(m.Answer) != 1 {
				t.Fatalf("after %d connections: %v %v", i, m, err)
			}
		}
	}
	for _, network := range []string{"udp", "tcp"} {
		if m := dig(t, network, at, "new.example"); len(m.Answer) != 1 {
			t.Errorf("%s: %v", network, m)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.listeners {
		if n := l.tcp.count(); n > maxTCPClients {
			t.Errorf("%d connections", n)
		}
	}
}
