package resolver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"dotproxy/resolver/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipeEngine is an engine with real listeners, whose upstreams are pipes.
func pipeEngine(t *testing.T, n *pipeNet, change func(*Config), servers ...string) *Engine {
	t.Helper()
	_, roots := pki()
	cfg := Config{Roots: roots, Rules: Rules{Cache: CacheRules{Bytes: 1 << 20}}, Upstreams: pipeUpstreams(servers...)}
	if change != nil {
		change(&cfg)
	}
	e := newEngine(cfg, n.dial)
	t.Cleanup(func() {
		if err := e.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return e
}

func pipeUpstreams(servers ...string) []provider.Upstream {
	var ups []provider.Upstream
	for _, a := range servers {
		ups = append(ups, provider.Upstream{Name: "dot.test", Port: 853, Addrs: []netip.AddrPort{netip.MustParseAddrPort(a)}})
	}
	return ups
}

func listenOn(t *testing.T, e *Engine, addrs ...string) []netip.AddrPort {
	t.Helper()
	var ls []ListenAddr
	for _, a := range addrs {
		ls = append(ls, ListenAddr{Addr: netip.MustParseAddrPort(a)})
	}
	if err := e.Listen(ls); err != nil {
		t.Fatal(err)
	}
	return e.Addrs()
}

func dig(t *testing.T, network string, at netip.AddrPort, name string) *dns.Msg {
	t.Helper()
	c := dns.Client{Net: network, Timeout: 5 * time.Second}
	m, _, err := c.Exchange(new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA), at.String())
	if err != nil {
		t.Fatalf("%s over %s: %v", name, network, err)
	}
	return m
}

func TestEngineAnswersOverUDPAndTCP(t *testing.T) {
	n := new(pipeNet)
	s := n.add("192.0.2.1:853")
	var mu sync.Mutex
	var sources []Source
	e := pipeEngine(t, n, func(c *Config) {
		c.OnQuery = func(ev *Event) {
			mu.Lock()
			defer mu.Unlock()
			sources = append(sources, ev.Source)
		}
	}, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0", "[::1]:0")
	for _, addr := range at {
		for _, network := range []string{"udp", "tcp"} {
			if m := dig(t, network, addr, "www.Example.com"); len(m.Answer) != 1 || m.Question[0].Name != "www.Example.com." {
				t.Errorf("%s %s: %v", network, addr, m)
			}
		}
	}
	dig(t, "udp", at[0], "localhost")
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(sources) // an event may come after the next query
	want := []Source{SourceUpstream, SourceCache, SourceCache, SourceCache, SourceLocal}
	if !slices.Equal(sources, want) {
		t.Errorf("sources %v, want %v", sources, want)
	}
	if asked := s.asked(); asked != 2 { // the probe and the name
		t.Errorf("the upstream was asked %d times, want 2", asked)
	}
}

// A socket on a wildcard answers from the address that was asked.
func TestEngineWildcardAnswersFromTheAddressAsked(t *testing.T) {
	n := new(pipeNet)
	n.add("192.0.2.1:853")
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "0.0.0.0:0")
	for _, ip := range []string{"127.0.0.1", "127.0.0.2", "127.9.8.7"} {
		for _, name := range []string{"miss" + ip, "localhost"} {
			// A connected socket takes answers from this address alone.
			if m := dig(t, "udp", netip.AddrPortFrom(netip.MustParseAddr(ip), at[0].Port()), name); len(m.Answer) != 1 {
				t.Errorf("%s at %s: %v", name, ip, m)
			}
		}
	}
	six := listenOn(t, e, "0.0.0.0:0", "[::]:0")
	for _, addr := range six {
		if addr.Addr().Is6() {
			dig(t, "udp", netip.AddrPortFrom(netip.IPv6Loopback(), addr.Port()), "six.example")
			c := dns.Client{Timeout: 300 * time.Millisecond}
			if _, _, err := c.Exchange(new(dns.Msg).SetQuestion("four.example.", dns.TypeA), fmt.Sprintf("127.0.0.1:%d", addr.Port())); err == nil {
				t.Error("[::] took IPv4 as well")
			}
		}
	}
}

func TestEngineListenChangesNothingOnError(t *testing.T) {
	n := new(pipeNet)
	n.add("192.0.2.1:853")
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")
	holder, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	taken := holder.LocalAddr().(*net.UDPAddr).AddrPort()
	err = e.Listen([]ListenAddr{{Addr: netip.MustParseAddrPort("127.0.0.3:0")}, {Addr: taken}})
	le, ok := errors.AsType[*ListenError](err)
	if !ok || le.Addr != taken || !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("error %v, want a ListenError for %v", err, taken)
	}
	if !slices.Equal(e.Addrs(), at) {
		t.Errorf("addresses %v, want %v", e.Addrs(), at)
	}
	dig(t, "udp", at[0], "still.example")
}

