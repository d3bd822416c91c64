package resolver

import (
	"errors"
	"net/netip"
	"strconv"
	"time"

	"github.com/miekg/dns"
)

// take judges how a call ended. It returns the answer that ends the attempt;
// else how long to wait before the next try, or less than 0 to give up.
func (x *attempt) take(r result) (*answer, time.Duration) {
	if r.found != nil {
		x.looking--
		if r.err != nil {
			x.err = r.err
		}
		return nil, 0
	}
	x.forget(r.call)
	s := r.call.srv
	if r.err != nil {
		return nil, x.failed(s, r.err)
	}
	a, err := parseAnswer(r.msg, &x.qu)
	frames.put(r.msg)
	if err != nil {
		if c := r.call.conn.Load(); c != nil {
			c.failBy(r.call)
		}
		return nil, x.failed(s, &lostError{err, true})
	}
	a.upstream, a.stored, a.tries = s.addr, time.Now(), x.asked
	if c := r.call.conn.Load(); c != nil {
		a.over = c.about
		if a.hasKeepalive {
			c.setIdle(a.keepalive)
		}
	}
	if unexplained(a.rcode, a.ede) {
		x.worst = a
		x.erred = append(x.erred, s)
		x.cause = append(x.cause, blame{s, answerFault(s.addr, a.rcode)})
		return nil, 0
	}
	x.won(s, time.Since(r.call.sent))
	return a, 0
}

// won notes who answered, and that those who gave an error or none did so on a
// name that another could answer.
func (x *attempt) won(s *server, took time.Duration) {
	s.worked(took)
	for _, b := range x.cause {
		if b.s != s {
			b.s.failedOn(&x.qu, b.fault)
		}
	}
	x.f.answeredBy(s.up.index)
}

// failed notes a call that got no answer, and tells how long to wait before
// the next try.
func (x *attempt) failed(s *server, err error) time.Duration {
	x.err = err
	if refusal, ok := errors.AsType[*refusalError](err); ok {
		fault := answerFault(s.addr, refusal.rcode)
		x.cause, x.err = append(x.cause, blame{s, fault}), fault
		x.erred = append(x.erred, s)
		x.refused++
		return x.retry(x.refused >= leastTries)
	}
	if lost, ok := errors.AsType[*lostError](err); ok {
		return x.gone(s, lost)
	}
	s.up.lookupAgain()
	x.refused++
	return x.retry(x.refused >= leastTries && !(cutShort(err) && time.Since(x.began) < silence))
}

// cutShort tells whether a connection was ended while it came about: whoever
// takes connections may be about to start, or end all of them just now.
func cutShort(err error) bool {
	fault, ok := asFault(err)
	return ok && fault.Kind == FaultClosed
}

// gone notes a call that was lost with its connection. One may end at any time:
// the same server is asked again over a new one, and after a second loss another
// server as well. A server that breaks its answers is asked less often.
func (x *attempt) gone(s *server, lost *lostError) time.Duration {
	if x.f.ctx.Err() != nil {
		return -1 // the engine ends
	}
	x.lost++
	if lost.broken {
		x.broken++
		fault := brokenFault(s.addr, lost.err)
		x.cause, x.err = append(x.cause, blame{s, fault}), fault
		if x.broken >= mostBroken {
			return x.retry(true)
		}
	} else {
		fault := newFault(s.addr, s.up.cfg.Name, lost.err)
		x.cause, x.err = append(x.cause, blame{s, fault}), fault
	}
	if x.lost%3 != 0 {
		x.untry(s)
	}
	switch {
	case x.lost <= 3:
		return 0
	case lost.broken:
		return x.backoff(x.lost)
	default:
		return x.backoff(x.lost - 3)
	}
}

// retry tells how long to wait before the next try, or less than 0 where there
// were enough.
func (x *attempt) retry(enough bool) time.Duration {
	if len(x.live) > 0 || x.untried() {
		return 0
	}
	if enough {
		return -1
	}
	return x.backoff(x.refused)
}

func (x *attempt) backoff(n int) time.Duration {
	return min(10*time.Millisecond<<min(n, 6), retryMost)
}

// untried tells whether a server was not asked yet in this round.
func (x *attempt) untried() bool {
	for _, u := range x.f.ups {
		if u.best(x.tried, true) != nil {
			return true
		}
	}
	return false
}

func (x *attempt) untry(s *server) {
	for i, t := range x.tried {
		if t == s {
			x.tried = append(x.tried[:i], x.tried[i+1:]...)
			return
		}
	}
}

func (x *attempt) forget(k *call) {
	for i, l := range x.live {
		if l == k {
			x.live = append(x.live[:i], x.live[i+1:]...)
			return
		}
	}
}

// unexplained tells whether an answer is an error without a reason that would
// make it final.
func unexplained(rcode int, ede *EDE) bool {
	if rcode != dns.RcodeServerFailure && rcode != dns.RcodeRefused {
		return false
	}
	return ede == nil || !ede.final()
}

// final tells whether another server would say the same: DNSSEC (EDE 6 to 12)
// and filtering (15 to 18) are such reasons.
func (e *EDE) final() bool {
	return e.Code >= 6 && e.Code <= 12 || e.Code >= 15 && e.Code <= 18
}

func answerFault(addr netip.AddrPort, rcode int) *Fault {
	name := dns.RcodeToString[rcode]
	if name == "" {
		name = "RCODE " + strconv.Itoa(rcode)
	}
	return &Fault{Kind: FaultAnswer, Addr: addr, Text: "it answers only " + name}
}

func brokenFault(addr netip.AddrPort, err error) *Fault {
	return &Fault{Kind: FaultAnswer, Addr: addr, Text: "it sends broken answers", Err: err}
}

// indexOf is the index of the provider that has addr.
func (f *forwarder) indexOf(addr netip.AddrPort) int {
	for i, u := range f.ups {
		for _, s := range u.list() {
			if s.addr == addr {
				return i
			}
		}
	}
	return -1
}
