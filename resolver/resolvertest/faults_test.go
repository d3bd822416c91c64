package resolvertest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// ended reads until the connection ends and tells how many answers came.
func ended(c *dns.Conn) (answers int, err error) {
	for {
		if _, err = c.ReadMsg(); err != nil {
			return answers, err
		}
		answers++
	}
}

func TestConnectionEnds(t *testing.T) {
	eof := func(err error) bool { return errors.Is(err, io.EOF) }
	half := func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }
	rst := func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }
	alert := func(err error) bool { return isAlert(err, 20) } // bad_record_mac
	for _, tc := range []struct {
		about   string
		f       Faults
		answers int
		is      func(error) bool
	}{
		{"CloseBefore", Faults{CloseBefore: true}, 0, eof},
		{"ResetBefore", Faults{ResetBefore: true}, 0, rst},
		{"CloseAfterAnswers", Faults{CloseAfterAnswers: 2}, 2, eof},
		{"ResetAfterAnswers", Faults{ResetAfterAnswers: 1, Delay: time.Millisecond}, 0, rst}, // RST may overtake the answer
		{"IdleClose", Faults{IdleClose: time.Millisecond}, 3, eof},
		{"HalfFrame", Faults{HalfFrame: true}, 0, half},
		{"Alert", Faults{Alert: true}, 0, alert},
	} {
		t.Run(tc.about, func(t *testing.T) {
			s := New(t)
			c := mustDial(t, s)
			s.SetFaults(tc.f)
			// An idle time may run out between two writes: send one piece.
			var wire []byte
			for range 3 {
				b, err := query("example.com.", dns.TypeA).Pack()
				if err != nil {
					t.Fatal(err)
				}
				wire = append(wire, prefixed(b)...)
			}
			if _, err := c.Conn.Write(wire); err != nil {
				t.Fatal(err)
			}
			n, err := ended(c)
			if !tc.is(err) || n < tc.answers || tc.f.ResetAfterAnswers == 0 && n > tc.answers {
				t.Errorf("%d answers, then %v", n, err)
			}
		})
	}
}

// isAlert tells whether the peer sent the alert (RFC 8446 section 6).
func isAlert(err error, alert tls.AlertError) bool {
	var got *net.OpError
	return errors.As(err, &got) && got.Op == "remote error" && got.Err.Error() == alert.Error()
}

func TestHandshakeAlert(t *testing.T) {
	s := New(t, WithFaults(Faults{HandshakeAlert: true}))
	if _, err := dial(t, s, trusting(s)); !isAlert(err, 80) { // internal_error
		t.Errorf("%v", err)
	}
	s.SetFaults(Faults{})
	ask(t, mustDial(t, s), "example.com.", dns.TypeA)
}

// meter counts the bytes that arrive.
type meter struct {
	net.Conn
	n int
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	m.n += n
	return n, err
}

func TestNoCloseNotify(t *testing.T) {
	for _, without := range []bool{false, true} {
		s := New(t)
		raw, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		m := &meter{Conn: raw}
		c := &dns.Conn{Conn: tls.Client(m, trusting(s))}
		ask(t, c, "a.test.", dns.TypeA)
		before := m.n
		s.SetFaults(Faults{CloseBefore: true, NoCloseNotify: without})
		write(t, c, query("a.test.", dns.TypeA))
		if _, err := ended(c); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
		if bare := m.n == before; bare != without {
			t.Errorf("NoCloseNotify %t: %d bytes came at the end", without, m.n-before)
		}
	}
}

func TestCloseAndResetConns(t *testing.T) {
	s := New(t)
	a, b := mustDial(t, s), mustDial(t, s)
	ask(t, a, "a.test.", dns.TypeA)
	ask(t, b, "b.test.", dns.TypeA)
	s.CloseConns()
	for _, c := range []*dns.Conn{a, b} {
		if _, err := ended(c); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	}
	c := mustDial(t, s)
	ask(t, c, "c.test.", dns.TypeA)
	s.ResetConns()
	if _, err := ended(c); !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
}

