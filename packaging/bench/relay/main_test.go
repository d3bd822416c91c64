package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// sink notes when it was written to and ended.
type sink struct {
	bytes.Buffer
	at    []time.Duration
	began time.Time
	ended time.Duration
	err   error
}

func (s *sink) Write(p []byte) (int, error) {
	s.at = append(s.at, time.Since(s.began))
	if s.err != nil {
		return 0, s.err
	}
	return s.Buffer.Write(p)
}

func (s *sink) CloseWrite() error {
	s.ended = time.Since(s.began)
	return nil
}

func TestLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() {
			_, _ = w.Write([]byte("one"))
			time.Sleep(4 * time.Millisecond)
			_, _ = w.Write([]byte("two"))
			time.Sleep(4 * time.Millisecond)
			w.Close()
		}()
		dst := sink{began: time.Now()}
		later(&dst, r, 10*time.Millisecond)
		if dst.String() != "onetwo" {
			t.Errorf("passed on %q", dst.String())
		}
		if len(dst.at) != 2 || dst.at[0] != 10*time.Millisecond || dst.at[1] != 14*time.Millisecond {
			t.Errorf("written after %v, want 10 ms and 14 ms", dst.at)
		}
		if dst.ended != 18*time.Millisecond {
			t.Errorf("ended after %v, want 18 ms", dst.ended)
		}
	})
}

// TestLaterGone: a reader that has gone does not keep the relay.
func TestLaterGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dst := sink{err: errors.New("gone")}
		later(&dst, iotest.OneByteReader(bytes.NewReader(make([]byte, 3*depth))), 0)
		if len(dst.at) != 1 {
			t.Errorf("%d writes to one that has gone", len(dst.at))
		}
	})
}

func TestServe(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(c, c)
			c.Close()
		}
	}()
	defer echo.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- serve(l, echo.Addr().String(), time.Millisecond) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != "hello" {
		t.Errorf("came back: %q, %v", got, err)
	}
	l.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("ended with %v", err)
	}
}
