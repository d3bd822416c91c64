package resolvertest

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// conn is one client's connection.
type conn struct {
	s      *Server
	number int
	raw    net.Conn
	below  *alerting // raw, as TLS sees it
	tls    *tls.Conn
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex // guards what follows
	waiting  map[uint16]int
	inFlight int
	busy     int // answers in the making
	queries  int
	idle     *time.Timer
	linger   *time.Timer

	out out
}

func newConn(s *Server, raw net.Conn, number int) *conn {
	c := &conn{s: s, number: number, raw: raw, waiting: map[uint16]int{}}
	c.below = &alerting{Conn: raw}
	c.tls = tls.Server(c.below, s.tls.Load())
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	return c
}

func (c *conn) faults(query int) Faults { return (*c.s.script.Load())(c.number, query) }

func (c *conn) serve() {
	defer c.s.forget(c)
	defer c.drop()
	f := c.faults(0)
	switch {
	case f.HangHandshake:
		io.Copy(io.Discard, c.raw) // until the client goes
		return
	case f.CloseOnAccept:
		c.closeAs(Faults{NoCloseNotify: true})
		io.Copy(io.Discard, c.raw)
		return
	case f.ResetOnAccept:
		c.reset()
		return
	case !sleep(c.ctx, f.HandshakeDelay):
		return
	}
	c.below.refuses.Store(f.HandshakeAlert)
	err := c.tls.HandshakeContext(c.ctx)
	c.s.stats.handshake(c.tls.ConnectionState(), err)
	if err != nil {
		return
	}
	c.watchIdle(f)
	c.read()
	if c.below.spoiled.Load() {
		c.rest()
	}
}

// read takes queries until the connection ends.
func (c *conn) read() {
	r := bufio.NewReaderSize(records{c}, 1<<16)
	for {
		var length uint16
		if binary.Read(r, binary.BigEndian, &length) != nil {
			return
		}
		wire := make([]byte, length)
		if _, err := io.ReadFull(r, wire); err != nil {
			return
		}
		if c.ctx.Err() != nil {
			io.Copy(io.Discard, c.raw) // we closed; wait for the client's end
			return
		}
		m := new(dns.Msg)
		if err := m.Unpack(wire); err != nil || m.Response || len(m.Question) != 1 {
			c.s.stats.change(func(st *Stats) { st.Malformed++ })
			return
		}
		c.received(m, len(wire))
	}
}

func (c *conn) received(m *dns.Msg, size int) {
	c.mu.Lock()
	c.queries++
	c.inFlight++
	c.busy++
	c.waiting[m.Id]++
	q := Query{Conn: c.number, Number: c.queries, Size: size, Msg: m}
	inFlight, duplicate := c.inFlight, c.waiting[m.Id] > 1
	c.mu.Unlock()
	c.s.stats.query(q, inFlight, duplicate)
	f := c.faults(q.Number)
	c.watchIdle(f)
	c.s.wg.Go(func() { c.answer(m, f) })
}

func (c *conn) answer(q *dns.Msg, f Faults) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.busy--
	}()
	if f.Mute {
		return
	}
	delay := f.Delay
	if f.DelayJitter > 0 {
		delay += rand.N(f.DelayJitter)
	}
	if !sleep(c.ctx, delay) {
		return
	}
	switch {
	case f.CloseBefore:
		c.closeAs(f)
		return
	case f.ResetBefore:
		c.reset()
		return
	case f.Alert:
		c.below.alert()
		return
	}
	if m := c.s.reply(q, f); m != nil {
		c.send(q, m, f)
	}
}

// answered takes a query off the waiting ones; it is called just before its
// answer is written, since the client may use the id again at once after.
func (c *conn) answered(id uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight--
	if c.waiting[id]--; c.waiting[id] <= 0 {
		delete(c.waiting, id)
	}
}

// freeID returns an id that no query waits for.
func (c *conn) freeID(id uint16) uint16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.waiting[id] > 0 {
		id++
	}
	return id
}

// watchIdle begins the idle time anew.
func (c *conn) watchIdle(f Faults) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle != nil {
		c.idle.Stop()
		c.idle = nil
	}
	if f.IdleClose <= 0 || c.ctx.Err() != nil {
		return
	}
	c.idle = time.AfterFunc(f.IdleClose, func() {
		c.mu.Lock()
		busy := c.busy > 0
		c.mu.Unlock()
		if busy {
			c.watchIdle(f)
			return
		}
		c.closeAs(f)
	})
}

// close ends the connection as TLS prescribes.
func (c *conn) close() { c.closeAs(Faults{}) }

// closeAs sends close_notify and FIN and then waits a second for the client's
// end: closing at once would make the kernel send RST where queries are unread.
func (c *conn) closeAs(f Faults) {
	c.cancel()
	c.raw.SetWriteDeadline(time.Now().Add(time.Second)) // a client may not read
	if !f.NoCloseNotify {
		c.tls.CloseWrite()
	}
	tcp, ok := c.raw.(*net.TCPConn)
	if !ok {
		c.raw.Close()
		return
	}
	tcp.CloseWrite()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.linger == nil {
		c.linger = time.AfterFunc(time.Second, func() { c.raw.Close() })
	}
}

// reset makes the client see a connection reset.
func (c *conn) reset() {
	if tcp, ok := c.raw.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.drop()
}

// drop ends the connection without a word of TLS.
func (c *conn) drop() {
	c.cancel()
	c.raw.Close()
	c.watchIdle(Faults{})
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.linger != nil {
		c.linger.Stop()
	}
}

// records counts what each TLS record brings: tls.Conn never returns more than
// one at a time.
type records struct{ c *conn }

func (r records) Read(p []byte) (int, error) {
	n, err := r.c.tls.Read(p)
	r.c.s.stats.read(n)
	return n, err
}
