package resolver

import (
	"context"
	"time"

	"github.com/miekg/dns"
)

const (
	// probeEvery is how often a server set aside is probed while queries arrive.
	probeEvery = 2500 * time.Millisecond
	// probeSlowest is how rarely it is probed while none do.
	probeSlowest = 5 * time.Minute
	probeTimeout = 700 * time.Millisecond
)

// probeState belongs to the server's lock.
type probeState struct {
	timer   *time.Timer
	wait    time.Duration
	last    time.Time
	running bool
	late    *question // the late query that gave reason to probe, else nil
}

// probeQuestion asks for the root's name servers, which every resolver has.
func probeQuestion() *question {
	qu := &question{typ: dns.TypeNS, class: classIN, rd: true}
	qu.seal([]byte{0})
	return qu
}

// scheduleProbe looks after a server set aside: less often each time, and at
// once when a query arrives (probeIfDue).
func (s *server) scheduleProbe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.probe.timer != nil {
		return
	}
	s.probe.wait = probeEvery
	s.probe.timer = time.AfterFunc(s.probe.wait, s.timedProbe)
}

func (s *server) timedProbe() {
	s.mu.Lock()
	if s.probe.timer == nil || s.closed {
		s.mu.Unlock()
		return
	}
	s.probe.wait = min(2*s.probe.wait, probeSlowest)
	s.probe.timer.Reset(s.probe.wait)
	done := time.Since(s.probe.last) < probeEvery // for a query that came just now
	s.mu.Unlock()
	if !done {
		s.startProbe(nil)
	}
}

func (s *server) stopProbe() {
	s.mu.Lock()
	if s.probe.timer != nil {
		s.probe.timer.Stop()
		s.probe.timer = nil
	}
	s.mu.Unlock()
}

// probeIfDue probes a server set aside, if that was not done just now.
func (s *server) probeIfDue(now time.Time) {
	s.mu.Lock()
	due := s.aside && now.Sub(s.probe.last) >= probeEvery
	if due && s.probe.timer != nil {
		s.probe.wait = probeEvery // somebody is waiting: look often again
		s.probe.timer.Reset(s.probe.wait)
	}
	s.mu.Unlock()
	if due {
		s.startProbe(nil)
	}
}

// startProbe asks one question that does not come from a client. late is the
// client's question that had no answer in time, nil where there is none; until
// the probe ends, other addresses of the provider are preferred.
func (s *server) startProbe(late *question) {
	s.mu.Lock()
	if s.probe.running && s.probe.late == nil {
		s.probe.late = late // the probe under way, of a new connection, may take long
	}
	if s.probe.running || s.closed {
		s.mu.Unlock()
		return
	}
	s.probe.running, s.probe.late = true, late
	s.probe.last = time.Now()
	s.mu.Unlock()
	s.f.spawn(s.runProbe)
}

// probePatience leaves time to connect where nothing speaks against the server.
func (s *server) probePatience() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) == 0 && !s.aside && s.probe.late == nil {
		return dialTimeout + probeTimeout
	}
	return probeTimeout
}

func (s *server) runProbe() {
	ctx, cancel := context.WithTimeout(s.f.ctx, s.probePatience())
	defer cancel()
	qu := probeQuestion()
	results := make(chan result, 1)
	k := &call{qu: qu, srv: s, results: results, began: time.Now(), probe: true}
	s.submit(k)
	select {
	case r := <-results:
		s.probed(r)
	case <-ctx.Done():
		s.cancel(k)
		if s.f.ctx.Err() == nil {
			s.mutedOn(qu)
		}
	}
	s.mu.Lock()
	s.probe.running, s.probe.late = false, nil
	s.mu.Unlock()
	s.f.probeEnded(s)
}

// mutedOn notes a probe without an answer, and with it the late question.
func (s *server) mutedOn(qu *question) {
	s.mu.Lock()
	late := s.probe.late
	s.mu.Unlock()
	fault := &Fault{Kind: FaultTimeout, Addr: s.addr, Text: "it does not answer", Err: context.DeadlineExceeded}
	if late != nil {
		s.failedOn(late, fault)
	}
	s.failedOn(qu, fault)
}

// probed judges a probe's result. Any answer that can be read shows life: what
// the server thinks of the root is not the point.
func (s *server) probed(r result) {
	var a *answer
	err := r.err
	if err == nil {
		if a, err = parseAnswer(r.msg, r.call.qu); err != nil {
			err = brokenFault(s.addr, err)
			if c := r.call.conn.Load(); c != nil {
				c.failBy(r.call)
			}
		}
	}
	switch {
	case err == nil && !unexplained(a.rcode, nil):
		s.worked(time.Since(r.call.sent))
		s.f.answeredBy(s.up.index)
	case err == nil:
		s.failedOn(r.call.qu, answerFault(s.addr, a.rcode))
	default:
		if fault, ok := asFault(err); ok {
			s.failedOn(r.call.qu, fault)
			return
		}
		s.failedOn(r.call.qu, newFault(s.addr, s.up.cfg.Name, err))
	}
}

// cancel gives a call up, wherever it waits.
func (s *server) cancel(k *call) {
	k.cancelled.Store(true)
	s.mu.Lock()
	for i, w := range s.waiters {
		if w == k {
			s.waiters = append(s.waiters[:i:i], s.waiters[i+1:]...)
			break
		}
	}
	s.mu.Unlock()
	if c := k.conn.Load(); c != nil {
		c.drop(k)
	}
}
