package resolver

import (
	"encoding/binary"
	"net/netip"

	"github.com/miekg/dns"
)

// Record types and parameters that hold addresses (RFC 9460 sections 7.3, 14).
const (
	typeSVCB  = 64
	typeHTTPS = 65

	svcIPv4Hint = 4
	svcIPv6Hint = 6
)

// privateNets are the addresses that mean this computer or its own network.
var privateNets = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("::/127"), // :: and ::1
	netip.MustParsePrefix("fc00::/7"),
	netip.MustParsePrefix("fe80::/10"),
}

// nat64 is the prefix behind which IPv4 addresses are reached (RFC 6052
// section 2.1).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// isPrivate tells whether an address is private, or an IPv6 form of one that is.
func isPrivate(a netip.Addr) bool {
	a = a.Unmap()
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	for _, p := range privateNets {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// stopRebinding replaces an answer that gives a public name a private address:
// a web page could reach this network's devices by such a name. The name exists
// without that data then. Private addresses in the additional section are left
// out with it, for they are only offered.
func stopRebinding(qu *question, a *answer) *answer {
	off := headerLen + len(qu.wire())
	sections := [3]int{}
	for i := range sections {
		sections[i] = int(binary.BigEndian.Uint16(a.msg[6+2*i:]))
	}
	for section, n := range sections {
		begin := off
		for range n {
			r, err := readRecord(a.msg, off)
			if err != nil {
				return a // parseAnswer read it, so this cannot be
			}
			off = r.end
			addr, bad := privateIn(r.typ, a.msg[r.rdata:r.end])
			switch {
			case bad && section == 0:
				return rebound(qu, a, addr)
			case bad && section == 2:
				return withoutAdditional(a, begin)
			}
		}
	}
	return a
}

func rebound(qu *question, a *answer, addr netip.Addr) *answer {
	text := "the answer gave this public name the private address " + addr.String()
	b := errorAnswer(qu, dns.RcodeSuccess, SourceBlocked, &EDE{Code: dns.ExtendedErrorCodeBlocked, Text: text})
	b.upstream, b.over, b.tries, b.stored, b.ttl = a.upstream, a.over, a.tries, a.stored, a.ttl
	return b
}

// withoutAdditional cuts the additional section, which begins at off. No name
// before it can point into it.
func withoutAdditional(a *answer, off int) *answer {
	b := *a
	b.msg = append([]byte(nil), a.msg[:off]...)
	binary.BigEndian.PutUint16(b.msg[10:], 0)
	b.ttls = nil
	for _, t := range a.ttls {
		if int(t) < off {
			b.ttls = append(b.ttls, t)
		}
	}
	return &b
}

// privateIn finds the first private address in a record's data.
func privateIn(typ uint16, data []byte) (netip.Addr, bool) {
	switch typ {
	case typeA:
		return privateOf(data, 4)
	case typeAAAA:
		return privateOf(data, 16)
	case typeSVCB, typeHTTPS:
		return privateHint(data)
	}
	return netip.Addr{}, false
}

// privateOf finds the first private one among addresses of size bytes each.
func privateOf(data []byte, size int) (netip.Addr, bool) {
	for ; len(data) >= size; data = data[size:] {
		if a, ok := netip.AddrFromSlice(data[:size]); ok && isPrivate(a) {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// privateHint looks through the address hints of a service binding (RFC 9460
// section 2.2): priority, target name, parameters.
func privateHint(data []byte) (netip.Addr, bool) {
	if len(data) < 2 {
		return netip.Addr{}, false
	}
	off := 2
	for off < len(data) && data[off] != 0 && data[off]&0xc0 == 0 {
		off += 1 + int(data[off])
	}
	if off < len(data) && data[off]&0xc0 != 0 {
		off++ // a pointer: forbidden here, and some clients follow it all the same
	}
	if off++; off > len(data) {
		return netip.Addr{}, false
	}
	var found netip.Addr
	bad := false
	options(data[off:], func(key uint16, value []byte) {
		size := 0
		switch key {
		case svcIPv4Hint:
			size = 4
		case svcIPv6Hint:
			size = 16
		}
		if size == 0 || bad {
			return
		}
		found, bad = privateOf(value, size)
	})
	return found, bad
}