func TestBeforeTheHandshake(t *testing.T) {
	for _, tc := range []struct {
		about string
		f     Faults
		is    error
	}{
		{"close", Faults{CloseOnAccept: true}, io.EOF},
		{"reset", Faults{ResetOnAccept: true}, syscall.ECONNRESET},
	} {
		t.Run(tc.about, func(t *testing.T) {
			s := New(t, WithFaults(tc.f))
			raw, err := net.Dial("tcp", s.Addr().String())
			if err == nil { // a reset may come before connect returns
				defer raw.Close()
				_, err = raw.Read(make([]byte, 1))
			}
			if !errors.Is(err, tc.is) {
				t.Error(err)
			}
		})
	}
}

func TestHangHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t, WithoutListener(), WithFaults(Faults{HangHandshake: true}))
		raw, _ := s.Dial(t.Context(), "", "")
		raw.SetDeadline(time.Now().Add(time.Hour))
		raw.Write([]byte("hello"))
		if _, err := raw.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		raw.Close()
		synctest.Wait()
		if st := s.Stats(); st.Open != 0 || st.Accepted != 1 {
			t.Errorf("%d of %d open", st.Open, st.Accepted)
		}
	})
}

func TestSpoiledAnswers(t *testing.T) {
	for _, tc := range []struct {
		about string
		f     Faults
		want  string // of the first answer: an error's text, or id and name
	}{
		{"WrongID", Faults{WrongID: true}, "other id, example.com."},
		{"WrongQuestion", Faults{WrongQuestion: true}, "same id, wrong.invalid."},
		{"WrongID and WrongQuestion", Faults{WrongID: true, WrongQuestion: true}, "other id, wrong.invalid."},
		{"Garbage", Faults{Garbage: true}, "error: "},
		{"ZeroFrame", Faults{ZeroFrame: true}, "error: dns: short read"},
		{"TruncatedFrame", Faults{TruncatedFrame: true}, "error: "},
	} {
		t.Run(tc.about, func(t *testing.T) {
			tc.f.AlsoRight = true
			s := New(t, WithFaults(tc.f))
			c := mustDial(t, s)
			q := query("example.com.", dns.TypeA)
			write(t, c, q)
			if got := describe(c, q); !strings.HasPrefix(got, tc.want) {
				t.Errorf("first %s, want %s", got, tc.want)
			}
			if got := describe(c, q); got != "same id, example.com." {
				t.Errorf("then %s", got)
			}
		})
	}
}

func describe(c *dns.Conn, q *dns.Msg) string {
	m, err := c.ReadMsg()
	if err != nil {
		return "error: " + err.Error()
	}
	id := "same id, "
	if m.Id != q.Id {
		id = "other id, "
	}
	return id + m.Question[0].Name
}

func TestHalfFrameHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t, WithoutListener())
		s.SetScript(func(_, query int) Faults { return Faults{HalfFrameHang: query == 2} })
		c := pipe(t, s)
		ask(t, c, "a.test.", dns.TypeA)
		write(t, c, query("b.test.", dns.TypeA))
		b := make([]byte, 1000)
		if n, err := c.Conn.Read(b); err != nil || n < 10 || int(b[0])<<8+int(b[1])+2 <= n {
			t.Fatalf("%x, %v", b[:n], err)
		}
		write(t, c, query("c.test.", dns.TypeA))
		c.SetReadDeadline(time.Now().Add(time.Hour))
		if n, err := c.Conn.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%x, %v", b[:n], err)
		}
		c.Close()
	})
}

