package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// resetConn is a pipe whose other end goes by a reset.
type resetConn struct{ net.Conn }

func (c resetConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if errors.Is(err, io.EOF) {
		err = syscall.ECONNRESET
	}
	return n, err
}

// What nobody waits for any more ends at once; who asked the same is answered.
func TestClientGoneEndsItsQuery(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.53:853")
		s.set(func(s *pipeServer) { s.handle = mute })
		e := pipeEngine(t, n, nil, "192.0.2.53:853")
		l := &tcpListener{e: e, ending: make(chan struct{})}
		client, server := net.Pipe()
		began := time.Now()
		l.take(resetConn{server}, netip.MustParseAddrPort("127.0.0.1:4000"))
		raw := pack(t, func(m *dns.Msg) { m.Question[0].Name = "a.example." })
		if _, err := client.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(raw))), raw...)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		follower := make(chan error)
		go func() {
			time.Sleep(50 * time.Millisecond)
			_, _, err := try(e.chain, "a.example")
			follower <- err
		}()
		time.Sleep(100 * time.Millisecond)
		s.set(func(s *pipeServer) { s.handle = zone })
		client.Close()
		l.clients.Wait()
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("the query went on for %v after its client left", took-100*time.Millisecond)
		}
		if err := <-follower; err != nil || time.Since(began) > 200*time.Millisecond {
			t.Errorf("who asked the same: %v after %v", err, time.Since(began))
		}
		if waiting(e) != 0 {
			t.Error("it still has its place")
		}
	})
}

// A client that leaves says nothing of the servers.
func TestClientGoneIsNoFailure(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.53:853")
		f := pipeForwarder(t, n, []string{"192.0.2.53:853"})
		if _, _, err := try(f, "a.example"); err != nil {
			t.Fatal(err)
		}
		s.set(func(s *pipeServer) { s.handle = mute })
		ctx, leave := context.WithTimeout(t.Context(), queryTimeout)
		time.AfterFunc(10*time.Millisecond, leave)
		if _, err := f.exchange(ctx, ask("b.example", dns.TypeA)); !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		if h := f.health(); h.Answering != 0 {
			t.Errorf("provider %d answers, it is said; want 0", h.Answering)
		}
	})
}