func TestEngineSkipsOptionalAddress(t *testing.T) {
	n := new(pipeNet)
	n.add("192.0.2.1:853")
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	missing := ListenAddr{Addr: netip.MustParseAddrPort("192.0.2.200:0")}
	if err := e.Listen([]ListenAddr{missing}); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("error %v", err)
	}
	missing.Optional = true
	if err := e.Listen([]ListenAddr{missing, {Addr: netip.MustParseAddrPort("127.0.0.1:0")}}); err != nil {
		t.Fatal(err)
	}
	if len(e.Addrs()) != 1 {
		t.Errorf("addresses %v", e.Addrs())
	}
}

// Changing the upstreams under load loses no query, and no answer of the old
// provider is given afterwards.
func TestEngineSwitchLosesNothing(t *testing.T) {
	n := new(pipeNet)
	for i, addr := range []string{"192.0.2.1:853", "192.0.2.2:853"} {
		s := n.add(addr)
		s.handle = func(q *dns.Msg) *dns.Msg {
			m := zone(q)
			if len(m.Answer) > 0 {
				m.Answer[0].(*dns.A).A = net.IPv4(192, 0, 2, byte(i+1))
			}
			return m
		}
	}
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")[0]
	var stop atomic.Bool
	var asked atomic.Int64
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			c := dns.Client{Timeout: 5 * time.Second}
			for i := 0; !stop.Load(); i++ {
				m, _, err := c.Exchange(new(dns.Msg).SetQuestion(fmt.Sprintf("n%d.w%d.example.", i, worker), dns.TypeA), at.String())
				if err != nil || m.Rcode != dns.RcodeSuccess {
					t.Errorf("lost: %v %v", err, m)
					return
				}
				asked.Add(1)
			}
		})
	}
	_, roots := pki()
	for i := range 20 {
		for goal := asked.Load() + 20; asked.Load() < goal && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
		which := i % 2
		e.SetUpstreams(pipeUpstreams([]string{"192.0.2.2:853", "192.0.2.1:853"}[which]), roots)
		m := dig(t, "udp", at, "same.example")
		if got := m.Answer[0].(*dns.A).A.To4()[3]; int(got) != 2-which {
			t.Errorf("after the switch provider %d answered", got)
		}
	}
	stop.Store(true)
	wg.Wait()
}

func TestEngineServfailSaysWhy(t *testing.T) {
	n := new(pipeNet)
	n.add("192.0.2.1:853").down = syscall.ECONNREFUSED
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")[0]
	c := dns.Client{Timeout: 5 * time.Second}
	q := new(dns.Msg).SetQuestion("a.example.", dns.TypeA)
	q.SetEdns0(1232, false)
	m, _, err := c.Exchange(q, at.String())
	if err != nil {
		t.Fatal(err)
	}
	ede, ok := m.IsEdns0().Option[0].(*dns.EDNS0_EDE)
	if m.Rcode != dns.RcodeServerFailure || !ok || ede.InfoCode != dns.ExtendedErrorCodeNetworkError {
		t.Errorf("answer %v", m)
	}
	h := e.Health()
	if !h.Known || h.Answering != -1 || h.Servers[0].Fault == nil || h.Servers[0].Fault.Kind != FaultRefused {
		t.Errorf("health %+v", h)
	}
}

