package resolver

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

// readFrame reads one message and the length before it (RFC 1035 section 4.2.2).
func readFrame(r *bufio.Reader) ([]byte, error) {
	head, err := r.Peek(2)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = errClosedByPeer
		}
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(head))
	if n < headerLen {
		return nil, errBadFrame
	}
	_, _ = r.Discard(2)
	msg := frames.get(n)
	_, err = io.ReadFull(r, msg)
	return msg, err
}

// frames are buffers of messages to use again.
var frames framePool

// framePool keeps buffers of the usual size. What is larger, or lost on its
// way, is left to the garbage collector.
type framePool struct{ pool sync.Pool }

// frameSize fits an answer as servers pad it (RFC 8467 section 4.2), in octets.
const frameSize = 1024

func (p *framePool) get(n int) []byte {
	if n > frameSize {
		return make([]byte, n)
	}
	if b, ok := p.pool.Get().(*[frameSize]byte); ok {
		return b[:n]
	}
	return make([]byte, n, frameSize)
}

// put takes a buffer back that nobody uses any more.
func (p *framePool) put(msg []byte) {
	if cap(msg) == frameSize {
		p.pool.Put((*[frameSize]byte)(msg[:frameSize]))
	}
}
