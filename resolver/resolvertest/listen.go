package resolvertest

import (
	"context"
	"net"
	"time"
)

// Up listens (again), on the same port as before. It also ends Blackhole.
func (s *Server) Up() {
	s.tb.Helper()
	s.StopAccepting()
	s.mu.Lock()
	defer s.mu.Unlock()
	ln := s.listen()
	s.addr = ln.Addr().(*net.TCPAddr).AddrPort()
	s.ln = ln
	s.wg.Go(func() {
		for s.accept(ln) {
		}
	})
}

// accept serves one connection; it tells whether to go on.
func (s *Server) accept(ln *net.TCPListener) bool {
	raw, err := ln.Accept()
	if err != nil {
		return false // closed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ln != ln {
		raw.Close() // accepted while StopAccepting ran
		return false
	}
	s.serve(raw)
	return true
}

// StopAccepting closes the listener: new connections are refused, those that
// are open live on.
func (s *Server) StopAccepting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ln != nil {
		s.ln.Close()
	}
	for _, c := range s.fill {
		c.Close()
	}
	s.ln, s.fill = nil, nil
}

// Down is a server that died: connections are reset, new ones are refused.
func (s *Server) Down() {
	s.StopAccepting()
	s.ResetConns()
}

// Blackhole leaves new connections without any answer, as a firewall that drops
// packets does, until Up; those that are open live on. (Where the system cannot
// do that, they are taken and never served.)
func (s *Server) Blackhole() {
	s.tb.Helper()
	s.StopAccepting()
	s.mu.Lock()
	defer s.mu.Unlock()
	ln := s.listen()
	s.ln = ln
	if err := shrinkBacklog(ln); err != nil {
		s.tb.Fatal(err)
	}
	// A full queue makes the kernel drop what comes.
	for range 8 {
		c, err := net.DialTimeout("tcp", ln.Addr().String(), 50*time.Millisecond)
		if err != nil {
			break
		}
		s.fill = append(s.fill, c)
	}
}

// listen opens s.addr; the port may be held for a moment by a connection that
// the kernel gave it to while the server was down.
func (s *Server) listen() *net.TCPListener {
	s.tb.Helper()
	var lc net.ListenConfig
	var lastErr error
	for range 50 {
		ln, err := lc.Listen(context.Background(), "tcp", s.addr.String())
		if err == nil {
			return ln.(*net.TCPListener)
		}
		lastErr = err
		sleep(s.ctx, 20*time.Millisecond)
	}
	s.tb.Fatal(lastErr)
	return nil
}
