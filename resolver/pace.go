package resolver

import "time"

const (
	// freeDials is how many connections in a row may come to nothing before the
	// next ones are paced, longestPause the most that lies between two then.
	freeDials    = 8
	longestPause = 50 * time.Millisecond
)

// dialPace slows down the opening of connections to a server with which none
// comes about or brings a good answer, however many queries wait for one. It
// belongs to the server's lock.
type dialPace struct {
	fruitless int
	until     time.Time
	timer     *time.Timer
}

// failed notes a connection that did not come about or has ended.
func (p *dialPace) failed() { p.fruitless++ }

// worked notes a good answer, which ends the wait.
func (p *dialPace) worked() {
	p.fruitless, p.until = 0, time.Time{}
	if p.timer != nil {
		p.timer.Reset(0)
	}
}

// hold tells whether to wait with the next connection, and calls then when the
// wait is over. Where it does not, the connection is begun now.
func (p *dialPace) hold(now time.Time, then func()) bool {
	if left := p.until.Sub(now); left > 0 {
		if p.timer == nil {
			p.timer = time.AfterFunc(left, then)
		}
		return true
	}
	if n := p.fruitless - freeDials; n > 0 {
		p.until = now.Add(min(time.Duration(n)*10*time.Millisecond, longestPause))
	}
	return false
}

// goOn opens the connection that was held back, if it is still wanted.
func (s *server) goOn() {
	s.mu.Lock()
	s.pace.timer = nil
	s.mu.Unlock()
	s.serveWaiters()
}
