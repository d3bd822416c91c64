package resolvertest

import (
	"crypto/sha256"
	"crypto/tls"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// logLimit bounds the lists in Stats and Queries, so that long runs stay small;
// counters go on.
const logLimit = 100_000

// Stats is a snapshot of what clients did since the server began.
type Stats struct {
	// Accepted counts connections, Open those that have not ended.
	Accepted, Open int
	// Handshakes counts completed TLS handshakes, Resumed those among them that
	// resumed a session, HandshakeErrors those that failed.
	Handshakes, Resumed, HandshakeErrors int
	// LastHandshakeError is the latest of these, nil for none.
	LastHandshakeError error
	// ALPN, Versions and ServerNames count completed handshakes by what was
	// agreed or asked for ("" for no ALPN or no server name).
	ALPN        map[string]int
	Versions    map[uint16]int
	ServerNames map[string]int
	// ClientCerts counts completed handshakes by the certificate that the client
	// showed (CertHash).
	ClientCerts map[[32]byte]int

	// Queries counts well-formed queries, Answers the messages sent (also those
	// that Faults spoiled), Malformed what could not be read as a query.
	Queries, Answers, Malformed int
	// ConnQueries is the number of queries of each connection; the first
	// connection is at index 0.
	ConnQueries []int
	// MaxInFlight is the most queries that waited for an answer on one
	// connection at the same time. Mute ones wait for ever.
	MaxInFlight int
	// DuplicateIDs counts queries that came with the id of one that waited for
	// its answer on the same connection.
	DuplicateIDs int
	// QuerySizes are the lengths of the queries without their length prefix.
	QuerySizes []int
	// Reads are the bytes that each TLS record brought.
	Reads []int
	// Options counts queries by the EDNS options in them (dns.EDNS0PADDING,
	// dns.EDNS0TCPKEEPALIVE, dns.EDNS0SUBNET, dns.EDNS0COOKIE, …), EDNS those
	// with an OPT record at all.
	Options map[uint16]int
	EDNS    int
}

// Query is one query that the server received.
type Query struct {
	// Conn and Number count as in Script.
	Conn, Number int
	// Size is its length in bytes, without the length prefix.
	Size int
	// Msg is the query itself; do not change it.
	Msg *dns.Msg
}

// Stats returns the counters of this moment.
func (s *Server) Stats() Stats { return s.stats.snapshot() }

// Await waits until cond holds, for ten seconds at most, and returns the
// counters for which it did; after that tb fails, saying what was awaited.
func (s *Server) Await(tb testing.TB, what string, cond func(Stats) bool) Stats {
	tb.Helper()
	late := time.NewTimer(10 * time.Second)
	defer late.Stop()
	for {
		st, changed := s.stats.watch()
		if cond(st) {
			return st
		}
		select {
		case <-changed:
		case <-late.C:
			st.QuerySizes, st.Reads = nil, nil
			tb.Fatalf("waited in vain for %s: %+v", what, st)
		}
	}
}

// Queries returns the queries received so far, oldest first.
func (s *Server) Queries() []Query {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return slices.Clone(s.stats.log)
}

// recorder gathers Stats.
type recorder struct {
	mu  sync.Mutex
	st  Stats
	log []Query
	// changed is closed at the next change; nil while nobody waits.
	changed chan struct{}
}

// watch returns the counters and a channel that is closed when they change.
func (r *recorder) watch() (Stats, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return r.copy(), r.changed
}

func (r *recorder) snapshot() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.copy()
}

func (r *recorder) copy() Stats {
	st := r.st
	st.ALPN, st.Versions = maps.Clone(st.ALPN), maps.Clone(st.Versions)
	st.ServerNames, st.Options = maps.Clone(st.ServerNames), maps.Clone(st.Options)
	st.ClientCerts, st.ConnQueries = maps.Clone(st.ClientCerts), slices.Clone(st.ConnQueries)
	st.QuerySizes, st.Reads = slices.Clone(st.QuerySizes), slices.Clone(st.Reads)
	return st
}

// change runs f with the lock held.
func (r *recorder) change(f func(*Stats)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.st)
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

func (r *recorder) accepted() {
	r.change(func(st *Stats) {
		st.Accepted++
		st.Open++
		st.ConnQueries = append(st.ConnQueries, 0)
	})
}

func (r *recorder) ended() { r.change(func(st *Stats) { st.Open-- }) }

func (r *recorder) handshake(cs tls.ConnectionState, err error) {
	r.change(func(st *Stats) {
		if err != nil {
			st.HandshakeErrors++
			st.LastHandshakeError = err
			return
		}
		st.Handshakes++
		if cs.DidResume {
			st.Resumed++
		}
		count(&st.ALPN, cs.NegotiatedProtocol)
		count(&st.Versions, cs.Version)
		count(&st.ServerNames, cs.ServerName)
		if len(cs.PeerCertificates) > 0 {
			count(&st.ClientCerts, sha256.Sum256(cs.PeerCertificates[0].RawTBSCertificate))
		}
	})
}

func (r *recorder) read(n int) {
	r.change(func(st *Stats) {
		if n > 0 && len(st.Reads) < logLimit {
			st.Reads = append(st.Reads, n)
		}
	})
}

func (r *recorder) query(q Query, inFlight int, duplicate bool) {
	r.change(func(st *Stats) {
		st.Queries++
		st.ConnQueries[q.Conn-1]++
		st.MaxInFlight = max(st.MaxInFlight, inFlight)
		if duplicate {
			st.DuplicateIDs++
		}
		if opt := q.Msg.IsEdns0(); opt != nil {
			st.EDNS++
			for _, o := range opt.Option {
				count(&st.Options, o.Option())
			}
		}
		if len(r.log) < logLimit {
			st.QuerySizes = append(st.QuerySizes, q.Size)
			r.log = append(r.log, q)
		}
	})
}

func count[K comparable](m *map[K]int, key K) {
	if *m == nil {
		*m = map[K]int{}
	}
	(*m)[key]++
}
