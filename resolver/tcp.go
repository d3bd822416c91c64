package resolver

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// maxPipelined bounds the queries of one connection that wait for an answer.
	maxPipelined = 128
	// maxTCPQuery is how much of a query over TCP is read, in bytes: whole
	// queries are far smaller. What follows is read over.
	maxTCPQuery = 4094
	// tcpIdle closes a connection that asks nothing for this long, tcpIdleLeast
	// where there is hardly room for more.
	tcpIdle      = 30 * time.Second
	tcpIdleLeast = 2 * time.Second
	// tcpMessage bounds the time from a message's first byte to its last, and
	// the time one answer takes to be written.
	tcpMessage = 5 * time.Second
	// maxRefusals is how many queries on one connection are told that their
	// client may not ask.
	maxRefusals = 3
)

// tcpListener answers on one TCP socket (RFC 7766).
type tcpListener struct {
	e       *Engine
	ln      *net.TCPListener
	accepts sync.WaitGroup
	clients sync.WaitGroup
	ending  chan struct{} // closed with ended

	mu    sync.Mutex
	table tcpTable
	ended bool
}

// tcpClient is one connection of a client.
type tcpClient struct {
	l       *tcpListener
	conn    net.Conn
	from    netip.AddrPort
	r       *bufio.Reader
	skip    int           // bytes of the last query that are still in r
	refused int           // answers that said so
	slots   chan struct{} // one for each query under way
	busy    sync.WaitGroup
	gone    context.Context // ends when it is known that nobody reads the answers
	leave   context.CancelFunc
	wmu     sync.Mutex
	place   tcpPlace // belongs to the listener's lock
}

func listenTCP(e *Engine, addr netip.AddrPort) (*tcpListener, error) {
	ln, err := e.sockets().ListenTCP(addr)
	if err != nil {
		return nil, err
	}
	return newTCPListener(e, ln), nil
}

func newTCPListener(e *Engine, ln *net.TCPListener) *tcpListener {
	return &tcpListener{e: e, ln: ln, ending: make(chan struct{})}
}

func (l *tcpListener) serve() {
	l.e.gate.watch(l)
	l.accepts.Go(l.accept)
}

func (l *tcpListener) accept() {
	for {
		conn, err := l.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(50 * time.Millisecond) // out of descriptors: some will end
			continue
		}
		if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
			l.take(conn, sameFamily(a.AddrPort()))
		} else {
			_ = conn.Close()
		}
	}
}

// take serves a connection, unless its client is blocked. Where there are too
// many, another one makes room (tcpTable).
func (l *tcpListener) take(conn net.Conn, from netip.AddrPort) {
	c := &tcpClient{l: l, conn: conn, from: from, slots: make(chan struct{}, maxPipelined)}
	group := groupOf(l.e.gate, from)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || l.e.gate.blocks.has(keyOf(from)) {
		_ = conn.Close()
		return
	}
	if victim := l.table.add(c, group); victim != nil {
		_ = victim.conn.Close()
	}
	l.clients.Go(c.serve)
}

// closeClient ends the connections of a blocked client.
func (l *tcpListener) closeClient(k clientKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.table.of(k) {
		_ = c.conn.Close()
	}
}

