package guard

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"sync"
	"time"
)

// errGone: the guard's connection ended before it answered.
var errGone = errors.New("the guard has ended")

// link is a connection to a guard.
type link struct {
	conn    net.Conn
	place   place
	writing sync.Mutex
	replies chan State
	done    chan struct{} // closed when the connection has ended
}

// openLink reaches the guard at p; news is called with each of its reports.
func openLink(ctx context.Context, p place, news func(State)) (*link, error) {
	conn, err := dial(ctx, p)
	if err != nil {
		return nil, err
	}
	return newLink(conn, p, news), nil
}

func newLink(conn net.Conn, p place, news func(State)) *link {
	l := &link{conn: conn, place: p, replies: make(chan State, 4), done: make(chan struct{})}
	go l.read(news)
	return l
}

func (l *link) read(news func(State)) {
	defer close(l.done)
	defer l.conn.Close()
	lines := bufio.NewScanner(l.conn)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var s State
		if json.Unmarshal(lines.Bytes(), &s) != nil {
			return
		}
		reply := s.Reply != ""
		answer := s
		s.Reply = ""
		news(s)
		if !reply {
			continue
		}
		select {
		case l.replies <- answer:
		default: // to nobody's question
			return
		}
	}
}

// ask sends a request and returns what it led to. A caller that no longer waits
// ends the connection, and with it what it asked for.
func (l *link) ask(ctx context.Context, r request) (State, error) {
	if err := l.send(r); err != nil {
		return State{}, errGone
	}
	for {
		select {
		case s := <-l.replies:
			if s.Reply == r.Do {
				s.Reply = ""
				return s, nil
			}
		case <-l.done:
			return State{}, errGone
		case <-ctx.Done():
			l.close()
			return State{}, ctx.Err()
		}
	}
}

func (l *link) send(r request) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	_ = l.conn.SetWriteDeadline(time.Now().Add(writePatience))
	_, err := l.conn.Write(writeLine(r))
	return err
}

// close ends the connection and waits until nothing is read any more.
func (l *link) close() {
	_ = l.conn.Close()
	<-l.done
}
