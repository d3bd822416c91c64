package resolvertest

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

func TestMiekgClient(t *testing.T) {
	s := New(t)
	client := &dns.Client{Net: "tcp-tls", TLSConfig: trusting(s)}
	m, _, err := client.Exchange(query("example.com.", dns.TypeA), s.Addr().String())
	if err != nil || len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "192.0.2.1" {
		t.Fatalf("%v, %v", m, err)
	}
}

// TestManyPipelinedQueries sends all queries before it reads any answer.
func TestManyPipelinedQueries(t *testing.T) {
	const conns, each = 4, 2500
	s := New(t)
	var wg sync.WaitGroup
	for n := range conns {
		c := mustDial(t, s)
		wg.Go(func() {
			for i := range each {
				q := query(fmt.Sprintf("n%d.%d.test.", i, n), dns.TypeTXT)
				q.Id = uint16(i)
				if err := c.WriteMsg(q); err != nil {
					t.Error(err)
					return
				}
			}
		})
		wg.Go(func() {
			seen := map[uint16]bool{}
			for len(seen) < each {
				m, err := c.ReadMsg()
				if err != nil || seen[m.Id] || m.Answer[0].(*dns.TXT).Txt[0] != fmt.Sprintf("n%d.%d.test.", m.Id, n) {
					t.Errorf("after %d answers: %v, %v", len(seen), m, err)
					return
				}
				seen[m.Id] = true
			}
		})
	}
	wg.Wait()
	st := s.Stats()
	if st.Accepted != conns || st.Handshakes != conns || st.Queries != conns*each || st.Answers != conns*each || st.DuplicateIDs != 0 {
		t.Errorf("%d accepted, %d handshakes, %d queries, %d answers, %d duplicate ids", st.Accepted, st.Handshakes, st.Queries, st.Answers, st.DuplicateIDs)
	}
	if !slices.Equal(st.ConnQueries, slices.Repeat([]int{each}, conns)) || len(s.Queries()) != conns*each {
		t.Errorf("by connection %v, in the log %d", st.ConnQueries, len(s.Queries()))
	}
}

func TestStats(t *testing.T) {
	s := New(t, WithFaults(Faults{Reorder: 3}))
	c := mustDial(t, s)
	ids := []uint16{7, 8, 7}
	for i, id := range ids {
		q := query("example.com.", dns.TypeA)
		q.Id = id
		q.SetEdns0(1232, false)
		opt := q.IsEdns0()
		opt.Option = append(opt.Option, &dns.EDNS0_TCP_KEEPALIVE{Code: dns.EDNS0TCPKEEPALIVE})
		if i == 0 {
			opt.Option = append(opt.Option, &dns.EDNS0_PADDING{Padding: make([]byte, 80)})
		}
		write(t, c, q)
	}
	for range ids {
		read(t, c)
	}
	st := s.Stats()
	if st.MaxInFlight != 3 || st.DuplicateIDs != 1 || st.Open != 1 || st.EDNS != 3 {
		t.Errorf("in flight %d, duplicates %d, open %d, EDNS %d", st.MaxInFlight, st.DuplicateIDs, st.Open, st.EDNS)
	}
	if st.Options[dns.EDNS0PADDING] != 1 || st.Options[dns.EDNS0TCPKEEPALIVE] != 3 || st.Options[dns.EDNS0COOKIE] != 0 {
		t.Errorf("options %v", st.Options)
	}
	small := 12 + 17 + 11 + 4
	if !slices.Equal(st.QuerySizes, []int{small + 84, small, small}) || !slices.Equal(st.Reads, []int{small + 86, small + 2, small + 2}) {
		t.Errorf("sizes %v, reads %v", st.QuerySizes, st.Reads)
	}
	if st.ALPN["dot"] != 1 || st.Versions[tls.VersionTLS13] != 1 || st.ServerNames["dot.test"] != 1 {
		t.Errorf("ALPN %v, versions %v, names %v", st.ALPN, st.Versions, st.ServerNames)
	}
}

func TestPaddedAnswers(t *testing.T) {
	s := New(t)
	c := mustDial(t, s)
	for _, name := range []string{"example.com.", "big.test.", "cname.test.", "nx.test."} {
		q := query(name, dns.TypeTXT)
		q.SetEdns0(1232, false)
		q.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_PADDING{}}
		write(t, c, q)
		wire, err := c.ReadMsgHeader(nil)
		if err != nil || len(wire)%468 != 0 {
			t.Errorf("%s: %d bytes, %v", name, len(wire), err)
		}
	}
	if m := ask(t, c, "example.com.", dns.TypeA); m.IsEdns0() != nil {
		t.Errorf("EDNS in the answer to a query without: %s", m)
	}
}

