// Package resolver is the engine: it listens for DNS queries over UDP and TCP,
// answers them from its cache or asks a DNS-over-TLS provider over kept,
// verified connections, and hands the answer back.
package resolver

import (
	"crypto/x509"
	"log/slog"
	"net/netip"
	"time"

	"dotproxy/resolver/provider"
)

// Config is what an Engine is made from.
type Config struct {
	// Upstreams are the providers in order of preference.
	Upstreams []provider.Upstream
	// Roots are the authorities to trust; nil means the system's.
	Roots *x509.CertPool
	Rules Rules
	// OnQuery is called for each answered query, from many goroutines at once.
	// It must return quickly and keep nothing of the event.
	OnQuery func(*Event)
	// OnHealth is called after an upstream's condition changed, never with a
	// lock held. It must return quickly; Health tells the condition.
	OnHealth func()
	// Network names the network that the computer is on, by anything that tells
	// it from others; nil means that it is always the same.
	Network func() string
	// Sockets opens what Listen names; nil has the system do it.
	Sockets Sockets
	// Logger receives upstream errors; nil discards them.
	Logger *slog.Logger
}

// Source says where an answer came from.
type Source uint8

// The sources of an answer.
const (
	SourceUpstream Source = iota
	SourceCache
	SourceLocal
	SourceCoalesced
	// SourceStale: from the cache, after its time (RFC 8767).
	SourceStale
	// SourceOverride: from the overrides or the hosts file.
	SourceOverride
	// SourceRoute: from a server that only this domain is routed to, or from one
	// of a Bypass.
	SourceRoute
	// SourceBlocked: stopped by a rule of ours.
	SourceBlocked
)

// Event is one answered query. Its slices are valid only during the call that
// delivers it.
type Event struct {
	// Time is when the query arrived, Elapsed how long the answer took.
	Time    time.Time
	Elapsed time.Duration
	Client  netip.AddrPort
	// TCP is set for a query over TCP, else it came over UDP.
	TCP bool
	// Name is the question's name as sent, in wire format (RFC 1035 section 3.1).
	Name []byte
	Type uint16
	// RCode is the answer's response code.
	RCode  int
	Source Source
	// Upstream is the server that answered; invalid where none was asked.
	Upstream netip.AddrPort
	// Clear is set where the query left in clear text (a plain route, a Bypass).
	Clear bool
	// Over is the TLS connection on which the answer came, nil where none did.
	Over *Connection
	// Tries is how many times a server was asked for it over TLS, whether it
	// answered or not, 0 where none was.
	Tries int
	// Expected is set where the name is one of Expect: nobody wanted to know it.
	Expected bool
	// AD is set where the upstream vouches for the answer (RFC 4035 section
	// 3.2.3), whether the client asked or not.
	AD bool
	// Answer is the whole answer in wire format.
	Answer []byte
	// EDE is the Extended DNS Error in the answer (RFC 8914), nil for none.
	EDE *EDE
}

// Connection describes a TLS connection to a server. It never changes.
type Connection struct {
	// TLS is the version ("TLS 1.3"), KeyExchange the group ("X25519MLKEM768"; of
	// a resumed session of TLS 1.2 that of its beginning), empty where the suite
	// has none, Cipher the suite's IANA name.
	TLS, KeyExchange, Cipher string
	// Resumed is set where an earlier session was taken up (RFC 8446 section 2.2).
	Resumed bool
}

// EDE is an Extended DNS Error (RFC 8914).
type EDE struct {
	Code uint16
	Text string
}

// Health is the condition of the upstreams.
type Health struct {
	// Known is false until the first upstream answered or failed.
	Known bool
	// Answering is the index in Config.Upstreams of the provider that gave the
	// latest answers, -1 while none answers.
	Answering int
	// Servers are all addresses, in order of preference. A bare name that was
	// not looked up yet has none, and one with an error where that failed.
	Servers []ServerHealth
}

// ServerHealth is the condition of one address of an upstream.
type ServerHealth struct {
	// Upstream is the index in Config.Upstreams.
	Upstream int
	// Addr is invalid for a name that could not be looked up.
	Addr      netip.AddrPort
	Connected bool
	// TLS and KeyExchange describe the last connection ("TLS 1.3",
	// "X25519MLKEM768"); empty before the first.
	TLS         string
	KeyExchange string
	// Median is the median time of recent answers, 0 while unknown.
	Median time.Duration
	// Fault is why the address does not work just now, nil where it does.
	Fault *Fault
}

// FaultKind sorts the reasons for which a server cannot be used.
type FaultKind uint8

// The kinds of fault.
const (
	// FaultUnreachable: there is no route to the server (no network).
	FaultUnreachable FaultKind = iota
	// FaultRefused: the server refused the connection.
	FaultRefused
	// FaultTimeout: the server did not answer in time.
	FaultTimeout
	// FaultCertificate: the certificate could not be verified, be it for want of
	// a pinned key or because this computer's clock is wrong.
	FaultCertificate
	// FaultTLS: the handshake failed for another reason, such as the version.
	FaultTLS
	// FaultClosed: the server closed the connection before it answered.
	FaultClosed
	// FaultAnswer: the server answered, but not what was asked, or only with an
	// error that it did not explain.
	FaultAnswer
	// FaultLookup: the server's name could not be looked up over TLS.
	FaultLookup
	// FaultClientCert: the server wants a client certificate, does not take
	// ours, or the files of ours cannot be used.
	FaultClientCert
)

// Fault is why a server cannot be used, said for people. It is an error.
type Fault struct {
	Kind FaultKind
	Addr netip.AddrPort
	// Text is one plain sentence without the address ("its certificate expired
	// on 3 May 2026").
	Text string
	// Err is the cause.
	Err error
}

// ListenAddr is an address to answer on.
type ListenAddr struct {
	Addr netip.AddrPort
	// Optional is set for a default address: it is skipped, with a line in the
	// log, where this computer does not have it.
	Optional bool
}

// ListenError says which address could not be opened. It wraps the system's
// error (EADDRINUSE, EACCES, EADDRNOTAVAIL, …).
type ListenError struct {
	// Network is "udp" or "tcp".
	Network string
	Addr    netip.AddrPort
	Err     error
}
