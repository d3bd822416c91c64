package resolver

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"
)

const (
	// readBuffer takes a full TLS record of answers, in bytes.
	readBuffer = 16 << 10
	// writeTimeout bounds one write of queries.
	writeTimeout = 5 * time.Second
	// quietLimit is how long a connection may owe answers without a sign of
	// life before it takes no more queries.
	quietLimit = time.Second
	// sleepGap is how far the clocks part before we take it for sleep.
	sleepGap = 10 * time.Second
	// idleDefault closes a connection that nobody used for this long, unless
	// the server named its own time (RFC 7828).
	idleDefault = 2 * time.Minute
	// maxIDs leaves free ids to draw at random.
	maxIDs = 1 << 15
)

// conn is one TLS connection to a server. It carries many queries at a time,
// each under an id of its own, and takes the answers in any order (RFC 7766
// section 6.2.1.1).
type conn struct {
	srv   *server
	tls   *tls.Conn
	about *Connection
	wake  chan struct{} // tells the writer that out is not empty
	ended chan struct{} // closed by fail

	mu       sync.Mutex
	pending  map[uint16]*call
	waiting  int // calls in pending that are not done
	out      []byte
	asked    uint64
	answered uint64
	quiet    time.Time // last sign of life, or when it began to owe an answer
	lastRead time.Time
	suspect  bool
	used     time.Time
	usedWall int64 // the same by the wall clock, in Unix nanoseconds
	idle     time.Duration
	named    bool  // the server named its idle time
	blamed   *call // the one whose broken answer ended the connection
	err      error
	reaper   *time.Timer
}

// newConn is called with the server's lock held.
func newConn(s *server, t *tls.Conn) *conn {
	now := time.Now()
	c := &conn{
		srv: s, tls: t, about: describe(t.ConnectionState()), wake: make(chan struct{}, 1), ended: make(chan struct{}),
		pending: make(map[uint16]*call), used: now, usedWall: now.UnixNano(), idle: s.habit.limit(now),
	}
	c.mu.Lock()
	c.reaper = time.AfterFunc(c.idle, c.reap)
	c.mu.Unlock()
	s.f.group.Go(c.read)
	s.f.group.Go(c.write)
	return c
}

// send queues a call. It returns false when the connection has ended.
func (c *conn) send(k *call) bool {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return false
	}
	id := uint16(rand.Uint32())
	for c.pending[id] != nil {
		id = uint16(rand.Uint32())
	}
	k.id = id
	k.conn.Store(c)
	c.pending[id] = k
	now := time.Now()
	if c.waiting == 0 {
		c.quiet = now
	}
	c.used, c.usedWall, k.sent = now, now.UnixNano(), now
	c.waiting++
	c.out = upstreamQuery(c.out, k.qu, id, c.asked == 0, c.srv.f.rules.HideSubnet)
	c.asked++
	givenUp := k.cancelled.Load() // while it had no connection
	c.mu.Unlock()                 // from here on the answer may come, and k be used again
	if givenUp {
		c.drop(k)
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return true
}

// drop tells that nobody waits for k any more. Its id stays taken until the
// answer came, so that a late answer cannot be taken for another's.
func (c *conn) drop(k *call) {
	c.mu.Lock()
	if !k.done {
		k.done = true
		if c.pending[k.id] == k {
			c.waiting--
		}
	}
	over := c.suspect && c.waiting == 0
	c.mu.Unlock()
	if over {
		c.fail(errSilent)
	}
}

// suspected takes the connection out of use until it shows life: it owes an
// answer for too long.
func (c *conn) suspected() {
	c.mu.Lock()
	c.suspect = true
	c.mu.Unlock()
}

// load tells how many answers the connection owes and whether it takes more.
func (c *conn) load(now time.Time) (waiting int, usable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	dead := c.err != nil || c.suspect || len(c.pending) >= maxIDs || c.slept(now) ||
		c.waiting > 0 && now.Sub(c.quiet) >= quietLimit
	return c.waiting, !dead
}

// slept tells whether the computer was asleep since the connection was used:
// the wall clock went on and the monotonic one did not. The other end has
// surely given it up.
func (c *conn) slept(now time.Time) bool {
	return time.Duration(now.UnixNano()-c.usedWall)-now.Sub(c.used) > sleepGap
}

// count tells how many queries the connection was asked in its life, and
// whether it owes answers to some.
func (c *conn) count() (asked uint64, busy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked, c.waiting > 0
}

// silentSince tells whether nothing was read since t.
func (c *conn) silentSince(t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.lastRead.After(t)
}

