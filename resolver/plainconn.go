package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

const (
	// maxClearUDP is the largest datagram that is read, in bytes; we offer
	// ourUDPSize.
	maxClearUDP = 4096
	// maxWrong is how many datagrams may be no answer to the question before it
	// is asked over TCP, where nobody can guess (RFC 5452 section 9.1).
	maxWrong = 20
)

var errManyWrong = errors.New("too many datagrams were no answer")

// ask asks one server, over UDP and where the answer does not fit over TCP
// (RFC 7766 section 5).
func (n *clearNet) ask(ctx context.Context, server netip.AddrPort, qu *question) (*answer, error) {
	if leadsBack(server, n.own()) {
		return nil, errOwnAddress
	}
	msg, err := n.overUDP(ctx, server, qu, true)
	if err == nil && refusesEDNS(msg) {
		msg, err = n.overUDP(ctx, server, qu, false)
	}
	if errors.Is(err, errManyWrong) || err == nil && binary.BigEndian.Uint16(msg[2:])&bitTC != 0 {
		msg, err = n.overTCP(ctx, server, qu)
	}
	if err != nil {
		return nil, err
	}
	return plainAnswer(msg, qu, server)
}

// plainAnswer reads an answer. Nobody proved who made it, so it is not
// authenticated data (RFC 4035 section 4.9.3), and it is not to be kept.
func plainAnswer(msg []byte, qu *question, server netip.AddrPort) (*answer, error) {
	binary.BigEndian.PutUint16(msg[2:], binary.BigEndian.Uint16(msg[2:])&^bitAD)
	a, err := parseAnswer(msg, qu)
	if err != nil {
		return nil, err
	}
	a.source, a.clear, a.upstream, a.stored, a.ttl = SourceRoute, true, server, time.Now(), 0
	return a, nil
}

// refusesEDNS tells whether a server does not know OPT records and says so
// without one (RFC 6891 section 7).
func refusesEDNS(msg []byte) bool {
	switch binary.BigEndian.Uint16(msg[2:]) & rcodeMask {
	case dns.RcodeFormatError, dns.RcodeNotImplemented:
		return binary.BigEndian.Uint16(msg[10:]) == 0
	}
	return false
}

// open connects to a server. A socket whose two ends have the same address,
// with one of our ports, leads back to us. The connection ends with ctx.
func (n *clearNet) open(ctx context.Context, network string, server netip.AddrPort) (net.Conn, func() bool, error) {
	conn, err := n.dial(ctx, network, server)
	if err != nil {
		return nil, nil, err
	}
	if local, err := netip.ParseAddrPort(conn.LocalAddr().String()); err == nil && local.Addr().Unmap() == server.Addr().Unmap() {
		for _, own := range n.own() {
			if own.Addr().IsUnspecified() && own.Port() == server.Port() {
				_ = conn.Close()
				return nil, nil, errOwnAddress
			}
		}
	}
	return conn, context.AfterFunc(ctx, func() { _ = conn.Close() }), nil
}

// overUDP asks once, from a port of its own and with a random id (RFC 5452
// section 9.2). Datagrams that are no answer to the question are ignored.
func (n *clearNet) overUDP(ctx context.Context, server netip.AddrPort, qu *question, edns bool) ([]byte, error) {
	conn, stop, err := n.open(ctx, "udp", server)
	if err != nil {
		return nil, ended(ctx, err)
	}
	defer stop()
	defer func() { _ = conn.Close() }()
	id := uint16(rand.Uint32())
	if _, err := conn.Write(plainQuery(nil, qu, id, edns)); err != nil {
		return nil, ended(ctx, err)
	}
	buf := make([]byte, maxClearUDP)
	for range maxWrong {
		size, err := conn.Read(buf)
		if err != nil {
			return nil, ended(ctx, err)
		}
		if belongs(buf[:size], qu, id) {
			return buf[:size], nil
		}
	}
	return nil, errManyWrong
}

// overTCP asks over a connection of its own.
func (n *clearNet) overTCP(ctx context.Context, server netip.AddrPort, qu *question) ([]byte, error) {
	conn, stop, err := n.open(ctx, "tcp", server)
	if err != nil {
		return nil, ended(ctx, err)
	}
	defer stop()
	defer func() { _ = conn.Close() }()
	id := uint16(rand.Uint32())
	query := plainQuery(make([]byte, 2), qu, id, true)
	binary.BigEndian.PutUint16(query, uint16(len(query)-2))
	if _, err := conn.Write(query); err != nil {
		return nil, ended(ctx, err)
	}
	var head [2]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, ended(ctx, err)
	}
	msg := make([]byte, binary.BigEndian.Uint16(head[:]))
	if _, err := io.ReadFull(conn, msg); err != nil {
		return nil, ended(ctx, err)
	}
	if !belongs(msg, qu, id) {
		return nil, errMalformed
	}
	return msg, nil
}

// ended gives the context's reason for an error that it caused.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// belongs tells whether a message is what the server says to a question: the
// same id and question (RFC 5452 section 9.1). Some that do not know EDNS send
// an error without the question.
func belongs(msg []byte, qu *question, id uint16) bool {
	if len(msg) < headerLen || binary.BigEndian.Uint16(msg) != id || binary.BigEndian.Uint16(msg[2:])&opcodeMask != 0 {
		return false
	}
	return answers(msg, qu) || bareError(msg) && refusesEDNS(msg)
}

// plainQuery appends the query that asks a server for qu in clear text: without
// padding, which hides nothing here, and without the client's network.
func plainQuery(dst []byte, qu *question, id uint16, edns bool) []byte {
	dst = binary.BigEndian.AppendUint16(dst, id)
	var flags uint16
	if qu.rd {
		flags |= bitRD
	}
	if qu.cd {
		flags |= bitCD
	}
	dst = binary.BigEndian.AppendUint16(dst, flags)
	additional := byte(0)
	if edns {
		additional = 1
	}
	dst = append(dst, 0, 1, 0, 0, 0, 0, 0, additional)
	dst = append(dst, qu.wire()...)
	if !edns {
		return dst
	}
	dst = append(dst, 0, 0, typeOPT)
	dst = binary.BigEndian.AppendUint16(dst, ourUDPSize)
	var ttl uint32
	if qu.do {
		ttl = ednsDO
	}
	dst = binary.BigEndian.AppendUint32(dst, ttl)
	return append(dst, 0, 0)
}
