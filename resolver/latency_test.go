package resolver

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"
)

// path is a connection whose bytes take a time to arrive, for virtual time:
// unlike those of net.Pipe, its writes do not wait for the reader.
type path struct {
	there, back *lane
}

// lane is one direction of a path.
type lane struct {
	delay time.Duration

	mu      sync.Mutex
	parcels []parcel
	changed chan struct{} // closed at each change
	gone    bool          // the reader closed its end
	lost    bool          // what is sent from now on never arrives
	count   recordCount
}

// parcel is what one write sent; without bytes it is the end.
type parcel struct {
	due   time.Time
	bytes []byte
}

func newPath(delay time.Duration) *path {
	one := func() *lane { return &lane{delay: delay, changed: make(chan struct{})} }
	return &path{there: one(), back: one()}
}

func (p *path) client() net.Conn { return &pathEnd{in: p.back, out: p.there} }
func (p *path) server() net.Conn { return &pathEnd{in: p.there, out: p.back} }

// lose swallows what is sent from now on, in both directions and without a
// word, as happens when a computer changes its network.
func (p *path) lose() {
	for _, l := range []*lane{p.there, p.back} {
		l.mu.Lock()
		l.lost = true
		l.mu.Unlock()
	}
}

// pathEnd is one end. Its deadlines do nothing: a write never waits, and
// nobody here sets one for reading.
type pathEnd struct{ in, out *lane }

func (e *pathEnd) Read(p []byte) (int, error) {
	for {
		n, wait, changed, err := e.in.take(p)
		if n > 0 || err != nil {
			return n, err
		}
		if wait == 0 {
			<-changed
			continue
		}
		t := time.NewTimer(wait)
		select {
		case <-changed:
		case <-t.C:
		}
		t.Stop()
	}
}

func (l *lane) take(p []byte) (n int, wait time.Duration, changed <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.gone:
		return 0, 0, nil, net.ErrClosed
	case len(l.parcels) == 0:
		return 0, 0, l.changed, nil
	}
	first := &l.parcels[0]
	if wait = time.Until(first.due); wait > 0 {
		return 0, wait, l.changed, nil
	}
	if len(first.bytes) == 0 {
		return 0, 0, nil, io.EOF
	}
	n = copy(p, first.bytes)
	if first.bytes = first.bytes[n:]; len(first.bytes) == 0 {
		l.parcels = l.parcels[1:]
	}
	return n, 0, nil, nil
}

func (e *pathEnd) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return len(p), e.out.put(append([]byte(nil), p...))
}

func (l *lane) put(p []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.parcels); l.gone || n > 0 && len(l.parcels[n-1].bytes) == 0 {
		return net.ErrClosed
	}
	l.count.add(p)
	if !l.lost {
		l.parcels = append(l.parcels, parcel{time.Now().Add(l.delay), p})
		l.tell()
	}
	return nil
}

func (l *lane) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}

func (e *pathEnd) Close() error {
	_ = e.out.put(nil)
	e.in.mu.Lock()
	defer e.in.mu.Unlock()
	if !e.in.gone {
		e.in.gone = true
		e.in.tell()
	}
	return nil
}

func (*pathEnd) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*pathEnd) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*pathEnd) SetDeadline(time.Time) error      { return nil }
func (*pathEnd) SetReadDeadline(time.Time) error  { return nil }
func (*pathEnd) SetWriteDeadline(time.Time) error { return nil }

// recordCount counts writes and the TLS records of application data in them
// (RFC 8446 section 5.1). In TLS 1.3 the end of the handshake counts too.
type recordCount struct {
	writes, records int
	rest            []byte
}

func (c *recordCount) add(p []byte) {
	const header, applicationData = 5, 23
	c.writes++
	c.rest = append(c.rest, p...)
	for len(c.rest) >= header {
		n := header + int(binary.BigEndian.Uint16(c.rest[3:]))
		if len(c.rest) < n {
			return
		}
		if c.rest[0] == applicationData {
			c.records++
		}
		c.rest = c.rest[n:]
	}
}

// sent tells how many writes and records went to the server.
func (p *path) sent() (writes, records int) {
	p.there.mu.Lock()
	defer p.there.mu.Unlock()
	return p.there.count.writes, p.there.count.records
}