// write sends what is queued: all of it in one write, and so in as few TLS
// records as it fits.
func (c *conn) write() {
	var buf []byte
	for {
		select {
		case <-c.wake:
		case <-c.ended:
			return
		}
		runtime.Gosched() // who is about to queue a query gets it into this write
		c.mu.Lock()
		buf, c.out = c.out, buf[:0]
		c.mu.Unlock()
		if len(buf) == 0 {
			continue
		}
		_ = c.tls.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := c.tls.Write(buf); err != nil {
			c.fail(err)
			return
		}
		if cap(buf) > 1<<16 {
			buf = nil // a burst's buffer is not kept
		}
	}
}

// read takes answers until the connection ends.
func (c *conn) read() {
	r := bufio.NewReaderSize(c.tls, readBuffer)
	for {
		msg, err := readFrame(r)
		if err == nil {
			err = c.deliver(msg)
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// deliver hands an answer to the call it belongs to. An answer that does not
// match what was asked ends the connection (RFC 7766 section 7), and the call
// is tried again.
func (c *conn) deliver(msg []byte) error {
	id := binary.BigEndian.Uint16(msg)
	c.mu.Lock()
	k := c.pending[id]
	if k == nil {
		c.mu.Unlock()
		return errUnsolicited
	}
	refused := false
	if !answers(msg, k.qu) {
		if refused = bareError(msg); !refused {
			c.blamed = k
			c.mu.Unlock()
			return errUnsolicited
		}
	}
	delete(c.pending, id)
	c.lastRead = time.Now()
	c.quiet, c.suspect = c.lastRead, false
	c.answered++
	done := k.done
	if !done {
		k.done = true
		c.waiting--
	}
	idle := c.waiting == 0
	c.mu.Unlock()
	if idle {
		c.srv.connIdle(c)
	}
	if done {
		return nil
	}
	if refused {
		k.results <- result{call: k, err: &refusalError{int(msg[3] & rcodeMask)}}
	} else {
		k.results <- result{call: k, msg: msg}
	}
	return nil
}

// answers tells whether msg is an answer to qu.
func answers(msg []byte, qu *question) bool {
	want := qu.wire()
	if msg[2]&0x80 == 0 || binary.BigEndian.Uint16(msg[4:]) != 1 || len(msg) < headerLen+len(want) {
		return false
	}
	got := msg[headerLen : headerLen+len(want)]
	if bytes.Equal(got, want) {
		return true
	}
	var buf [maxName]byte
	nameLen := len(qu.name())
	return bytes.Equal(lower(buf[:0], got[:nameLen]), want[:nameLen]) && bytes.Equal(got[nameLen:], want[nameLen:])
}

// bareError tells whether msg is an error without a question, as some servers
// send.
func bareError(msg []byte) bool {
	return msg[2]&0x80 != 0 && binary.BigEndian.Uint16(msg[4:]) == 0 && msg[3]&rcodeMask != 0
}

// setIdle takes over the idle time that the server named (RFC 7828 section
// 3.2.2), in units of 100 ms; zero asks us to close.
func (c *conn) setIdle(units uint16) {
	d := time.Duration(units) * 100 * time.Millisecond
	c.mu.Lock()
	c.idle, c.named = min(d*9/10, idleDefault), true // close first: it saves a lost query
	c.reaper.Reset(max(c.idle, time.Millisecond))
	c.mu.Unlock()
}

// reap closes the connection when it was not used for its idle time.
func (c *conn) reap() {
	c.mu.Lock()
	left := c.idle - time.Since(c.used)
	if c.waiting > 0 {
		left = max(left, time.Second)
	}
	if left > 0 && c.err == nil {
		c.reaper.Reset(left)
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	c.fail(errIdle)
}

// fail ends the connection; the calls it owes answers to get err.
func (c *conn) fail(err error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = err
	owed := make([]*call, 0, c.waiting)
	for _, k := range c.pending {
		if !k.done {
			k.done = true
			owed = append(owed, k)
		}
	}
	blamed := c.blamed
	if blamed == nil && len(owed) == 1 && (errors.Is(err, errUnsolicited) || errors.Is(err, errBadFrame)) {
		blamed = owed[0] // it can have been meant for no other
	}
	c.pending, c.waiting = nil, 0
	answered := c.answered
	c.reaper.Stop()
	c.mu.Unlock()
	close(c.ended)
	if errors.Is(err, errIdle) || errors.Is(err, errShutdown) {
		_ = c.tls.Close()
	} else {
		_ = c.tls.NetConn().Close()
	}
	refusal := c.srv.connEnded(c, err, len(owed), answered)
	for _, k := range owed {
		r := result{call: k, err: refusal}
		if refusal == nil {
			r.err = &lostError{err, k == blamed}
		}
		k.results <- r
	}
}

// failBy ends the connection because the answer to k is none: what comes behind
// it cannot be trusted.
func (c *conn) failBy(k *call) {
	c.mu.Lock()
	c.blamed = k
	c.mu.Unlock()
	c.fail(errBadFrame)
}
