package resolver

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

// plainServer answers on loopback over UDP and TCP. A nil answer is none.
type plainServer struct {
	addr  netip.AddrPort
	asked atomic.Int32
	tcp   atomic.Int32
}

func newPlainServer(t *testing.T, handle func(*dns.Msg) *dns.Msg) *plainServer {
	t.Helper()
	s := new(plainServer)
	answer := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		s.asked.Add(1)
		m := handle(q)
		if m == nil {
			return
		}
		if _, ok := w.LocalAddr().(*net.TCPAddr); ok {
			s.tcp.Add(1)
		} else {
			m.Truncate(512)
		}
		_ = w.WriteMsg(m)
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().(*net.TCPAddr).AddrPort()
	pc, err := net.ListenPacket("udp", s.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*dns.Server{{Listener: ln, Handler: answer}, {PacketConn: pc, Handler: answer}} {
		up := make(chan struct{})
		d.NotifyStartedFunc = func() { close(up) }
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = d.ActivateAndServe()
		}()
		<-up
		t.Cleanup(func() {
			_ = d.Shutdown()
			<-done
		})
	}
	return s
}

func (s *plainServer) route(suffix string) Route {
	return Route{Suffix: suffix, Plain: []netip.AddrPort{s.addr}}
}

func TestPlainRoute(t *testing.T) {
	s := newPlainServer(t, zone)
	e, _, up := routed(t, NameRules{Routes: []Route{s.route("Lan")}})
	for i := range 2 { // the second is not from the cache
		m, ev := from(t, e, "127.0.0.1", "Nas.LAN", dns.TypeA)
		if len(m.Answer) != 1 || m.Question[0].Name != "Nas.LAN." || m.Authoritative {
			t.Errorf("answer %v", m)
		}
		if !ev.Clear || ev.Source != SourceRoute || ev.Upstream != s.addr || s.asked.Load() != int32(i+1) {
			t.Errorf("event %+v, asked %d times", ev, s.asked.Load())
		}
	}
	if m, ev := from(t, e, "::1", "nas.lan", dns.TypeANY); m.Rcode != 0 || ev.Source != SourceRoute {
		t.Errorf("ANY is the server’s affair: %v", m)
	}
	if _, ev := from(t, e, "127.0.0.1", "nas.lan.example", dns.TypeA); ev.Clear || ev.Source != SourceUpstream {
		t.Errorf("another name: %+v", ev)
	}
	if up.asked() != 1 {
		t.Errorf("the upstream was asked %d times", up.asked())
	}
}

// Over UDP only what fits comes; the rest comes over TCP.
func TestPlainRouteTruncated(t *testing.T) {
	s := newPlainServer(t, func(q *dns.Msg) *dns.Msg {
		m := new(dns.Msg).SetReply(q)
		for i := range 60 {
			m.Answer = append(m.Answer, rr(t, fmt.Sprintf("nas.lan. 60 IN TXT \"%d%s\"", i, strings.Repeat("x", 100))))
		}
		return m
	})
	e, _, _ := routed(t, NameRules{Routes: []Route{s.route("lan")}})
	at := listenOn(t, e, "127.0.0.1:0")
	if m := dig(t, "tcp", at[0], "nas.lan"); len(m.Answer) != 60 || s.tcp.Load() != 1 {
		t.Errorf("%d records, %d over TCP", len(m.Answer), s.tcp.Load())
	}
}

// Clear text is for programs on this computer only.
func TestPlainRouteForOthers(t *testing.T) {
	s := newPlainServer(t, zone)
	e, _, up := routed(t, NameRules{Routes: []Route{s.route("lan")}})
	from(t, e, "127.0.0.1", "nas.lan", dns.TypeA)
	for _, client := range []string{"192.168.1.9", "2001:db8::9"} {
		m, ev := from(t, e, client, "nas.lan", dns.TypeA)
		code, text := ede(m)
		if m.Rcode != dns.RcodeRefused || code != dns.ExtendedErrorCodeProhibited || !strings.Contains(text, "lan are asked in clear text") {
			t.Errorf("%s: %v", client, m)
		}
		if ev.Clear || ev.Source != SourceBlocked {
			t.Errorf("event %+v", ev)
		}
	}
	if m, _ := from(t, e, "::ffff:127.0.0.1", "nas.lan", dns.TypeA); len(m.Answer) != 1 {
		t.Errorf("a mapped loopback address: %v", m)
	}
	if s.asked.Load() != 2 || up.asked() != 0 {
		t.Errorf("asked %d and %d times", s.asked.Load(), up.asked())
	}
}

// A datagram from elsewhere is none of the server's, whatever it says.
func TestPlainRouteIgnoresOtherSenders(t *testing.T) {
	e, _, _ := routed(t, NameRules{})
	open := func() net.PacketConn {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = pc.Close() })
		return pc
	}
	spoofer, server := open(), open()
	var group sync.WaitGroup
	group.Go(func() {
		buf := make([]byte, maxClearUDP)
		size, client, err := server.ReadFrom(buf)
		q := new(dns.Msg)
		if err != nil || q.Unpack(buf[:size]) != nil {
			t.Error("no query came")
			return
		}
		spoofed := zone(q)
		spoofed.Answer[0].(*dns.A).A = net.IPv4(6, 6, 6, 6)
		_, _ = spoofer.WriteTo(packed(spoofed), client)
		_, _ = server.WriteTo(packed(zone(q)), client)
	})
	at := server.LocalAddr().(*net.UDPAddr).AddrPort()
	e.SetRules(onlyNames(NameRules{Routes: []Route{{Suffix: "lan", Plain: []netip.AddrPort{at}}}}))
	m, _ := from(t, e, "127.0.0.1", "nas.lan", dns.TypeA)
	if len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "192.0.2.1" {
		t.Errorf("answer %v", m)
	}
	group.Wait()
}

// A route to an address that we listen on would go round in circles.
func TestRouteLeadsBack(t *testing.T) {
	e, _, up := routed(t, NameRules{})
	own := listenOn(t, e, "127.0.0.1:0", "0.0.0.0:0")
	servers := []netip.AddrPort{}
	for _, a := range own {
		if a.Addr().IsUnspecified() {
			servers = append(servers, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.5"), a.Port()))
			for _, ip := range interfaceAddrs(t) {
				servers = append(servers, netip.AddrPortFrom(ip, a.Port()))
			}
		} else {
			servers = append(servers, a)
		}
	}
	for _, s := range servers {
		e.SetRules(onlyNames(NameRules{Routes: []Route{{Suffix: "lan", Plain: []netip.AddrPort{s}}}}))
		m, ev := from(t, e, "127.0.0.1", "nas.lan", dns.TypeA)
		if _, text := ede(m); m.Rcode != dns.RcodeServerFailure || !strings.HasPrefix(text, s.String()+": it is this program itself") || ev.Clear {
			t.Errorf("%v: %v, clear %t", s, m, ev.Clear)
		}
	}
	if up.asked() > 1 { // the probe
		t.Error("the upstream was asked for a routed name")
	}
}

// interfaceAddrs are this computer's IPv4 addresses beside loopback.
func interfaceAddrs(t *testing.T) (ips []netip.Addr) {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() {
			ips = append(ips, p.Addr())
		}
	}
	return ips
}
