package resolver

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dotproxy/resolver/resolvertest"
)

// Whatever happens in the place of an answer, a question is asked four times
// before it is given up.
func TestClosingThreeTimesIsUnseen(t *testing.T) {
	for name, f := range map[string]resolvertest.Faults{
		"close_notify":                 {CloseBefore: true},
		"FIN without close_notify":     {CloseBefore: true, NoCloseNotify: true},
		"RST":                          {ResetBefore: true},
		"fatal alert":                  {Alert: true},
		"half a frame":                 {HalfFrame: true},
		"zero-length frame":            {ZeroFrame: true},
		"cut message":                  {TruncatedFrame: true},
		"garbage":                      {Garbage: true},
		"wrong id":                     {WrongID: true},
		"wrong question":               {WrongQuestion: true},
		"FIN before the handshake":     {CloseOnAccept: true},
		"RST before the handshake":     {ResetOnAccept: true},
		"fatal alert in the handshake": {HandshakeAlert: true},
	} {
		t.Run(name, func(t *testing.T) {
			early := f.CloseOnAccept || f.ResetOnAccept || f.HandshakeAlert
			srv := resolvertest.New(t)
			_, at := dotEngine(t, srv.CA().Pool(), srv.Upstream())
			askMany(t, at, 1, "first")
			for i := range 3 {
				var left atomic.Int32
				left.Store(leastTries - 1)
				srv.SetScript(func(_, query int) resolvertest.Faults {
					if (query == 0) == early && left.Add(-1) >= 0 {
						return f
					}
					return resolvertest.Faults{}
				})
				if early {
					srv.CloseConns()
					srv.Await(t, "the end of the connection", func(st resolvertest.Stats) bool { return st.Open == 0 })
				}
				if askMany(t, at, 1, fmt.Sprint("n", i)) != 1 {
					t.Errorf("query %d was not answered at the fourth try", i)
				}
				srv.SetFaults(resolvertest.Faults{})
				askMany(t, at, 1, fmt.Sprint("then", i))
			}
		})
	}
}

// A connection that ends just when somebody asks: the query is on its way, or
// was not sent yet, or is sent into the closed connection.
func TestClosingJustBeforeAQuery(t *testing.T) {
	for name, end := range map[string]func(*resolvertest.Server){
		"FIN": (*resolvertest.Server).CloseConns,
		"RST": (*resolvertest.Server).ResetConns,
	} {
		t.Run(name, func(t *testing.T) {
			srv := resolvertest.New(t)
			_, at := dotEngine(t, srv.CA().Pool(), srv.Upstream())
			for i := range 30 {
				askMany(t, at, 1, fmt.Sprint("before", i, "-"))
				end(srv)
				if askMany(t, at, 3, fmt.Sprint("n", i, "-")) != 3 {
					t.Errorf("round %d: not all answered", i)
				}
			}
		})
	}
}

// Connections that end while they owe many answers.
func TestClosingWithQueriesUnderWay(t *testing.T) {
	for name, end := range map[string]func(*resolvertest.Server){
		"FIN": (*resolvertest.Server).CloseConns,
		"RST": (*resolvertest.Server).ResetConns,
	} {
		t.Run(name, func(t *testing.T) {
			srv := resolvertest.New(t, resolvertest.WithFaults(resolvertest.Faults{Delay: 100 * time.Millisecond}))
			_, at := dotEngine(t, srv.CA().Pool(), srv.Upstream())
			var asking sync.WaitGroup
			asking.Go(func() {
				if good := askMany(t, at, 200, "n"); good != 200 {
					t.Errorf("%d of 200 answered", good)
				}
			})
			for i := range 2 {
				srv.Await(t, "queries under way", func(st resolvertest.Stats) bool { return st.Queries >= 200*i+100 })
				end(srv)
			}
			asking.Wait()
		})
	}
}

// A server's idle close meets a query at any moment of its way.
func TestClosingCrossesAQuery(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		s := n.add("192.0.2.1:853")
		const oneWay, after = 10 * time.Millisecond, 500 * time.Millisecond
		s.latency, s.idleClose = oneWay, after
		f := pipeForwarder(t, n, []string{"192.0.2.1:853"})
		for gap := after - 4*oneWay; gap < after+4*oneWay; gap += time.Millisecond {
			for i := range 2 {
				a, took, err := try(f, fmt.Sprintf("n%d-%d.example", gap/time.Millisecond, i))
				if err != nil || a.rcode != 0 {
					t.Errorf("gap %v: %v %v", gap, a, err)
				}
				// Half a round trip until the close is known, a connection, an answer.
				if took > 8*oneWay {
					t.Errorf("gap %v: took %v", gap, took)
				}
				time.Sleep(gap)
			}
		}
	})
}

// A server that ends connections before and after they come about, in turn and
// often, as one that is being started anew does: no query is given up within a
// second for it.
func TestClosingEarlyAndLateInTurn(t *testing.T) {
	srv := resolvertest.New(t)
	_, at := dotEngine(t, srv.CA().Pool(), srv.Upstream())
	askMany(t, at, 1, "first")
	var turns atomic.Int32
	srv.SetScript(func(_, query int) resolvertest.Faults {
		switch n := turns.Add(1); {
		case n > 14:
			return resolvertest.Faults{}
		case query == 0:
			return resolvertest.Faults{ResetOnAccept: n%4 != 1}
		}
		return resolvertest.Faults{ResetBefore: true}
	})
	srv.CloseConns()
	if askMany(t, at, 1, "patient") != 1 {
		t.Error("a query was given up though the server was back at once")
	}
	if turns.Load() < 10 {
		t.Errorf("only %d faults were met", turns.Load())
	}
}