func TestResumption(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := New(t, WithTLS(func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version }))
		cfg := trusting(s)
		cfg.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		again := func() {
			c, err := dial(t, s, cfg)
			if err != nil {
				t.Fatal(err)
			}
			ask(t, c, "example.com.", dns.TypeA) // also takes the ticket in
		}
		again()
		again()
		s.SetCertificate(s.CA().Issue(Cert{Names: []string{"dot.test"}}))
		again()
		if st := s.Stats(); st.Resumed != 2 || st.Handshakes != 3 || st.Versions[version] != 3 {
			t.Errorf("%s: %d of %d resumed", tls.VersionName(version), st.Resumed, st.Handshakes)
		}
		s.SetTLS(func(c *tls.Config) { c.SessionTicketsDisabled = true })
		again()
		if st := s.Stats(); st.Resumed != 2 {
			t.Errorf("%s: resumed without tickets", tls.VersionName(version))
		}
	}
}

func TestRequirements(t *testing.T) {
	s := New(t, WithALPNRequired(), WithTLS(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }))
	cfg := trusting(s)
	cfg.NextProtos = nil
	if _, err := dial(t, s, cfg); err == nil {
		t.Error("a client without ALPN was served")
	}
	cfg = trusting(s)
	cfg.MinVersion = tls.VersionTLS13
	if _, err := dial(t, s, cfg); err == nil {
		t.Error("a client got TLS 1.3")
	}
	s.SetTLS(func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, s.CA().Pool() })
	cfg = trusting(s)
	if _, err := dial(t, s, cfg); err == nil {
		t.Error("a client without a certificate was served")
	}
	st := s.Await(t, "three errors", func(st Stats) bool { return st.HandshakeErrors == 3 })
	if st.LastHandshakeError == nil || st.Handshakes != 0 {
		t.Errorf("%d errors, the last %v; %d handshakes", st.HandshakeErrors, st.LastHandshakeError, st.Handshakes)
	}
	cfg.Certificates = []tls.Certificate{s.CA().Issue(Cert{Client: true})}
	c, err := dial(t, s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ask(t, c, "example.com.", dns.TypeA)
}

func TestHandleAndMalformed(t *testing.T) {
	s := New(t, WithHandler(func(q *dns.Msg) *dns.Msg { return new(dns.Msg).SetRcode(q, dns.RcodeNotAuth) }))
	c := mustDial(t, s)
	if m := ask(t, c, "a.test.", dns.TypeA); m.Rcode != dns.RcodeNotAuth {
		t.Errorf("%s", m)
	}
	s.Handle(Zone)
	ask(t, c, "a.test.", dns.TypeA)
	if _, err := c.Write([]byte("no DNS")); err != nil {
		t.Fatal(err)
	}
	if m, err := c.ReadMsg(); err == nil {
		t.Errorf("an answer to no query: %s", m)
	}
	st := s.Await(t, "the end", func(st Stats) bool { return st.Open == 0 })
	if st.Malformed != 1 || st.Queries != 2 {
		t.Errorf("%d malformed, %d queries", st.Malformed, st.Queries)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	s := New(t, WithFaults(Faults{Delay: time.Hour}))
	c := mustDial(t, s)
	write(t, c, query("a.test.", dns.TypeA))
	s.Close()
	s.Close()
	if _, err := c.ReadMsg(); err == nil {
		t.Error("the connection lives")
	}
	if raw, err := net.Dial("tcp", s.Addr().String()); err == nil {
		raw.Close()
		t.Error("the listener lives")
	}
	raw, _ := s.Dial(t.Context(), "", "")
	if _, err := raw.Read(make([]byte, 1)); err == nil {
		t.Error("a closed server serves")
	}
	if st := s.Stats(); st.Open != 0 {
		t.Errorf("%d open", st.Open)
	}
}

func TestInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t, WithoutListener(), WithFaults(Faults{Delay: time.Hour, DelayJitter: time.Minute, HandshakeDelay: time.Second, IdleClose: 10 * time.Second}))
		began := time.Now()
		c := pipe(t, s)
		ask(t, c, "example.com.", dns.TypeA)
		if took := time.Since(began); took < time.Hour+time.Second || took > time.Hour+time.Minute+time.Second {
			t.Errorf("took %s", took)
		}
		if _, err := c.ReadMsg(); err == nil {
			t.Error("the idle connection was not closed")
		}
		if took := time.Since(began); took > time.Hour+2*time.Minute {
			t.Errorf("closed after %s", took)
		}
		if u := s.Upstream(); u.Spec != "192.0.2.53:853#dot.test" {
			t.Errorf("upstream %+v", u)
		}
	})
}
