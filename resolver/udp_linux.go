package resolver

import (
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// udpSocket is a socket of which many datagrams are moved by one system call
// (recvmmsg, sendmmsg). golang.org/x/net has the same, but allocates an address
// for each datagram.
type udpSocket struct {
	conn    *net.UDPConn
	raw     syscall.RawConn
	oobSize int
}

// udpPeer is a client's address as the system wrote it.
type udpPeer struct {
	name unix.RawSockaddrInet6 // room for either family
	size uint32
}

type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

func newUDPSocket(conn *net.UDPConn, oobSize int) (*udpSocket, error) {
	raw, err := conn.SyscallConn()
	return &udpSocket{conn, raw, oobSize}, err
}

// udpBatchIO is what one goroutine needs to move datagrams.
type udpBatchIO struct {
	sock  *udpSocket
	list  []*datagram
	bufs  [][]byte
	oobs  [][]byte
	hdrs  []mmsghdr
	iovs  []unix.Iovec
	try   func(fd uintptr) bool // these are made once: a closure for each call would be garbage
	once  func(fd uintptr)
	from  int
	n     int
	errno syscall.Errno
}

// newBatch returns a batch that receives size datagrams at most; 0 makes one
// to send.
func (s *udpSocket) newBatch(size int) *udpBatchIO {
	b := &udpBatchIO{sock: s}
	if size == 0 {
		return b
	}
	b.try = b.tryReceive
	b.once = func(fd uintptr) { b.tryReceive(fd) }
	b.grow(size)
	for i := range size {
		b.list = append(b.list, new(datagram))
		b.bufs = append(b.bufs, make([]byte, maxUDPQuery))
		b.oobs = append(b.oobs, make([]byte, s.oobSize))
		b.iovs[i].Base = &b.bufs[i][0]
	}
	return b
}

func (b *udpBatchIO) grow(n int) {
	if n > len(b.hdrs) {
		b.hdrs, b.iovs = make([]mmsghdr, n), make([]unix.Iovec, n)
	}
}

// receive returns how many queries came, in the first of list. Where there are
// none it waits, or returns an error if it is not to: then it takes no lock, as
// the one who waits holds that.
func (b *udpBatchIO) receive(wait bool) (int, error) {
	for i, d := range b.list {
		b.iovs[i].SetLen(maxUDPQuery)
		h := &b.hdrs[i].hdr
		*h = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&d.peer.name)), Namelen: unix.SizeofSockaddrInet6, Iov: &b.iovs[i]}
		h.SetIovlen(1)
		if b.sock.oobSize > 0 {
			h.Control = &b.oobs[i][0]
			h.SetControllen(b.sock.oobSize)
		}
	}
	var err error
	if wait {
		err = b.sock.raw.Read(b.try)
	} else {
		err = b.sock.raw.Control(b.once)
	}
	if err != nil {
		return 0, err
	}
	if b.errno != 0 {
		return 0, b.errno
	}
	for i, d := range b.list[:b.n] {
		h := &b.hdrs[i]
		d.in = b.bufs[i][:h.n]
		d.oob = b.oobs[i][:h.hdr.Controllen]
		d.peer.size = h.hdr.Namelen
		d.q.client = d.peer.addr()
	}
	return b.n, nil
}

func (b *udpBatchIO) tryReceive(fd uintptr) bool {
	b.n, b.errno = b.call(unix.SYS_RECVMMSG, fd, len(b.list))
	return b.errno != syscall.EAGAIN
}

// send sends the answers of list from the given index on and returns how many
// left. An error is about the one after those.
func (b *udpBatchIO) send(from int) (int, error) {
	b.grow(len(b.list))
	b.from = from
	for i, d := range b.list[from:] {
		b.iovs[i].Base = &d.out[0]
		b.iovs[i].SetLen(len(d.out))
		h := &b.hdrs[i].hdr
		*h = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&d.peer.name)), Namelen: d.peer.size, Iov: &b.iovs[i]}
		h.SetIovlen(1)
		if len(d.oob) > 0 {
			h.Control = &d.oob[0]
			h.SetControllen(len(d.oob))
		}
	}
	// Without the descriptor's write lock: datagrams do not mix.
	err := b.sock.raw.Control(b.sendNow)
	if err == nil && b.errno == syscall.EAGAIN {
		err = b.sock.raw.Write(func(fd uintptr) bool {
			b.sendNow(fd)
			return b.errno != syscall.EAGAIN
		})
	}
	if err != nil {
		return 0, err
	}
	if b.errno != 0 {
		return 0, b.errno
	}
	return b.n, nil
}

func (b *udpBatchIO) sendNow(fd uintptr) {
	b.n, b.errno = b.call(unix.SYS_SENDMMSG, fd, len(b.list)-b.from)
}

// call moves n datagrams as far as that needs no waiting.
func (b *udpBatchIO) call(nr, fd uintptr, n int) (int, syscall.Errno) {
	for {
		done, _, errno := syscall.RawSyscall6(nr, fd, uintptr(unsafe.Pointer(&b.hdrs[0])), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(done), 0
		case syscall.EINTR:
			continue
		}
		return 0, errno
	}
}

// addr is the peer's address.
func (p *udpPeer) addr() netip.AddrPort {
	port := (*[2]byte)(unsafe.Pointer(&p.name.Port))
	n := uint16(port[0])<<8 | uint16(port[1])
	if p.name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&p.name))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), n)
	}
	a := netip.AddrFrom16(p.name.Addr).Unmap()
	if p.name.Scope_id != 0 {
		a = a.WithZone(strconv.FormatUint(uint64(p.name.Scope_id), 10))
	}
	return netip.AddrPortFrom(a, n)
}
