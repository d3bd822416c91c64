package resolver

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// udpReaders is how many goroutines read one socket.
	udpReaders = 2
	// maxUDPQuery is the largest query taken over UDP, in bytes.
	maxUDPQuery = 4096
	// udpBuffer is asked for as the socket's buffers, in bytes, so that a burst
	// fits while the readers are busy.
	udpBuffer = 4 << 20
)

// udpListener answers on one UDP socket.
type udpListener struct {
	e       *Engine
	conn    *net.UDPConn
	oobSize int // for the address that was asked, 0 unless on a wildcard
	readers sync.WaitGroup
	busy    sync.WaitGroup // queries that wait for an upstream
}

func listenUDP(e *Engine, addr netip.AddrPort) (*udpListener, error) {
	conn, err := net.ListenUDP(network("udp", addr), net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	// Larger buffers only help: the system may grant less.
	_ = conn.SetReadBuffer(udpBuffer)
	_ = conn.SetWriteBuffer(udpBuffer)
	l := &udpListener{e: e, conn: conn}
	if addr.Addr().IsUnspecified() {
		if l.oobSize, err = askedAddress(conn, addr.Addr().Is4()); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	return l, nil
}

func (l *udpListener) port() uint16 {
	return l.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

func (l *udpListener) serve() {
	for range udpReaders {
		l.readers.Go(l.read)
	}
}

// stop ends the readers.
func (l *udpListener) stop() { _ = l.conn.SetReadDeadline(time.Unix(1, 0)) }

// close waits for the queries under way until ctx ends, and closes the socket.
func (l *udpListener) close(ctx context.Context) {
	l.stop()
	l.readers.Wait()
	waitFor(ctx, &l.busy)
	_ = l.conn.Close()
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

// read takes queries one after another. What the cache can answer is answered
// here, without another goroutine.
func (l *udpListener) read() {
	s := new(scratch)
	buf := make([]byte, maxUDPQuery)
	oob := make([]byte, l.oobSize)
	for {
		n, oobn, _, from, err := l.conn.ReadMsgUDPAddrPort(buf, oob)
		if err != nil {
			if errors.Is(err, net.ErrClosed) || isDeadline(err) {
				return
			}
			continue // an ICMP error of an earlier answer, or no memory just now
		}
		s.q.arrived, s.q.client, s.q.tcp = time.Now(), from, false
		if l.e.quick(s, buf[:n]) {
			l.reply(s, oob[:oobn])
			continue
		}
		l.later(s, oob[:oobn])
	}
}

// later answers in a goroutine of its own, if there is room for one more.
func (l *udpListener) later(s *scratch, oob []byte) {
	if !l.e.gate.pending.enter(s.q.client) {
		l.e.fail(s, errTooMany)
		l.reply(s, oob)
		return
	}
	own := s.keep()
	oob = bytes.Clone(oob)
	l.busy.Go(func() {
		l.e.slow(own)
		l.reply(own, oob)
	})
}

// reply sends the answer from the address that was asked.
func (l *udpListener) reply(s *scratch, oob []byte) {
	if len(s.out) == 0 {
		return
	}
	if len(oob) > 0 {
		oob = fromAddress(oob)
	}
	_, _, err := l.conn.WriteMsgUDPAddrPort(s.out, oob, s.q.client)
	if err != nil {
		l.e.log.Debug("answer not sent", "client", s.q.client, "error", err)
		return
	}
	l.e.report(s)
}

func isDeadline(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// sameFamily gives an IPv4 client's address its plain form.
func sameFamily(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
