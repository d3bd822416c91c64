package guard

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// The patience of a guard.
const (
	// gracePatience is how long it waits for an engine to come back.
	gracePatience = 1500 * time.Millisecond
	// firstPatience is how long it waits for its first engine.
	firstPatience = 10 * time.Second
	// writePatience is how long a client may leave a report unread.
	writePatience = 2 * time.Second
)

// maxClients bounds the connections at a time.
const maxClients = 16

// server speaks with engines and tells its keeper what they want.
type server struct {
	keeper *keeper

	mu      sync.Mutex
	clients map[*client]bool
	// engine is the one whose wish is in effect. Its end is awaited.
	engine *client
	grace  *time.Timer
	done   chan struct{} // closed when the guard shall end
	once   sync.Once
	wg     sync.WaitGroup
	// news are the reports that are being sent.
	news sync.WaitGroup
}

// client is one connection.
type client struct {
	conn net.Conn
	mu   sync.Mutex // of writing
	// arrived is closed for the set that is under way.
	arrivedMu sync.Mutex
	arrived   chan struct{}
}

func newServer(k *keeper) *server {
	s := &server{keeper: k, clients: map[*client]bool{}, done: make(chan struct{})}
	k.changed = s.tell
	return s
}

// serve answers on l until no engine wants anything any more, or ctx ends. Then
// things are put back, and its error is why they are not.
func (s *server) serve(ctx context.Context, l net.Listener) error {
	s.mu.Lock()
	s.grace = time.AfterFunc(firstPatience, s.end)
	s.mu.Unlock()
	s.wg.Go(func() { s.accept(ctx, l) })
	select {
	case <-ctx.Done():
	case <-s.done:
	}
	err := l.Close() // who comes now begins with another guard
	err = errors.Join(err, s.keeper.restore(ctx))
	s.news.Wait()
	s.mu.Lock()
	s.grace.Stop()
	for c := range s.clients {
		_ = c.conn.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

// end has serve return.
func (s *server) end() { s.once.Do(func() { close(s.done) }) }

func (s *server) accept(ctx context.Context, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			s.end()
			return
		}
		c := &client{conn: conn}
		if !s.add(c) {
			_ = conn.Close()
			continue
		}
		s.wg.Go(func() { s.talk(ctx, c) })
	}
}

func (s *server) add(c *client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) >= maxClients {
		return false
	}
	s.clients[c] = true
	return true
}

// talk reads a client's requests. Each set and restore ends before the next.
func (s *server) talk(ctx context.Context, c *client) {
	ctx, cancel := context.WithCancel(ctx)
	work := make(chan request, 4)
	var worker sync.WaitGroup
	worker.Go(func() {
		for r := range work {
			s.do(ctx, c, r)
		}
	})
	lines := bufio.NewScanner(c.conn)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		r, err := parseRequest(lines.Bytes())
		if err != nil {
			c.write(func() State { return State{Phase: Failed, Problem: problemOf(err)} })
			break
		}
		if r.Do == doArrived {
			c.arrive()
			continue
		}
		select {
		case work <- r:
			continue
		default: // a client that asks without listening
		}
		break
	}
	cancel()
	close(work)
	_ = c.conn.Close()
	worker.Wait()
	s.left(c)
}

// do fulfils one request and answers it.
func (s *server) do(ctx context.Context, c *client, r request) {
	switch r.Do {
	case doSet:
		s.adopt(c)
		_ = s.keeper.set(ctx, r.target(), proof{r.Nonce, c.expect()})
	case doRestore:
		if s.keeper.restore(ctx) == nil && !s.awaited() {
			defer s.end()
		}
	}
	c.write(func() State {
		state := s.keeper.State()
		state.Reply = r.Do
		return state
	})
}

// awaited tells whether there is an engine, which may want another change and
// shall not have to ask for a password again, as after a pause.
func (s *server) awaited() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine != nil
}

// adopt makes c the engine.
func (s *server) adopt(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.engine = c
	s.grace.Stop()
}

// left forgets a client. Where it was the engine, another one has a moment to
// come.
func (s *server) left(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, c)
	if s.engine == c {
		s.engine = nil
		s.grace.Reset(gracePatience)
	}
}

// tell sends news to all clients. It does not wait for them; each is told what
// is so when its turn comes.
func (s *server) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.clients {
		s.news.Go(func() { c.write(s.keeper.State) })
	}
}

// write sends a report, or ends the connection.
func (c *client) write(report func() State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := report()
	_ = c.conn.SetWriteDeadline(time.Now().Add(writePatience))
	if _, err := c.conn.Write(writeLine(state)); err != nil {
		_ = c.conn.Close()
	}
}

// expect begins a set: arrived requests from now on are of it.
func (c *client) expect() <-chan struct{} {
	c.arrivedMu.Lock()
	defer c.arrivedMu.Unlock()
	c.arrived = make(chan struct{})
	return c.arrived
}

// arrive tells the set that is under way that its query came in.
func (c *client) arrive() {
	c.arrivedMu.Lock()
	defer c.arrivedMu.Unlock()
	if c.arrived != nil {
		close(c.arrived)
		c.arrived = nil
	}
}
