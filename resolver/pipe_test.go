package resolver

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
)

// pki is one CA and one certificate for dot.test, made once, perhaps in virtual
// time, which begins in the year 2000: its dates hold in either.
var pki = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"dot.test"},
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
})

// pipeNet is a network of DoT servers behind net.Pipe, for virtual time.
type pipeNet struct {
	mu      sync.Mutex
	servers map[netip.AddrPort]*pipeServer
}

// pipeServer answers what its handle returns; a nil answer is none. hangUp,
// where set, is asked before each answer whether to close instead. latency is
// what bytes take in one direction; a dial takes twice that. idleClose closes a
// connection on which nothing was asked for so long; 0 is never. swallow leaves
// dials without an answer.
type pipeServer struct {
	mu        sync.Mutex
	down      error
	hang      bool // say nothing in the TLS handshake
	handle    func(*dns.Msg) *dns.Msg
	delay     time.Duration
	latency   time.Duration
	idleClose time.Duration
	swallow   bool
	hangUp    func(conn, query int) bool
	conns     int
	queries   []string
	resumed   int
	open      []net.Conn
	paths     []*path
	dialed    []time.Time // the dials begun, refused ones included
	conf      *tls.Config
}

func (n *pipeNet) add(addr string) *pipeServer {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.servers == nil {
		n.servers = make(map[netip.AddrPort]*pipeServer)
	}
	s := &pipeServer{handle: zone}
	n.servers[netip.MustParseAddrPort(addr)] = s
	return s
}

func (n *pipeNet) dial(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
	n.mu.Lock()
	s := n.servers[addr]
	n.mu.Unlock()
	s.mu.Lock()
	latency, swallow := s.latency, s.swallow
	s.dialed = append(s.dialed, time.Now())
	s.mu.Unlock()
	if swallow {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if latency > 0 && !sleep(ctx, 2*latency) {
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	client, server := net.Pipe()
	if latency > 0 {
		p := newPath(latency)
		s.paths = append(s.paths, p)
		client, server = p.client(), p.server()
	}
	s.conns++
	s.open = append(s.open, server)
	go s.serve(server, s.conns)
	return client, nil
}

// cut ends every connection of every server.
func (n *pipeNet) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.servers {
		s.cut()
	}
}

func (s *pipeServer) set(f func(*pipeServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

func (s *pipeServer) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queries)
}

func (s *pipeServer) tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.dialed)
}

func (s *pipeServer) askedFor(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, q := range s.queries {
		if q == name {
			n++
		}
	}
	return n
}

// cut ends every connection.
func (s *pipeServer) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.open {
		_ = c.Close()
	}
	s.open = nil
}

func (s *pipeServer) serve(raw net.Conn, number int) {
	ended := make(chan struct{})
	defer close(ended)
	defer func() { _ = raw.Close() }()
	s.mu.Lock()
	hang := s.hang
	s.mu.Unlock()
	if hang {
		_, _ = io.Copy(io.Discard, raw)
		return
	}
	cert, _ := pki()
	s.set(func(s *pipeServer) {
		if s.conf == nil {
			s.conf = &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"dot"}}
		}
	})
	t := tls.Server(raw, s.conf)
	if t.Handshake() != nil {
		return
	}
	s.set(func(s *pipeServer) {
		if t.ConnectionState().DidResume {
			s.resumed++
		}
	})
	var wmu sync.Mutex
	var owed sync.WaitGroup
	r := bufio.NewReader(t)
	s.mu.Lock()
	idle := s.idleClose
	s.mu.Unlock()
	timer := time.AfterFunc(max(idle, time.Nanosecond), func() {
		if idle > 0 {
			_ = t.Close()
		}
	})
	defer timer.Stop()
	for i := 1; ; i++ {
		var n uint16
		if binary.Read(r, binary.BigEndian, &n) != nil {
			return
		}
		buf := make([]byte, n)
		if _, err := io.ReadFull(r, buf); err != nil {
			return
		}
		if idle > 0 {
			timer.Reset(idle)
		}
		q := new(dns.Msg)
		if q.Unpack(buf) != nil {
			return
		}
		s.mu.Lock()
		s.queries = append(s.queries, q.Question[0].Name)
		handle, delay, hangUp := s.handle, s.delay, s.hangUp
		s.mu.Unlock()
		if hangUp != nil && hangUp(number, i) {
			owed.Wait() // what was asked before is answered first
			return
		}
		owed.Go(func() {
			select {
			case <-time.After(delay):
			case <-ended:
				return
			}
			m := handle(q)
			if m == nil {
				return
			}
			out, err := m.Pack()
			if err != nil {
				return
			}
			wmu.Lock()
			defer wmu.Unlock()
			_, _ = t.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...))
		})
	}
}

// zone answers A with 192.0.2.1 for any name.
func zone(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	m.RecursionAvailable = true
	if q.Question[0].Qtype == dns.TypeA {
		m.Answer = []dns.RR{&dns.A{
			Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 300},
			A:   net.IPv4(192, 0, 2, 1),
		}}
	}
	if q.IsEdns0() != nil {
		m.SetEdns0(1232, q.IsEdns0().Do())
	}
	return m
}

func mute(*dns.Msg) *dns.Msg { return nil }

func rcode(code int) func(*dns.Msg) *dns.Msg {
	return func(q *dns.Msg) *dns.Msg { return new(dns.Msg).SetRcode(q, code) }
}

// pipeForwarder asks the given providers, each a list of addresses.
func pipeForwarder(t *testing.T, n *pipeNet, providers ...[]string) *forwarder {
	t.Helper()
	_, roots := pki()
	var ups []provider.Upstream
	for _, addrs := range providers {
		u := provider.Upstream{Name: "dot.test", Port: 853}
		for _, a := range addrs {
			u.Addrs = append(u.Addrs, netip.MustParseAddrPort(a))
		}
		ups = append(ups, u)
	}
	f := newForwarder(forwarderConfig{upstreams: ups, roots: roots, dial: n.dial, log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		f.close()
		n.cut() // an end that is still on its way
	})
	return f
}

func ask(name string, typ uint16) *question {
	qu := &question{typ: typ, class: classIN, rd: true}
	var buf [maxName]byte
	n, err := dns.PackDomainName(dns.Fqdn(name), buf[:], 0, nil, false)
	if err != nil {
		panic(err)
	}
	qu.seal(buf[:n])
	return qu
}

// try asks f with the engine's own deadline.
func try(f exchanger, name string) (*answer, time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	began := time.Now()
	a, err := f.exchange(ctx, ask(name, dns.TypeA))
	return a, time.Since(began), err
}
