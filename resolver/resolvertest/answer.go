package resolvertest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// maxMessage is the longest DNS message over TCP (RFC 1035 section 4.2.2).
const maxMessage = 65535

// reorderWait is how long held answers wait for one more.
const reorderWait = 100 * time.Millisecond

// out is the sending side of a connection.
type out struct {
	mu    sync.Mutex // held while bytes are written
	sent  int
	hung  bool
	held  []frame
	flush *time.Timer
}

// frame is an answer, ready to send, and the id of the query it belongs to.
type frame struct {
	id    uint16
	bytes []byte
}

// reply makes the answer to q, nil for none.
func (s *Server) reply(q *dns.Msg, f Faults) *dns.Msg {
	var m *dns.Msg
	if f.RCode != 0 {
		m = new(dns.Msg).SetRcode(q, f.RCode)
		m.RecursionAvailable = true
	} else if m = (*s.handler.Load())(q); m == nil {
		return nil
	}
	m.Compress = true
	if opt := q.IsEdns0(); opt != nil {
		addEDNS(m, opt, f)
	}
	return m
}

// addEDNS answers the query's OPT record (RFC 6891), padding included: blocks
// of 468 bytes for a client that pads (RFC 8467 section 4.1).
func addEDNS(m *dns.Msg, asked *dns.OPT, f Faults) {
	opt := m.IsEdns0()
	if opt == nil {
		m.SetEdns0(1232, asked.Do())
		opt = m.IsEdns0()
	}
	if f.EDE != nil {
		opt.Option = append(opt.Option, f.EDE)
	}
	if f.Keepalive != nil {
		opt.Option = append(opt.Option, KeepaliveOption(*f.Keepalive))
	}
	padded := slices.ContainsFunc(asked.Option, func(o dns.EDNS0) bool { return o.Option() == dns.EDNS0PADDING })
	const block, header = 468, 4
	if n := m.Len() + header; padded && (n+block-1)/block*block <= maxMessage {
		opt.Option = append(opt.Option, &dns.EDNS0_PADDING{Padding: make([]byte, (block-n%block)%block)})
	}
}

// KeepaliveOption names an idle time (RFC 7828 section 3.1), in steps of 100 ms.
// The library's own type leaves the time out where it is 0.
func KeepaliveOption(d time.Duration) dns.EDNS0 {
	units := uint16(d / (100 * time.Millisecond))
	return &dns.EDNS0_LOCAL{Code: dns.EDNS0TCPKEEPALIVE, Data: binary.BigEndian.AppendUint16(nil, units)}
}

// send packs the answer, spoils it as f says, and writes it.
func (c *conn) send(q, m *dns.Msg, f Faults) {
	right, err := pack(m)
	if err != nil {
		c.s.tb.Errorf("resolvertest: the handler's answer to %s cannot be packed: %v", q.Question[0].Name, err)
		return
	}
	wire, spoiled := c.spoil(m, right, f)
	if spoiled && f.AlsoRight || !spoiled && f.Duplicate {
		wire = append(wire, right...)
	}
	c.write(frame{q.Id, wire}, f)
}

// pack returns the message with its length before it.
func pack(m *dns.Msg) ([]byte, error) {
	b, err := m.Pack()
	if err != nil {
		return nil, err
	}
	if len(b) > maxMessage {
		return nil, errors.New("it is longer than 65,535 bytes")
	}
	return prefixed(b), nil
}

func prefixed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

// spoil returns what is sent in the place of right, the packed m.
func (c *conn) spoil(m *dns.Msg, right []byte, f Faults) (wire []byte, spoiled bool) {
	switch {
	case f.ZeroFrame:
		return prefixed(nil), true
	case f.Garbage:
		return prefixed(bytes.Repeat([]byte{0xff}, 40)), true
	case f.TruncatedFrame:
		return prefixed(right[2 : len(right)/2+1]), true
	case f.HalfFrame, f.HalfFrameHang:
		return slices.Clone(right[:len(right)/2+1]), true
	case f.WrongID, f.WrongQuestion:
		wrong := m.Copy()
		if f.WrongID {
			wrong.Id = c.freeID(m.Id ^ 0x5555)
		}
		if f.WrongQuestion {
			wrong.Question[0].Name = "wrong.invalid."
		}
		if b, err := pack(wrong); err == nil {
			return b, true
		}
	}
	return slices.Clone(right), false
}

// write sends a frame, or holds it to reorder.
func (c *conn) write(fr frame, f Faults) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if f.Reorder < 2 {
		c.writeNow([]frame{fr}, f)
		return
	}
	c.out.held = append(c.out.held, fr)
	if c.out.flush != nil {
		c.out.flush.Stop()
	}
	if len(c.out.held) >= f.Reorder {
		c.writeHeld(f)
		return
	}
	c.out.flush = time.AfterFunc(reorderWait, func() {
		c.out.mu.Lock()
		defer c.out.mu.Unlock()
		c.writeHeld(f)
	})
}

func (c *conn) writeHeld(f Faults) {
	held := c.out.held
	c.out.held = nil
	slices.Reverse(held)
	c.writeNow(held, f)
}

// writeNow sends frames in one piece; out.mu is held.
func (c *conn) writeNow(frames []frame, f Faults) {
	if len(frames) == 0 || c.out.hung || c.ctx.Err() != nil {
		return
	}
	var wire []byte
	for _, fr := range frames {
		c.answered(fr.id)
		wire = append(wire, fr.bytes...)
	}
	c.s.stats.change(func(st *Stats) { st.Answers += len(frames) })
	step := len(wire)
	if f.SlowBytes > 0 {
		step = 1
	}
	for piece := range slices.Chunk(wire, step) {
		if _, err := c.tls.Write(piece); err != nil {
			c.drop()
			return
		}
		if !sleep(c.ctx, f.SlowBytes) {
			return
		}
	}
	c.out.sent += len(frames)
	c.afterwards(f)
}

// afterwards ends the connection where f says so.
func (c *conn) afterwards(f Faults) {
	switch {
	case f.HalfFrame, f.CloseAfterAnswers > 0 && c.out.sent >= f.CloseAfterAnswers:
		c.closeAs(f)
	case f.ResetAfterAnswers > 0 && c.out.sent >= f.ResetAfterAnswers:
		c.reset()
	case f.HalfFrameHang:
		c.out.hung = true
	}
}