func TestEngineTCPPipelinesOutOfOrder(t *testing.T) {
	n := new(pipeNet)
	s := n.add("192.0.2.1:853")
	release := make(chan struct{})
	s.handle = func(q *dns.Msg) *dns.Msg {
		if q.Question[0].Name == "slow.example." {
			<-release
		}
		return zone(q)
	}
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")[0]
	conn, err := dns.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	for _, name := range []string{"slow.example.", "fast.example."} {
		if err := conn.WriteMsg(new(dns.Msg).SetQuestion(name, dns.TypeA)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"fast.example.", "slow.example."} {
		m, err := conn.ReadMsg()
		if err != nil {
			t.Fatal(err)
		}
		if m.Question[0].Name != want {
			t.Errorf("%s came first", m.Question[0].Name)
		}
		if want == "fast.example." {
			close(release)
		}
	}
}

// Close answers what was asked before it.
func TestEngineCloseFinishesQueries(t *testing.T) {
	n := new(pipeNet)
	s := n.add("192.0.2.1:853")
	asked, release := make(chan struct{}, 1), make(chan struct{})
	s.handle = func(q *dns.Msg) *dns.Msg {
		if q.Question[0].Name == "slow.example." {
			asked <- struct{}{}
			<-release
		}
		return zone(q)
	}
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")[0]
	var wg sync.WaitGroup
	for _, network := range []string{"udp"} {
		wg.Go(func() {
			if m := dig(t, network, at, "slow.example"); len(m.Answer) != 1 {
				t.Errorf("%s: %v", network, m)
			}
		})
	}
	<-asked
	wg.Go(func() { _ = e.Close(t.Context()) })
	close(release)
	wg.Wait()
}

func TestEngineDropsGarbage(t *testing.T) {
	n := new(pipeNet)
	n.add("192.0.2.1:853")
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")[0]
	conn, err := net.Dial("udp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range 2000 {
		if _, err := conn.Write(make([]byte, i%64)); err != nil {
			t.Fatal(err)
		}
	}
	tcp, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	_, _ = tcp.Write([]byte{0, 3, 1, 2, 3})
	dig(t, "udp", at, "alive.example")
	dig(t, "tcp", at, "alive.example")
}

// A mute upstream is when people press Stop and Start.
func TestEngineStopAndStartWhileQueriesWait(t *testing.T) {
	n := new(pipeNet)
	s := n.add("192.0.2.1:853")
	asked := make(chan struct{}, 10)
	s.handle = func(q *dns.Msg) *dns.Msg {
		asked <- struct{}{}
		return nil
	}
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")
	conn, err := net.Dial("udp", at[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(pack(t, nil)); err != nil {
		t.Fatal(err)
	}
	<-asked
	for range 3 {
		if err := e.Listen(nil); err != nil {
			t.Fatal(err)
		}
		if got := listenOn(t, e, at[0].String()); !slices.Equal(got, at) {
			t.Fatalf("listens on %v, want %v", got, at)
		}
	}
	s.set(func(s *pipeServer) { s.handle = zone })
	dig(t, "udp", at[0], "after.example")
}

// Close keeps to its time, whatever is still under way.
func TestEngineCloseKeepsToItsTime(t *testing.T) {
	n := new(pipeNet)
	s := n.add("192.0.2.1:853")
	asked := make(chan struct{}, 10)
	s.handle = func(*dns.Msg) *dns.Msg {
		asked <- struct{}{}
		return nil
	}
	e := pipeEngine(t, n, nil, "192.0.2.1:853")
	at := listenOn(t, e, "127.0.0.1:0")
	conn, err := net.Dial("udp", at[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(pack(t, nil)); err != nil {
		t.Fatal(err)
	}
	<-asked
	_, roots := pki()
	e.SetUpstreams(pipeUpstreams("192.0.2.1:853"), roots)
	if err := e.Listen(nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	closed := make(chan struct{})
	go func() {
		_ = e.Close(ctx)
		close(closed)
	}()
	// The query itself may wait for its own deadline; Close must not wait for it.
	select {
	case <-closed:
	case <-time.After(queryTimeout / 2):
		t.Error("Close waits for queries although its time is over")
		<-closed
	}
}
