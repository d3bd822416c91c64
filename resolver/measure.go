package resolver

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
)

// Measurement is how an upstream answered a trial.
type Measurement struct {
	// Addr is the server that was tried, the zero value where none is known.
	Addr netip.AddrPort
	// Connect is the time for TCP and TLS, First that of the first query on the
	// connection, and Warm the median of those after it; 0 for what did not
	// happen.
	Connect, First, Warm time.Duration
	// TLS and KeyExchange describe the connection, empty where none was made.
	TLS, KeyExchange string
	// Resumed tells whether the server took a second connection up where the
	// first one had ended (RFC 8446 section 2.2).
	Resumed bool
	// Issuer is who signed the server's certificate, Expires when it ends.
	Issuer  string
	Expires time.Time
	// NSID is which of its servers answered, as it says itself (RFC 5001);
	// empty where it does not.
	NSID string
	// Validates tells whether it vouched for the root's signed records (the AD
	// bit, RFC 4035 section 3.2.3).
	Validates bool
	// Fault is what failed, nil for nothing. What was measured before stands.
	Fault *Fault
}

const (
	// warmQueries are asked after the first one.
	warmQueries = 3
	// measurePatience bounds each connection and each answer.
	measurePatience = 4 * time.Second
	// measureAddrs is how many addresses are tried at most.
	measureAddrs = 2
)

// Measure tries an upstream on connections of its own, verified as those for
// queries are, which it neither disturbs nor uses. What it asks are the root's
// name servers. ctx ends it.
func (e *Engine) Measure(ctx context.Context, up provider.Upstream) Measurement {
	f := e.fwd.Load()
	addrs := up.Addrs
	if len(addrs) == 0 {
		looking, cancel := context.WithTimeout(ctx, lookupTimeout)
		defer cancel()
		var err error
		if addrs, err = f.addresses(looking, up); err != nil {
			return Measurement{Fault: &Fault{Kind: FaultLookup, Text: "its address could not be looked up over TLS", Err: err}}
		}
	}
	t := trial{e: e, up: up, conf: tlsConfig(f, &upstream{cfg: up})}
	var m Measurement
	for _, a := range addrs[:min(len(addrs), measureAddrs)] {
		if m = t.measure(ctx, a); m.Fault == nil || m.TLS != "" || ctx.Err() != nil {
			return m
		}
	}
	return m
}

// trial is what the connections of one measurement share.
type trial struct {
	e    *Engine
	up   provider.Upstream
	conf *tls.Config
}

func (t trial) measure(ctx context.Context, addr netip.AddrPort) (m Measurement) {
	m.Addr = addr
	began := time.Now()
	conn, err := t.connect(ctx, addr)
	if err != nil {
		m.Fault = newFault(addr, t.up.Name, err)
		return m
	}
	defer conn.Close()
	m.Connect = time.Since(began)
	m.describe(conn.ConnectionState())
	if err := m.ask(ctx, conn); err != nil {
		m.Fault = newFault(addr, t.up.Name, afterHandshake(err, t.up))
		return m
	}
	if again, err := t.connect(ctx, addr); err == nil { // it is not needed for an answer
		m.Resumed = again.ConnectionState().DidResume
		_ = again.Close()
	}
	return m
}

func (t trial) connect(ctx context.Context, addr netip.AddrPort) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, measurePatience)
	defer cancel()
	raw, err := t.e.dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, t.conf)
	if err := shake(ctx, conn, t.up); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

func (m *Measurement) describe(st tls.ConnectionState) {
	about := describe(st)
	m.TLS, m.KeyExchange = about.TLS, about.KeyExchange
	if len(st.PeerCertificates) == 0 {
		return
	}
	leaf := st.PeerCertificates[0]
	m.Expires = leaf.NotAfter
	if m.Issuer = leaf.Issuer.CommonName; len(leaf.Issuer.Organization) > 0 {
		m.Issuer = leaf.Issuer.Organization[0]
	}
}

// ask sends one query after the other, as soon as the one before is answered.
func (m *Measurement) ask(ctx context.Context, conn *tls.Conn) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	d := &dns.Conn{Conn: conn}
	var warm []time.Duration
	for i := range warmQueries + 1 {
		answer, took, err := askRoot(ctx, d)
		if err != nil {
			return err
		}
		if i > 0 {
			warm = append(warm, took)
			continue
		}
		m.First = took
		m.Validates = answer.AuthenticatedData
		m.NSID = nsidOf(answer)
	}
	slices.Sort(warm)
	m.Warm = warm[len(warm)/2]
	return nil
}

// errOtherAnswer is an answer to another question.
var errOtherAnswer = errors.New("it answers what was not asked")

func askRoot(ctx context.Context, d *dns.Conn) (answer *dns.Msg, took time.Duration, err error) {
	q := new(dns.Msg)
	q.SetQuestion(".", dns.TypeNS)
	q.AuthenticatedData = true // RFC 6840 section 5.7: we understand it
	q.SetEdns0(1232, true)
	opt := q.IsEdns0()
	opt.Option = append(opt.Option, &dns.EDNS0_NSID{Code: dns.EDNS0NSID})
	const block, head = 128, 4 // of a padded query (RFC 8467 section 4.1), and of an option
	opt.Option = append(opt.Option, &dns.EDNS0_PADDING{Padding: make([]byte, block-head-q.Len())})
	if ctx.Err() == nil {
		_ = d.SetDeadline(time.Now().Add(measurePatience))
	}
	began := time.Now()
	if err := d.WriteMsg(q); err != nil {
		return nil, 0, err
	}
	answer, err = d.ReadMsg()
	took = time.Since(began)
	if err == nil && (answer.Id != q.Id || !answer.Response || len(answer.Question) != 1 || answer.Question[0] != q.Question[0]) {
		err = errOtherAnswer
	}
	return answer, took, err
}

// maxNSID bounds what is shown of an identifier, in characters.
const maxNSID = 64

// nsidOf is the identifier of an answer, as a text where it is one.
func nsidOf(m *dns.Msg) string {
	opt := m.IsEdns0()
	if opt == nil {
		return ""
	}
	for _, o := range opt.Option {
		id, ok := o.(*dns.EDNS0_NSID)
		if !ok {
			continue
		}
		raw, err := hex.DecodeString(id.Nsid)
		text := string(raw)
		if err != nil || strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }) {
			text = id.Nsid
		}
		return text[:min(len(text), maxNSID)]
	}
	return ""
}
