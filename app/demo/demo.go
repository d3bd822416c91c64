// Package demo is a small DNS-over-TLS server on the loopback interface, so
// that the whole application can be seen working with no network. It speaks
// real TLS with a certificate made at its start, and answers a small zone of
// example names.
package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
)

// ID is the id that stands for the demonstration server where a provider's id
// would stand; provider.Parse does not know it.
const ID = "demo"

// serverName is the name in the server's certificate.
const serverName = "dot.demo.test"

// Server is the demonstration server. It is safe for concurrent use.
type Server struct {
	ln    net.Listener
	addr  netip.AddrPort
	roots *x509.CertPool
	zone  zone
	ctx   context.Context
	end   context.CancelFunc
	wg    sync.WaitGroup
}

// Start listens on a free port of 127.0.0.1 and serves until ctx ends or Close
// is called.
func Start(ctx context.Context) (*Server, error) {
	z, err := loadZone()
	if err != nil {
		return nil, fmt.Errorf("the demonstration’s names could not be read: %w", err)
	}
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	roots, cert, err := certificates(serverName, loopback)
	if err != nil {
		return nil, fmt.Errorf("the demonstration’s certificate could not be made: %w", err)
	}
	ln, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		return nil, fmt.Errorf("the demonstration server could not listen on %s: %w", loopback, err)
	}
	s := &Server{roots: roots, zone: z, addr: ln.Addr().(*net.TCPAddr).AddrPort()}
	s.ln = tls.NewListener(ln, &tls.Config{
		Certificates: []tls.Certificate{cert}, NextProtos: []string{"dot"}, MinVersion: tls.VersionTLS12,
	})
	s.ctx, s.end = context.WithCancel(ctx)
	context.AfterFunc(s.ctx, func() { s.ln.Close() })
	s.wg.Go(s.accept)
	return s, nil
}

// Upstream returns the server as the one to ask.
func (s *Server) Upstream() provider.Upstream {
	return provider.Upstream{
		Spec: ID, ID: ID, Label: "Demo", Name: serverName,
		Addrs: []netip.AddrPort{s.addr}, Port: s.addr.Port(),
	}
}

// Roots returns the authority of the server's certificate, to be trusted for
// this upstream only.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// Close ends the server and its connections and waits for both.
func (s *Server) Close() {
	s.end()
	s.wg.Wait()
}

func (s *Server) accept() {
	defer s.end()
	for {
		c, err := s.ln.Accept()
		if err == nil {
			s.wg.Go(func() { s.serve(&dns.Conn{Conn: c}) })
			continue
		}
		if s.ctx.Err() != nil {
			return
		}
		s.sleep(10 * time.Millisecond) // such as too many open files
	}
}

// serve answers one connection's queries, each as soon as it is ready: the
// server in miekg/dns would take them one after the other (RFC 7766 section 7).
func (s *Server) serve(c *dns.Conn) {
	defer context.AfterFunc(s.ctx, func() { c.Close() })()
	defer c.Close()
	var answers sync.WaitGroup
	defer answers.Wait()
	var sending sync.Mutex
	for {
		c.SetReadDeadline(time.Now().Add(idleTimeout))
		q, err := c.ReadMsg()
		if err != nil || q.Response {
			return
		}
		answers.Go(func() {
			if !s.sleep(delay(q)) {
				return
			}
			m := s.zone.answer(q)
			sending.Lock()
			defer sending.Unlock()
			c.SetWriteDeadline(time.Now().Add(idleTimeout))
			if c.WriteMsg(m) != nil {
				c.Close()
			}
		})
	}
}

// sleep waits for d and tells whether the server still runs.
func (s *Server) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}
