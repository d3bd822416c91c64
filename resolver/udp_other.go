//go:build !linux

package resolver

import "net"

// udpSocket is a socket that moves one datagram at a time.
type udpSocket struct {
	conn    *net.UDPConn
	oobSize int
}

// udpPeer is nothing here: the query has the client's address.
type udpPeer struct{}

func newUDPSocket(conn *net.UDPConn, oobSize int) (*udpSocket, error) {
	return &udpSocket{conn, oobSize}, nil
}

// udpBatchIO is what one goroutine needs to move datagrams.
type udpBatchIO struct {
	sock *udpSocket
	list []*datagram
	buf  []byte
	oob  []byte
}

// newBatch returns a batch that receives; 0 makes one to send.
func (s *udpSocket) newBatch(size int) *udpBatchIO {
	b := &udpBatchIO{sock: s}
	if size > 0 {
		b.list = []*datagram{new(datagram)}
		b.buf, b.oob = make([]byte, maxUDPQuery), make([]byte, s.oobSize)
	}
	return b
}

// receive waits for a query and returns how many came, in the first of list.
func (b *udpBatchIO) receive(bool) (int, error) {
	n, oobn, _, from, err := b.sock.conn.ReadMsgUDPAddrPort(b.buf, b.oob)
	if err != nil {
		return 0, err
	}
	d := b.list[0]
	d.in, d.oob, d.q.client = b.buf[:n], b.oob[:oobn], sameFamily(from)
	return 1, nil
}

// send sends the answer at the given index of list and returns how many left.
func (b *udpBatchIO) send(from int) (int, error) {
	d := b.list[from]
	if _, _, err := b.sock.conn.WriteMsgUDPAddrPort(d.out, d.oob, d.q.client); err != nil {
		return 0, err
	}
	return 1, nil
}
