//go:build !windows

package resolver

import (
	"net"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// askedAddress makes the system tell with each query which address it came
// to, so that a socket on a wildcard answers from it. It returns the size of
// that message.
func askedAddress(conn *net.UDPConn, v4 bool) (int, error) {
	if v4 {
		err := ipv4.NewPacketConn(conn).SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
		return len(ipv4.NewControlMessage(ipv4.FlagDst | ipv4.FlagInterface)), err
	}
	err := ipv6.NewPacketConn(conn).SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true)
	return len(ipv6.NewControlMessage(ipv6.FlagDst | ipv6.FlagInterface)), err
}

// fromAddress turns a received control message into one that sends from the
// address that was asked.
func fromAddress(oob []byte) []byte {
	var m4 ipv4.ControlMessage
	if m4.Parse(oob) == nil && m4.Dst != nil {
		if m4.Dst.IsMulticast() || m4.Dst.Equal(net.IPv4bcast) {
			return nil
		}
		return (&ipv4.ControlMessage{Src: m4.Dst}).Marshal()
	}
	var m6 ipv6.ControlMessage
	if m6.Parse(oob) == nil && m6.Dst != nil && !m6.Dst.IsMulticast() {
		out := ipv6.ControlMessage{Src: m6.Dst}
		if m6.Dst.IsLinkLocalUnicast() {
			out.IfIndex = m6.IfIndex
		}
		return out.Marshal()
	}
	return nil
}