func TestReorder(t *testing.T) {
	s := New(t, WithFaults(Faults{Reorder: 3}))
	c := mustDial(t, s)
	for i := range 3 {
		q := query("example.com.", dns.TypeA)
		q.Id = uint16(i)
		write(t, c, q)
	}
	seen := map[uint16]bool{}
	for range 3 {
		seen[read(t, c).Id] = true
	}
	if len(seen) != 3 || s.Stats().MaxInFlight != 3 {
		t.Errorf("answers %v, %d in flight", seen, s.Stats().MaxInFlight)
	}
	write(t, c, query("example.com.", dns.TypeA))
	read(t, c) // alone, it is not held for ever
}

func TestReorderReverses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t, WithoutListener())
		// The delays fix the order in which the answers are ready: 1, 2, 3.
		s.SetScript(func(_, query int) Faults {
			return Faults{Reorder: 3, Delay: time.Duration(query) * 10 * time.Millisecond}
		})
		c := pipe(t, s)
		for i := range 3 {
			q := query("example.com.", dns.TypeA)
			q.Id = uint16(i + 1)
			write(t, c, q)
		}
		for want := uint16(3); want > 0; want-- {
			if m := read(t, c); m.Id != want {
				t.Errorf("answer %d came, want %d", m.Id, want)
			}
		}
		c.Close()
	})
}

func TestMuteDuplicateAndSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t, WithoutListener())
		s.SetScript(func(conn, query int) Faults {
			return []Faults{{}, {Mute: true}, {Duplicate: true}, {SlowBytes: time.Second}}[query]
		})
		c := pipe(t, s)
		write(t, c, query("lost.test.", dns.TypeA))
		write(t, c, query("twice.test.", dns.TypeA))
		for range 2 {
			if m := read(t, c); m.Question[0].Name != "twice.test." {
				t.Errorf("%s", m)
			}
		}
		began := time.Now()
		ask(t, c, "slow.test.", dns.TypeA)
		if took := time.Since(began); took < 40*time.Second {
			t.Errorf("a slow answer took %s", took)
		}
		if st := s.Stats(); st.Queries != 3 || st.Answers != 2 || st.MaxInFlight != 2 {
			t.Errorf("%d queries, %d answers, %d in flight", st.Queries, st.Answers, st.MaxInFlight)
		}
		c.Close()
	})
}

func TestRCodeEDEAndKeepalive(t *testing.T) {
	s := New(t, WithFaults(Faults{
		RCode: dns.RcodeServerFailure, Keepalive: new(12 * time.Second),
		EDE: &dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeDNSBogus, ExtraText: "bad signature"},
	}))
	c := mustDial(t, s)
	if m := ask(t, c, "example.com.", dns.TypeA); m.Rcode != dns.RcodeServerFailure || m.IsEdns0() != nil {
		t.Errorf("without EDNS: %s", m)
	}
	q := query("example.com.", dns.TypeA)
	q.SetEdns0(1232, true)
	write(t, c, q)
	m := read(t, c)
	opt := m.IsEdns0()
	if m.Rcode != dns.RcodeServerFailure || opt == nil || len(opt.Option) != 2 || !opt.Do() {
		t.Fatalf("%s", m)
	}
	ede, keep := opt.Option[0].(*dns.EDNS0_EDE), opt.Option[1].(*dns.EDNS0_TCP_KEEPALIVE)
	if ede.InfoCode != 6 || ede.ExtraText != "bad signature" || keep.Timeout != 120 {
		t.Errorf("%s", m)
	}
}

// A time of 0 is on the wire, as two octets.
func TestKeepaliveZero(t *testing.T) {
	s := New(t, WithFaults(Faults{Keepalive: new(time.Duration)}))
	c := mustDial(t, s)
	q := query("example.com.", dns.TypeA)
	q.SetEdns0(1232, false)
	write(t, c, q)
	wire := make([]byte, maxMessage)
	n, err := c.Read(wire)
	if err != nil {
		t.Fatal(err)
	}
	if option := []byte{0, dns.EDNS0TCPKEEPALIVE, 0, 2, 0, 0}; !bytes.Contains(wire[:n], option) {
		t.Errorf("no %x in %x", option, wire[:n])
	}
}
