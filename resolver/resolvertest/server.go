package resolvertest

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
)

// Server is a DNS-over-TLS server. All methods are safe for concurrent use.
type Server struct {
	tb      testing.TB
	ca      *CA
	name    string
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	tls     atomic.Pointer[tls.Config]
	script  atomic.Pointer[Script]
	handler atomic.Pointer[Handler]
	stats   recorder

	mu      sync.Mutex // guards what follows
	addr    netip.AddrPort
	ln      *net.TCPListener // nil while there is none
	fill    []net.Conn       // what keeps a black hole's queue full
	conns   map[*conn]struct{}
	counter int
	closed  bool
}

// Handler answers a query; it is called from many goroutines at once, must not
// change the query, and returns a new message each time, or nil for no answer.
// EDNS, padding and faults are added to what it returns.
type Handler func(query *dns.Msg) *dns.Msg

// Option changes what New makes.
type Option func(*options)

type options struct {
	ca        *CA
	name      string
	addr      netip.AddrPort
	noListen  bool
	needALPN  bool
	tlsConfig []func(*tls.Config)
	handler   Handler
	script    Script
}

// WithCA takes the authority that signs the server's certificate; by default
// each server has its own.
func WithCA(ca *CA) Option { return func(o *options) { o.ca = ca } }

// WithName sets the name in the certificate; the default is dot.test. The
// certificate also carries the server's IP address.
func WithName(name string) Option { return func(o *options) { o.name = name } }

// WithAddr sets the address to listen on; the default is 127.0.0.1:0.
func WithAddr(addr netip.AddrPort) Option { return func(o *options) { o.addr = addr } }

// WithoutListener makes a server that is reached by Dial and ServeConn only, so
// that it can live in a testing/synctest bubble. Its Addr is 192.0.2.53:853.
func WithoutListener() Option { return func(o *options) { o.noListen = true } }

// WithTLS changes the TLS configuration: versions (MinVersion, MaxVersion),
// tickets (SessionTicketsDisabled), Certificates, ClientAuth and ClientCAs, …
// The default takes TLS 1.2 and 1.3, gives tickets and speaks ALPN "dot".
func WithTLS(change func(*tls.Config)) Option {
	return func(o *options) { o.tlsConfig = append(o.tlsConfig, change) }
}

// WithCertificate replaces the server's certificate.
func WithCertificate(c tls.Certificate) Option {
	return WithTLS(func(cfg *tls.Config) { cfg.Certificates = []tls.Certificate{c} })
}

// WithClientCA refuses clients without a certificate that ca issued (Cert.Client).
func WithClientCA(ca *CA) Option {
	return WithTLS(func(cfg *tls.Config) {
		cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
	})
}

// WithALPNRequired refuses clients that do not offer ALPN "dot".
func WithALPNRequired() Option { return func(o *options) { o.needALPN = true } }

// WithHandler replaces Zone.
func WithHandler(h Handler) Option { return func(o *options) { o.handler = h } }

// WithFaults makes the server misbehave from the start.
func WithFaults(f Faults) Option {
	return func(o *options) { o.script = func(int, int) Faults { return f } }
}

// New starts a server that ends with the test. It listens when New returns.
func New(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	o := options{
		name: "dot.test", addr: netip.MustParseAddrPort("127.0.0.1:0"),
		handler: Zone, script: func(int, int) Faults { return Faults{} },
	}
	for _, opt := range opts {
		opt(&o)
	}
	if o.ca == nil {
		o.ca = NewCA(tb)
	}
	s := &Server{tb: tb, ca: o.ca, name: o.name, addr: o.addr, conns: map[*conn]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.handler.Store(&o.handler)
	s.script.Store(&o.script)
	if o.noListen {
		s.addr = netip.MustParseAddrPort("192.0.2.53:853")
	}
	s.tls.Store(o.config(s.addr.Addr()))
	tb.Cleanup(s.Close)
	if !o.noListen {
		s.Up()
	}
	return s
}

func (o *options) config(ip netip.Addr) *tls.Config {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"dot"}}
	cfg.Certificates = []tls.Certificate{o.ca.Issue(Cert{Names: []string{o.name}, IPs: []netip.Addr{ip}})}
	cfg.GetConfigForClient = o.admit
	for _, change := range o.tlsConfig {
		change(cfg)
	}
	return cfg
}

// Addr returns where the server listens (or did).
func (s *Server) Addr() netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// CA returns the authority that signed the server's certificate.
func (s *Server) CA() *CA { return s.ca }

// Upstream returns the server as a client would be given it: IP:PORT#NAME.
func (s *Server) Upstream() provider.Upstream {
	s.tb.Helper()
	u, err := provider.Parse(s.Addr().String() + "#" + s.name)
	if err != nil {
		s.tb.Fatal(err)
	}
	return u
}

// Handle replaces the handler.
func (s *Server) Handle(h Handler) { s.handler.Store(&h) }

// SetTLS changes the TLS configuration of connections accepted from now on.
// Session tickets given before stay valid.
func (s *Server) SetTLS(change func(*tls.Config)) {
	cfg := s.tls.Load().Clone()
	change(cfg)
	s.tls.Store(cfg)
}

// SetCertificate changes the certificate of connections accepted from now on.
func (s *Server) SetCertificate(c tls.Certificate) {
	s.SetTLS(func(cfg *tls.Config) { cfg.Certificates = []tls.Certificate{c} })
}

// Dial connects to the server through a net.Pipe, past any listener; it ignores
// network and address. The two ends have no buffer: a client must read while it
// writes.
func (s *Server) Dial(_ context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	s.ServeConn(server)
	return client, nil
}

// ServeConn serves one connection in the background, TLS included.
func (s *Server) ServeConn(raw net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve(raw)
}

func (s *Server) serve(raw net.Conn) {
	if s.closed {
		raw.Close()
		return
	}
	s.counter++
	c := newConn(s, raw, s.counter)
	s.conns[c] = struct{}{}
	s.stats.accepted()
	s.wg.Go(c.serve)
}

// CloseConns closes all connections in an orderly way; the server keeps
// listening.
func (s *Server) CloseConns() {
	for _, c := range s.open() {
		c.close()
	}
}

// ResetConns resets all connections (RST); the server keeps listening.
func (s *Server) ResetConns() {
	for _, c := range s.open() {
		c.reset()
	}
}

func (s *Server) open() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		all = append(all, c)
	}
	return all
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.stats.ended()
}

// Close ends listener and connections and waits for every goroutine.
func (s *Server) Close() {
	s.StopAccepting()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	for _, c := range s.open() {
		c.drop()
	}
	s.wg.Wait()
}

// sleep waits for d, or less if ctx ends, and tells whether it waited in full.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
