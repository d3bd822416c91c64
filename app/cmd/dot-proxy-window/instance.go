package main

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

const (
	// raisePatience is how long a first window may take to answer; it may have
	// been started only just now.
	raisePatience = 5 * time.Second
	maxRequest    = 256
)

// instance is the place of the only window of this user. Two would spoil each
// other's preferences.
type instance struct {
	lock   *flock.Flock
	listen net.Listener

	mu      sync.Mutex
	handler func(view string)
	early   *string // a request that came before there was a handler
}

// takePlace makes this process the only window, or asks the one there is to
// come to the front and show view. Where the folder cannot be written to the
// window goes without.
func takePlace(dir, view string) (i *instance, first bool) {
	i = &instance{}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return i, true
	}
	socket := filepath.Join(dir, "window.sock")
	lock := flock.New(filepath.Join(dir, "window.lock"))
	for end := time.Now().Add(raisePatience); ; time.Sleep(50 * time.Millisecond) {
		got, err := lock.TryLock()
		if err != nil {
			return i, true
		}
		if got {
			break
		}
		if askToRaise(socket, view) {
			return nil, false
		}
		if time.Now().After(end) {
			// It holds the lock but does not answer: it hangs, or is about to end.
			return i, true
		}
	}
	i.lock = lock
	_ = os.Remove(socket) // nobody answers on it: we have the lock
	if l, err := net.Listen("unix", socket); err == nil {
		_ = os.Chmod(socket, 0o600)
		i.listen = l
		go i.serve()
	}
	return i, true
}

// askToRaise tells whether the first window took the request.
func askToRaise(socket, view string) bool {
	conn, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := conn.Write([]byte("show " + view + "\n")); err != nil {
		return false
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && line == "ok\n"
}

func (i *instance) serve() {
	for {
		conn, err := i.listen.Accept()
		if err != nil {
			return
		}
		i.answer(conn)
	}
}

func (i *instance) answer(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	line, err := bufio.NewReaderSize(conn, maxRequest).ReadSlice('\n')
	view, ok := strings.CutPrefix(strings.TrimSuffix(string(line), "\n"), "show ")
	if err != nil || !ok {
		return
	}
	if _, err := conn.Write([]byte("ok\n")); err != nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.handler == nil {
		i.early = &view
		return
	}
	i.handler(view)
}

// raise sets what a second start makes the window do.
func (i *instance) raise(handler func(view string)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.handler = handler
	if i.early != nil {
		handler(*i.early)
	}
}

// close gives the place up. The lock's file stays: removing it could take away
// that of a window which is just starting.
func (i *instance) close() {
	if i.listen != nil {
		_ = i.listen.Close() // removes the socket
	}
	if i.lock != nil {
		_ = i.lock.Unlock()
	}
}
