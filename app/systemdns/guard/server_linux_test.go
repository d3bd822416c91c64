package guard

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener of net.Pipe.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

// bench is a guard that serves on pipes, within a bubble.
type bench struct {
	*fake
	keeper *keeper
	pipes  *pipes
	stop   context.CancelFunc
	over   chan error
	ended  time.Time
}

// withGuard runs f with a guard, and ends it.
func withGuard(t *testing.T, f func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		fake, k, _ := newFake(t)
		k.lookup = silent
		ctx, stop := context.WithCancel(t.Context())
		b := &bench{fake: fake, keeper: k, pipes: newPipes(), stop: stop, over: make(chan error, 1)}
		go func() {
			err := newServer(k).serve(ctx, b.pipes)
			b.ended = time.Now()
			b.over <- err
		}()
		f(t, b)
		stop()
		b.end(t)
	})
}

// end waits for the guard's end.
func (b *bench) end(t *testing.T) {
	t.Helper()
	err := <-b.over
	b.over <- err
	if err != nil || b.now() == ours || !b.keeper.journal.absent() {
		t.Errorf("at the end: %v, the computer asks %s", err, b.now())
	}
}

// dial connects, and tells what is reported.
func (b *bench) dial() (*link, chan State) {
	near, far := net.Pipe()
	b.pipes.conns <- far
	reports := make(chan State, 64)
	return newLink(near, place{}, func(s State) { reports <- s }), reports
}

// set has an engine set the DNS, and prove it.
func (b *bench) set(t *testing.T, l *link) {
	t.Helper()
	go func() {
		time.Sleep(verifyPause) // virtual: it takes a while for the query to come in
		_ = l.send(request{Do: doArrived})
	}()
	s, err := l.ask(t.Context(), request{Do: doSet, Addrs: loopback.Addrs, Nonce: NewNonce()})
	if err != nil || s.Phase != Set || b.now() != ours {
		t.Fatalf("%+v, %v, asks %s", s, err, b.now())
	}
}

// TestEngineEnds: another one has 1.5 s to come, then everything is put back.
func TestEngineEnds(t *testing.T) {
	withGuard(t, func(t *testing.T, b *bench) {
		l, _ := b.dial()
		b.set(t, l)
		time.Sleep(time.Hour)
		gone := time.Now()
		l.close()
		b.end(t)
		if took := b.ended.Sub(gone); took != gracePatience {
			t.Errorf("it took %v", took)
		}
	})
}

func TestEngineComesBack(t *testing.T) {
	withGuard(t, func(t *testing.T, b *bench) {
		l, _ := b.dial()
		b.set(t, l)
		l.close()
		time.Sleep(gracePatience - time.Millisecond)
		l, _ = b.dial()
		b.set(t, l)
		before := b.count()
		time.Sleep(time.Hour)
		if b.now() != ours || b.count() != before {
			t.Errorf("asks %s, applied %d times more", b.now(), b.count()-before)
		}
		l.close()
		b.end(t)
	})
}

// TestEngineEndsWhileItSets: nothing remains of a change that nobody awaits.
func TestEngineEndsWhileItSets(t *testing.T) {
	withGuard(t, func(t *testing.T, b *bench) {
		l, _ := b.dial()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := l.ask(ctx, request{Do: doSet, Addrs: loopback.Addrs, Nonce: NewNonce()})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		synctest.Wait()
		if b.now() == ours {
			t.Error("it is still set")
		}
		b.end(t)
	})
}

// TestRestoreByAnother: the engine is told, and may set it again through the
// same guard, which ends with it.
func TestRestoreByAnother(t *testing.T) {
	withGuard(t, func(t *testing.T, b *bench) {
		engine, reports := b.dial()
		b.set(t, engine)
		other, _ := b.dial()
		if s, err := other.ask(t.Context(), request{Do: doRestore}); err != nil || s.Phase != Off || b.now() == ours {
			t.Errorf("%+v, %v", s, err)
		}
		synctest.Wait()
		var last State
		for len(reports) > 0 {
			last = <-reports
		}
		if last.Phase != Off {
			t.Errorf("the engine was told %+v", last)
		}
		time.Sleep(24 * time.Hour) // the longest pause
		b.set(t, engine)
		engine.close()
		b.end(t)
	})
}

// TestRestoreAlone: a guard that no engine awaits ends.
func TestRestoreAlone(t *testing.T) {
	withGuard(t, func(t *testing.T, b *bench) {
		began := time.Now()
		l, _ := b.dial()
		if s, err := l.ask(t.Context(), request{Do: doRestore}); err != nil || s.Phase != Off {
			t.Errorf("%+v, %v", s, err)
		}
		b.end(t)
		if b.ended != began {
			t.Error("it waited")
		}
	})
}

// TestSetThatNobodyProves is undone; the guard stays for another attempt.
func TestSetThatNobodyProves(t *testing.T) {
	withGuard(t, func(t *testing.T, b *bench) {
		l, _ := b.dial()
		s, err := l.ask(t.Context(), request{Do: doSet, Addrs: loopback.Addrs, Nonce: NewNonce()})
		if err != nil || s.Phase != Failed || s.Problem == nil || b.now() == ours {
			t.Errorf("%+v, %v, asks %s", s, err, b.now())
		}
		time.Sleep(time.Hour)
		b.set(t, l)
	})
}

func TestGuardThatNobodyUses(t *testing.T) {
	withGuard(t, func(t *testing.T, b *bench) {
		began := time.Now()
		l, _ := b.dial()
		if s, err := l.ask(t.Context(), request{Do: doStatus}); err != nil || s.Phase != Off {
			t.Errorf("%+v, %v", s, err)
		}
		b.end(t)
		if took := b.ended.Sub(began); took != firstPatience {
			t.Errorf("it took %v", took)
		}
	})
}

// TestOtherClientsEndNothing: one that only asks comes and goes.
func TestOtherClientsEndNothing(t *testing.T) {
	withGuard(t, func(t *testing.T, b *bench) {
		engine, _ := b.dial()
		b.set(t, engine)
		for range maxClients + 3 {
			l, _ := b.dial()
			if s, err := l.ask(t.Context(), request{Do: doStatus}); err != nil || s.Phase != Set {
				t.Fatalf("%+v, %v", s, err)
			}
			l.close()
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		if b.now() != ours {
			t.Error("it was put back")
		}
	})
}

func TestTooManyClients(t *testing.T) {
	withGuard(t, func(t *testing.T, b *bench) {
		var all []*link
		for range maxClients {
			l, _ := b.dial()
			all = append(all, l)
		}
		l, _ := b.dial()
		<-l.done
		all[0].close()
		synctest.Wait()
		if _, err := all[1].ask(t.Context(), request{Do: doStatus}); err != nil {
			t.Error(err)
		}
		for _, l := range all {
			l.close()
		}
	})
}

// TestNonsense ends the connection of who sends it, and changes nothing.
func TestNonsense(t *testing.T) {
	for _, line := range []string{"hello", "{}", `{"do":"set"}`, `{"do":"set","addrs":["192.0.2.1:53"],"nonce":"0123456789abcdef.verify.dot-proxy.example."}`, strings.Repeat("x", maxLine+1)} {
		withGuard(t, func(t *testing.T, b *bench) {
			near, far := net.Pipe()
			b.pipes.conns <- far
			l := newLink(near, place{}, func(s State) {
				if s.Phase != Failed {
					t.Errorf("%+v", s)
				}
			})
			_, _ = near.Write([]byte(line + "\n"))
			<-l.done
			if b.now() == ours || b.count() != 0 {
				t.Errorf("%q was obeyed", line)
			}
		})
	}
}
