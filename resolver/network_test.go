package resolver

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"dotproxy/resolver/provider"
)

// A network that blocks port 853 costs waiting once, not at each change of
// settings and not when the computer comes back to it.
func TestBlockedPortIsRememberedPerNetwork(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		usual, other := n.add("192.0.2.1:853"), n.add("192.0.2.1:8853")
		usual.down = syscall.ETIMEDOUT
		var network atomic.Value
		network.Store("cafe")
		withPort := func(ups []provider.Upstream) []provider.Upstream {
			ups[0].AltPorts = []uint16{8853}
			return ups
		}
		e := pipeEngine(t, n, func(c *Config) {
			c.Network = func() string { return network.Load().(string) }
			withPort(c.Upstreams)
		}, "192.0.2.1:853")
		ask := func(name, server string, tries int) {
			t.Helper()
			usual.set(func(s *pipeServer) { s.dialed = nil })
			a, _, err := try(e.chain, name)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if a.upstream.String() != server || usual.tries() != tries {
				t.Errorf("%s: answered by %s after %d tries of the usual port, want %s after %d", name, a.upstream, usual.tries(), server, tries)
			}
		}
		ask("first.example", "192.0.2.1:8853", 1)
		_, roots := pki()
		e.SetUpstreams(withPort(pipeUpstreams("192.0.2.1:853")), roots)
		ask("other-settings.example", "192.0.2.1:8853", 0)

		usual.set(func(s *pipeServer) { s.down = nil })
		network.Store("home")
		e.NetworkChanged()
		ask("home.example", "192.0.2.1:853", 1)

		usual.set(func(s *pipeServer) { s.down = syscall.ETIMEDOUT })
		usual.cut()
		network.Store("cafe")
		e.NetworkChanged()
		ask("cafe-again.example", "192.0.2.1:8853", 0)

		usual.set(func(s *pipeServer) { s.down = nil })
		for i := range 10 { // somebody uses it: the usual port is looked at again
			time.Sleep(time.Second)
			_, _, _ = try(e.chain, fmt.Sprintf("n%d.example", i))
		}
		e.SetUpstreams(withPort(pipeUpstreams("192.0.2.1:853")), roots)
		ask("unblocked.example", "192.0.2.1:853", 1)
		if other.asked() == 0 {
			t.Error("the other port was never asked")
		}
	})
}

// Queries that wait on a network that is gone are answered over the new one at
// once, whether they wait for a connection or for an answer.
func TestNetworkChangeAsksAgain(t *testing.T) {
	for name, stuck := range map[string]func(*pipeServer){
		"answers":    func(s *pipeServer) { s.handle = mute },
		"connection": func(s *pipeServer) { s.hang = true },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				s := n.add("192.0.2.53:853")
				e := pipeEngine(t, n, nil, "192.0.2.53:853")
				s.set(stuck)
				var wg sync.WaitGroup
				for i := range 50 {
					wg.Go(func() {
						_, took, err := try(e.chain, fmt.Sprintf("n%d.example", i))
						if err != nil || took > time.Second {
							t.Errorf("query %d: %v after %v", i, err, took)
						}
					})
				}
				time.Sleep(500 * time.Millisecond)
				s.set(func(s *pipeServer) { s.handle, s.hang = zone, false })
				e.NetworkChanged()
				wg.Wait()
			})
		})
	}
}

// What is idle when the network changes is not asked over its dead connection.
func TestNetworkChangeDropsConnections(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.53:853")
		e := pipeEngine(t, n, nil, "192.0.2.53:853")
		if _, _, err := try(e.chain, "a.example"); err != nil {
			t.Fatal(err)
		}
		e.NetworkChanged()
		if _, _, err := try(e.chain, "b.example"); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.conns != 2 || s.resumed != 1 {
			t.Errorf("%d connections, %d resumed; want 2, 1", s.conns, s.resumed)
		}
	})
}

// OnHealth may ask the engine for anything, as it is promised.
func TestNetworkChangeHoldsNoLock(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		n.add("192.0.2.53:853")
		var engine atomic.Pointer[Engine]
		var told atomic.Int32
		e := pipeEngine(t, n, func(c *Config) {
			c.OnHealth = func() {
				if e := engine.Load(); e != nil {
					told.Add(1)
					e.Addrs()
				}
			}
		}, "192.0.2.53:853")
		if _, _, err := try(e.chain, "a.example"); err != nil {
			t.Fatal(err)
		}
		engine.Store(e)
		e.NetworkChanged()
		if told.Load() == 0 {
			t.Error("nobody was told that the connection ended")
		}
	})
}

// After a sleep the computer is awake before its network is there: the first
// name is answered as soon as that is said to be.
func TestTheFirstNameAfterAWake(t *testing.T) {
	for name, down := range map[string]func(*pipeServer){
		"unreachable":         func(s *pipeServer) { s.down = syscall.ENETUNREACH },
		"nothing let through": func(s *pipeServer) { s.swallow = true },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := new(pipeNet)
				s := n.add("192.0.2.53:853")
				e := pipeEngine(t, n, nil, "192.0.2.53:853")
				if _, _, err := try(e.chain, "before.example"); err != nil {
					t.Fatal(err)
				}
				s.set(down)
				e.NetworkChanged()
				for range 20 { // programs ask as soon as they are awake
					if a, _, err := try(e.chain, "www.example"); err == nil && a.rcode != dns.RcodeServerFailure {
						t.Fatal("answered without a network")
					}
					time.Sleep(time.Second)
				}
				s.set(func(s *pipeServer) { s.down, s.swallow = nil, false })
				e.NetworkChanged()
				if a, took, err := try(e.chain, "www.example"); err != nil || a.rcode != 0 || took > 0 {
					t.Errorf("after %v: %+v, %v", took, a, err)
				}
			})
		})
	}
}
