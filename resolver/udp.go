package resolver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// udpBatch is how many queries a reader takes at a time.
	udpBatch = 32
	// maxUDPQuery is the largest query taken over UDP, in bytes.
	maxUDPQuery = 4096
	// udpBuffer is asked for as the socket's buffers, in bytes, so that a burst
	// fits while the reader is busy.
	udpBuffer = 4 << 20
)

// udpListener answers on one UDP socket. Its reader takes the queries that are
// there, answers from memory what it can, and sends those answers: a system
// call is shared by as many as came together. The others are answered by
// workers, whose answers leave through the outbox.
type udpListener struct {
	e       *Engine
	sock    *udpSocket
	out     outbox
	outIO   *udpBatchIO // of the one who sends from the outbox
	readers sync.WaitGroup
	pressed chan struct{} // asks for the second reader
	workers *workers      // for queries that may wait for an upstream
}

// datagram is one query over UDP and its answer.
type datagram struct {
	scratch
	in   []byte // the query as it came
	oob  []byte // what came with it: the address that was asked
	peer udpPeer
}

func listenUDP(e *Engine, addr netip.AddrPort) (*udpListener, error) {
	conn, err := e.sockets().ListenUDP(addr)
	if err != nil {
		return nil, err
	}
	// Larger buffers only help: the system may grant less.
	_ = conn.SetReadBuffer(udpBuffer)
	_ = conn.SetWriteBuffer(udpBuffer)
	oobSize := 0
	if addr.Addr().IsUnspecified() {
		if oobSize, err = askedAddress(conn, addr.Addr().Is4()); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	sock, err := newUDPSocket(conn, oobSize)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	l := &udpListener{e: e, sock: sock, outIO: sock.newBatch(0), pressed: make(chan struct{}, 1)}
	l.out.send = l.send
	l.workers = newWorkers(l.answer)
	return l, nil
}

func (l *udpListener) port() uint16 {
	return l.sock.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

func (l *udpListener) serve() {
	l.readers.Go(l.read)
	l.readers.Go(l.help)
}

// stop ends the readers.
func (l *udpListener) stop() { _ = l.sock.conn.SetReadDeadline(time.Unix(1, 0)) }

// close waits for the queries under way until ctx ends, and closes the socket.
func (l *udpListener) close(ctx context.Context) {
	l.stop()
	l.readers.Wait()
	l.workers.close()
	waitFor(ctx, &l.workers.busy)
	_ = l.sock.conn.Close()
}

// waitFor waits for wg until ctx ends.
func waitFor(ctx context.Context, wg *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// read takes queries as they come. When they come faster than it answers, a
// second reader helps; always two would only wake and wait for each other.
func (l *udpListener) read() {
	defer close(l.pressed)
	in, out := l.sock.newBatch(udpBatch), l.sock.newBatch(0)
	for {
		n, err := in.receive(true)
		if err != nil {
			if errors.Is(err, net.ErrClosed) || isDeadline(err) {
				return
			}
			continue // an ICMP error of an earlier answer, or no memory just now
		}
		if n == len(in.list) {
			select {
			case l.pressed <- struct{}{}:
			default:
			}
		}
		l.take(in.list[:n], out)
	}
}

// help takes queries when there are many, until there are few again.
func (l *udpListener) help() {
	var in, out *udpBatchIO
	for range l.pressed {
		if in == nil {
			in, out = l.sock.newBatch(udpBatch), l.sock.newBatch(0)
		}
		for n := len(in.list); n == len(in.list); {
			var err error
			if n, err = in.receive(false); err != nil {
				break // none, or the reader will see it
			}
			l.take(in.list[:n], out)
		}
	}
}

// take answers what memory can answer without another goroutine, and sees to
// the rest.
func (l *udpListener) take(list []*datagram, out *udpBatchIO) {
	now := time.Now()
	out.list = out.list[:0]
	for _, d := range list {
		d.q.arrived, d.q.tcp = now, false
		if !l.e.quick(&d.scratch, d.in) && l.later(d) {
			continue
		}
		if len(d.out) > 0 {
			out.list = append(out.list, d)
		}
	}
	l.sendBatch(out)
}

// spares are datagrams to use again.
var spares = sync.Pool{New: func() any { return new(datagram) }}

// later answers in a goroutine of its own, if there is room for one more; else
// the failure is the answer.
func (l *udpListener) later(d *datagram) bool {
	if !l.e.gate.pending.enter(d.q.client) {
		l.e.fail(&d.scratch, errTooMany)
		return false
	}
	own := spares.Get().(*datagram)
	own.q, own.peer = d.q, d.peer
	own.in = append(own.in[:0], d.in[:d.q.qEnd]...) // all that an answer needs
	own.oob = append(own.oob[:0], d.oob...)
	own.q.raw = own.in
	l.workers.do(own)
	return true
}

// answer answers a query that may wait for an upstream.
func (l *udpListener) answer(d *datagram) {
	l.e.slow(&d.scratch)
	l.out.put(d)
}

// send sends what the outbox gathered.
func (l *udpListener) send(list []*datagram) {
	l.outIO.list = list
	l.sendBatch(l.outIO)
	for _, d := range list {
		spares.Put(d)
	}
}

// sendBatch sends answers, each from the address that was asked, and reports
// those that left.
func (l *udpListener) sendBatch(out *udpBatchIO) {
	for _, d := range out.list {
		if len(d.oob) > 0 {
			d.oob = fromAddress(d.oob)
		}
	}
	for sent := 0; sent < len(out.list); {
		n, err := out.send(sent)
		for _, d := range out.list[sent : sent+n] {
			l.e.report(&d.scratch)
		}
		sent += n
		if err != nil && sent < len(out.list) {
			l.e.log.Debug("answer not sent", "client", out.list[sent].q.client, "error", err)
			sent++
		}
	}
}

func isDeadline(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// sameFamily gives an IPv4 client's address its plain form.
func sameFamily(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
