package resolver

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// maxTCPClients bounds the connections of one listener.
	maxTCPClients = 1000
	// maxPipelined bounds the queries of one connection that wait for an answer.
	maxPipelined = 128
	// tcpIdle closes a connection that asks nothing for this long.
	tcpIdle = 30 * time.Second
	// tcpMessage bounds the time from a message's first byte to its last, and
	// the time one answer takes to be written.
	tcpMessage = 5 * time.Second
)

// tcpListener answers on one TCP socket (RFC 7766).
type tcpListener struct {
	e       *Engine
	ln      *net.TCPListener
	accepts sync.WaitGroup
	clients sync.WaitGroup

	mu    sync.Mutex
	conns map[*tcpClient]struct{}
	ended bool
}

// tcpClient is one connection of a client.
type tcpClient struct {
	l      *tcpListener
	conn   net.Conn
	from   netip.AddrPort
	slots  chan struct{} // one for each query under way
	busy   sync.WaitGroup
	wmu    sync.Mutex
	active time.Time // last query; belongs to the listener's lock
}

func listenTCP(e *Engine, addr netip.AddrPort) (*tcpListener, error) {
	ln, err := net.ListenTCP(network("tcp", addr), net.TCPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	return &tcpListener{e: e, ln: ln, conns: make(map[*tcpClient]struct{})}, nil
}

func (l *tcpListener) serve() { l.accepts.Go(l.accept) }

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
		c := &tcpClient{l: l, conn: conn, active: time.Now(), slots: make(chan struct{}, maxPipelined)}
		if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
			c.from = sameFamily(a.AddrPort())
		}
		if l.add(c) {
			l.clients.Go(c.serve)
		}
	}
}

// add counts a client in. When full, the connection that asked nothing for the
// longest time makes room.
func (l *tcpListener) add(c *tcpClient) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		_ = c.conn.Close()
		return false
	}
	if len(l.conns) >= maxTCPClients {
		var oldest *tcpClient
		for o := range l.conns {
			if oldest == nil || o.active.Before(oldest.active) {
				oldest = o
			}
		}
		delete(l.conns, oldest)
		_ = oldest.conn.Close()
	}
	l.conns[c] = struct{}{}
	return true
}

// stop takes no more connections and no more queries.
func (l *tcpListener) stop() {
	_ = l.ln.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	for c := range l.conns {
		_ = c.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// close waits for the queries under way until ctx ends, and closes the
// connections.
func (l *tcpListener) close(ctx context.Context) {
	l.stop()
	l.accepts.Wait()
	waitFor(ctx, &l.clients)
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.conn.Close()
	}
}

func (c *tcpClient) serve() {
	defer func() {
		c.busy.Wait()
		c.l.mu.Lock()
		delete(c.l.conns, c)
		c.l.mu.Unlock()
		_ = c.conn.Close()
	}()
	r := bufio.NewReaderSize(c.conn, 4096)
	s := new(scratch)
	for {
		raw, err := c.next(r)
		if err != nil {
			return
		}
		s.q.arrived, s.q.client, s.q.tcp = time.Now(), c.from, true
		if c.l.e.quick(s, raw) {
			if !c.reply(s) {
				return
			}
			continue
		}
		c.later(s)
	}
}

// next reads a query. The wait for its first byte is bounded by tcpIdle, the
// rest by tcpMessage.
func (c *tcpClient) next(r *bufio.Reader) ([]byte, error) {
	if err := c.deadline(tcpIdle); err != nil {
		return nil, err
	}
	if _, err := r.Peek(1); err != nil {
		return nil, err
	}
	if err := c.deadline(tcpMessage); err != nil {
		return nil, err
	}
	head, err := r.Peek(2)
	if err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(head))
	if n < headerLen {
		return nil, errMalformed
	}
	_, _ = r.Discard(2)
	raw := make([]byte, n)
	_, err = io.ReadFull(r, raw)
	return raw, err
}

// deadline sets the read deadline, unless the listener is ending.
func (c *tcpClient) deadline(d time.Duration) error {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	if c.l.ended {
		return net.ErrClosed
	}
	c.active = time.Now()
	return c.conn.SetReadDeadline(c.active.Add(d))
}

// later answers in a goroutine of its own, so that answers leave in the order
// in which they come (RFC 7766 section 6.2.1.1).
func (c *tcpClient) later(s *scratch) {
	own := &scratch{q: s.q}
	c.slots <- struct{}{}
	c.busy.Go(func() {
		defer func() { <-c.slots }()
		c.l.e.slow(own)
		c.reply(own)
	})
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
		_ = c.conn.Close()
		return false
	}
	c.l.e.report(s)
	return true
}
