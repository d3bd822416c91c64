package netwatch

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// groups are the messages that the kernel is asked for (rtnetlink(7)).
const groups = unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV4_ROUTE | unix.RTMGRP_IPV6_IFADDR | unix.RTMGRP_IPV6_ROUTE

// netlinkBuffer takes any message of these groups, in bytes.
const netlinkBuffer = 32 << 10

// listenKernel tells when links, addresses or default routes change.
func listenKernel(ctx context.Context, s *sink) error {
	f, err := openNetlink()
	if err != nil {
		return err
	}
	return follow(ctx, s, f)
}

// follow tells what comes from f, and closes it.
func follow(ctx context.Context, s *sink, f *os.File) error {
	defer f.Close()
	defer context.AfterFunc(ctx, func() { _ = f.Close() })()
	s.listens(true)
	var known kernel
	buf := make([]byte, netlinkBuffer)
	for {
		n, err := f.Read(buf)
		switch {
		case errors.Is(err, unix.ENOBUFS): // messages were lost
			known = kernel{}
			s.tell(Event{Network: true})
		case err != nil:
			return err
		case known.changes(buf[:n]):
			s.tell(Event{Network: true})
		}
	}
}

func openNetlink() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("the kernel does not tell of the network: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("the kernel does not tell of the network: %w", err)
	}
	return os.NewFile(uintptr(fd), "rtnetlink"), nil
}

const (
	// maxKnown bounds the links and addresses that are remembered.
	maxKnown = 4096
	// widest is the longest prefix, in bits, of a route that may lead out: “all”
	// is also said in halves (0.0.0.0/1) or as 2000::/3.
	widest = 3

	linkFlags = unix.IFF_UP | unix.IFF_RUNNING | unix.IFF_LOWER_UP
	addrFlags = unix.IFA_F_TENTATIVE | unix.IFA_F_DEPRECATED | unix.IFA_F_DADFAILED | unix.IFA_F_OPTIMISTIC
)

// kernel is what it said of links and addresses: it repeats itself, of wireless
// links with each scan and of addresses with each router advertisement.
type kernel struct{ said map[string]uint32 }

// changes tells whether messages say anything new. What cannot be read may.
func (k *kernel) changes(raw []byte) (changes bool) {
	for len(raw) > 0 {
		if len(raw) < unix.SizeofNlMsghdr {
			return true
		}
		size := int(binary.NativeEndian.Uint32(raw))
		if size < unix.SizeofNlMsghdr || size > len(raw) {
			return true
		}
		changes = k.new(binary.NativeEndian.Uint16(raw[4:]), raw[unix.SizeofNlMsghdr:size]) || changes
		raw = raw[min(aligned(size), len(raw)):]
	}
	return changes
}

// aligned is where the next part begins, after one of that size in bytes.
func aligned(size int) int { return (size + unix.NLMSG_ALIGNTO - 1) &^ (unix.NLMSG_ALIGNTO - 1) }

// new tells whether one message says anything new.
func (k *kernel) new(typ uint16, data []byte) bool {
	switch typ {
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		if len(data) < unix.SizeofIfInfomsg {
			return true
		}
		flags := binary.NativeEndian.Uint32(data[8:])
		return k.note("link"+string(data[4:8]), flags&linkFlags, typ == unix.RTM_DELLINK)
	case unix.RTM_NEWADDR, unix.RTM_DELADDR:
		if len(data) < unix.SizeofIfAddrmsg {
			return true
		}
		return k.note("addr"+addrKey(data), uint32(data[2])&addrFlags, typ == unix.RTM_DELADDR)
	case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
		return len(data) < unix.SizeofRtMsg || data[1] <= widest && data[7] == unix.RTN_UNICAST
	}
	return false
}

// addrKey tells addresses apart: link, prefix length and the address itself.
func addrKey(data []byte) string {
	key := append([]byte{data[1]}, data[4:8]...)
	for attrs := data[unix.SizeofIfAddrmsg:]; len(attrs) >= unix.SizeofRtAttr; {
		size := int(binary.NativeEndian.Uint16(attrs))
		if size < unix.SizeofRtAttr || size > len(attrs) {
			break
		}
		if typ := binary.NativeEndian.Uint16(attrs[2:]); typ == unix.IFA_ADDRESS || typ == unix.IFA_LOCAL {
			key = append(key, attrs[:size]...)
		}
		attrs = attrs[min(aligned(size), len(attrs)):]
	}
	return string(key)
}

// note tells whether it is new that something is there, or is gone.
func (k *kernel) note(key string, flags uint32, gone bool) bool {
	before, known := k.said[key]
	if gone {
		delete(k.said, key)
		return true
	}
	if known && before == flags {
		return false
	}
	if k.said == nil || len(k.said) >= maxKnown {
		k.said = make(map[string]uint32)
	}
	k.said[key] = flags
	return true
}
