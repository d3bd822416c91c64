package resolvertest

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestDownAndUp(t *testing.T) {
	s := New(t)
	addr := s.Addr()
	c := mustDial(t, s)
	ask(t, c, "a.test.", dns.TypeA)

	s.StopAccepting()
	if _, err := net.Dial("tcp", addr.String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while not accepting: %v", err)
	}
	ask(t, c, "b.test.", dns.TypeA)

	s.Up()
	d := mustDial(t, s)
	ask(t, d, "c.test.", dns.TypeA)
	if s.Addr() != addr {
		t.Errorf("moved from %s to %s", addr, s.Addr())
	}

	s.Down()
	if _, err := ended(d); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("when the server went down: %v", err)
	}
	if _, err := net.Dial("tcp", addr.String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while down: %v", err)
	}
	s.Up()
	ask(t, mustDial(t, s), "d.test.", dns.TypeA)
}

func TestBlackhole(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux drops connections when the queue is full")
	}
	s := New(t)
	c := mustDial(t, s)
	s.Blackhole()
	_, err := net.DialTimeout("tcp", s.Addr().String(), 50*time.Millisecond)
	if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
		t.Errorf("connecting says %v", err)
	}
	ask(t, c, "a.test.", dns.TypeA)
	s.Up()
	ask(t, mustDial(t, s), "b.test.", dns.TypeA)
}

func TestGivenAddress(t *testing.T) {
	s := New(t, WithAddr(netip.MustParseAddrPort("[::1]:0")))
	if !s.Addr().Addr().Is6() || s.Addr().Port() == 0 {
		t.Fatalf("listens on %s", s.Addr())
	}
	ask(t, mustDial(t, s), "a.test.", dns.TypeA)
}