// stop takes no more connections and no more queries.
func (l *tcpListener) stop() {
	_ = l.ln.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	close(l.ending)
	for c := range l.table.every() {
		_ = c.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// close waits for the queries under way until ctx ends, and closes the
// connections.
func (l *tcpListener) close(ctx context.Context) {
	l.stop()
	l.accepts.Wait()
	waitFor(ctx, &l.clients)
	l.e.gate.unwatch(l)
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.table.every() {
		_ = c.conn.Close()
	}
}

func (c *tcpClient) serve() {
	c.gone, c.leave = context.WithCancel(context.Background())
	defer func() {
		c.busy.Wait()
		c.leave()
		c.l.mu.Lock()
		c.l.table.remove(c)
		c.l.mu.Unlock()
		_ = c.conn.Close()
	}()
	c.r = bufio.NewReaderSize(c.conn, 2+maxTCPQuery)
	s := new(scratch)
	for {
		raw, err := c.next()
		if err != nil {
			switch {
			case errors.Is(err, errMalformed):
				c.l.e.gate.counts.add(drop)
			case errors.Is(err, errReset):
				c.leave() // at an EOF it may still read (RFC 7766 section 6.2.4)
			}
			return
		}
		if !c.answer(s, raw) {
			return
		}
		if c.l.e.gate.refuses(c.from) {
			if c.refused++; c.refused >= maxRefusals {
				return
			}
		}
	}
}

// answer answers a query, or sees to it, and tells whether to go on.
func (c *tcpClient) answer(s *scratch, raw []byte) bool {
	s.q.arrived, s.q.client, s.q.tcp = time.Now(), c.from, true
	wait, ok := c.l.e.gate.slowDown(c.from, s.q.arrived)
	if !ok {
		c.l.e.refuseTCP(s, raw)
		return c.reply(s)
	}
	if wait > 0 {
		if !c.hold(wait) {
			return false
		}
		s.q.arrived = time.Now() // it has its full time
	}
	if c.l.e.quick(s, raw) {
		return c.reply(s)
	}
	return c.later(s)
}

// hold waits, unless the listener is ending.
func (c *tcpClient) hold(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.l.ending:
		return false
	}
}

// next reads a query, which is valid until it is called again. The wait for its
// first byte is bounded by the idle time, the rest by tcpMessage.
func (c *tcpClient) next() ([]byte, error) {
	if c.skip > c.r.Buffered() {
		if err := c.deadline(tcpMessage); err != nil {
			return nil, err
		}
	}
	if _, err := c.r.Discard(c.skip); err != nil {
		return nil, err
	}
	c.skip = 0
	if c.r.Buffered() == 0 {
		if err := c.deadline(c.l.idle()); err != nil {
			return nil, err
		}
		if _, err := c.r.Peek(1); err != nil {
			return nil, err
		}
	}
	if err := c.deadline(tcpMessage); err != nil {
		return nil, err
	}
	head, err := c.r.Peek(2)
	if err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(head))
	if n < headerLen {
		return nil, errMalformed
	}
	raw, err := c.r.Peek(2 + min(n, maxTCPQuery))
	if err != nil {
		return nil, err
	}
	c.skip = 2 + n
	c.l.mu.Lock()
	c.l.table.asked(c)
	c.l.mu.Unlock()
	return raw[2:], nil
}

// deadline sets the read deadline, unless the listener is ending.
func (c *tcpClient) deadline(d time.Duration) error {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	if c.l.ended {
		return net.ErrClosed
	}
	return c.conn.SetReadDeadline(time.Now().Add(d))
}

// idle is how long a connection may ask nothing (RFC 7766 section 6.2.3). It
// shrinks as connections fill the table.
func (l *tcpListener) idle() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	free := maxTCPClients - l.table.all.len()
	return max(tcpIdle*time.Duration(free)/maxTCPClients, tcpIdleLeast)
}

// later answers in a goroutine of its own, so that answers leave in the order
// in which they come (RFC 7766 section 6.2.1.1).
func (c *tcpClient) later(s *scratch) bool {
	if !c.l.e.gate.pending.enter(s.q.client) {
		c.l.e.fail(s, errTooMany)
		return c.reply(s)
	}
	own := s.keep()
	c.slots <- struct{}{}
	c.waiting(1)
	c.busy.Go(func() {
		c.l.e.slowFor(c.gone, own)
		c.reply(own)
		c.waiting(-1)
		<-c.slots
	})
	return true
}

// waiting notes that more or fewer queries wait for an answer.
func (c *tcpClient) waiting(more int) {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	c.l.table.waiting(c, more)
}

// reply writes an answer and its length in one go. A message that gets no
// answer ends the connection: a client that sends such means no good.
func (c *tcpClient) reply(s *scratch) bool {
	if len(s.out) == 0 {
		return false
	}
	frame := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(s.out)), uint16(len(s.out)))
	frame = append(frame, s.out...)
	c.wmu.Lock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(tcpMessage))
	_, err := c.conn.Write(frame)
	c.wmu.Unlock()
	if err != nil {
		c.leave()
		_ = c.conn.Close()
		return false
	}
	c.l.e.report(s)
	return true
}
