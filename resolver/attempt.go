package resolver

import (
	"context"
	"errors"
	"time"
)

const (
	// silence is how long the provider in use may stay silent before the next
	// one is asked.
	silence = time.Second
	// leastTries is how often a question is asked before it is given up while
	// there is time left.
	leastTries = 4
	// mostBroken is how many broken answers to one question are taken before it
	// is given up where no other server is left: leastTries is no less.
	mostBroken = 8
	// maxLive bounds the calls of one attempt that wait at the same time.
	maxLive = 6
	// retryMost bounds the wait between tries of a server that fails at once.
	retryMost = 200 * time.Millisecond
)

// attempt is the asking of one question: calls to one or more servers, the
// first good answer of which wins.
type attempt struct {
	f       *forwarder
	qu      question
	results chan result
	timer   *time.Timer
	began   time.Time
	first   call // the first call made, mostly the only one
	live    []*call
	tried   []*server // servers asked that gave no answer, in this round
	erred   []*server // servers that answered with an unexplained error
	cause   []blame   // what else is to be said of servers if another answers
	asked   int       // calls made
	lost    int       // calls lost with their connection
	broken  int       // of these, by a broken answer
	refused int       // calls for which no connection came about, or that were turned away
	backups bool      // backup providers may be asked
	hedged  bool
	looking int     // look-ups awaited
	looked  bool    // there was one
	worst   *answer // an unexplained error, handed on if nobody does better
	err     error
}

type blame struct {
	s     *server
	fault *Fault
}

// newAttempt returns an attempt to answer qu, which it copies: a call that was
// given up is compared with its late answer.
func newAttempt(f *forwarder, qu *question) *attempt {
	x, ok := f.attempts.Get().(*attempt)
	if !ok {
		x = &attempt{f: f, results: make(chan result, max(maxLive, len(f.ups))+2), timer: time.NewTimer(time.Hour)}
	}
	x.qu, x.began = *qu, time.Now()
	return x
}

// end gives up the calls that are still waiting. An attempt of which nothing is
// left anywhere is used again.
func (x *attempt) end() {
	x.timer.Stop()
	for _, k := range x.live {
		k.srv.cancel(k)
	}
	if x.asked == 1 && len(x.live) == 0 && !x.looked {
		*x = attempt{f: x.f, results: x.results, timer: x.timer, live: x.live[:0], tried: x.tried[:0]}
		x.f.attempts.Put(x)
	}
}

func (x *attempt) run(ctx context.Context) (*answer, error) {
	x.f.probeAside(x.began)
	x.next()
	if x.f.rules.Race {
		x.backups = true
		for _, u := range x.f.ups[1:] {
			x.tryUpstream(u, false)
		}
	}
	end, ok := ctx.Deadline()
	if !ok {
		end = x.began.Add(queryTimeout)
	}
	x.timer.Reset(min(x.patience(), time.Until(end)))
	for {
		select {
		case r := <-x.results:
			a, wait := x.take(r)
			if a != nil {
				return a, nil
			}
			if wait < 0 {
				return x.giveUp()
			}
			if wait > 0 && len(x.live) == 0 && !sleep(ctx, wait) {
				return nil, x.timeout(ctx)
			}
			if len(x.live) == 0 && x.looking == 0 {
				x.next()
			}
			if len(x.live) == 0 && x.looking == 0 {
				return x.giveUp()
			}
		case <-x.timer.C:
			if ctx.Err() != nil {
				return nil, x.timeout(ctx)
			}
			x.late()
			x.timer.Reset(min(x.patience(), time.Until(end)))
		case <-cancelled(ctx):
			return nil, x.timeout(ctx)
		}
	}
}

// sleep waits unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// patience is how long to wait from now before something is done about a
// question that is late.
func (x *attempt) patience() time.Duration {
	waited := time.Since(x.began)
	if !x.hedged && len(x.live) > 0 {
		return max(x.live[0].srv.stats.hedgeAfter()-waited, 0)
	}
	// Once a second from then on.
	return silence - waited%silence
}

// late is called when no answer came in time: first for a hedge within the
// provider, then each second of silence for the backups.
func (x *attempt) late() {
	if !x.hedged {
		x.hedged = true
		x.hedge()
		if time.Since(x.began) < silence {
			return
		}
	}
	x.backups = true
	for _, k := range x.live {
		c := k.conn.Load()
		if c == nil || c.silentSince(k.began) {
			if c != nil {
				c.suspected()
			}
			k.srv.failedOn(&x.qu, &Fault{Kind: FaultTimeout, Addr: k.srv.addr, Text: "it does not answer"})
			k.srv.up.lookupAgain()
		}
	}
	if len(x.live) >= maxLive {
		return
	}
	before := x.asked
	x.next()
	if x.asked == before && len(x.live) > 0 {
		x.askAgain(x.live[0])
	}
}

// askAgain asks a silent server once more where there is no other: if its
// connection died unnoticed, the question goes over a new one.
func (x *attempt) askAgain(k *call) {
	if c := k.conn.Load(); c != nil && c.silentSince(k.began) {
		x.ask(k.srv)
	}
}

// hedge asks another address of the same provider. A connection that shows no
// life is probed too, so that a dead server is known before a second query
// meets it.
func (x *attempt) hedge() {
	if len(x.live) == 0 {
		return
	}
	k := x.live[0]
	if c := k.conn.Load(); c == nil || c.silentSince(k.began) {
		late := x.qu
		k.srv.startProbe(&late)
	}
	if s := k.srv.up.best(x.tried, false); s != nil && x.f.mayHedge() {
		x.ask(s)
	}
}

// next asks the best server that was not asked yet: the primary's first, then,
// where they may be asked, the backups', then those that are set aside, then
// all once more.
func (x *attempt) next() {
	for _, aside := range []bool{false, true} {
		for i, u := range x.f.ups {
			if i > 0 && !x.backups && len(x.tried) == 0 && x.f.ups[0].best(nil, false) != nil {
				break
			}
			if x.tryUpstream(u, aside) {
				return
			}
		}
	}
	if len(x.live) > 0 {
		return // they may still answer
	}
	if len(x.tried) > 0 && !x.enough() {
		x.tried = append(x.tried[:0], x.erred...)
		if s := x.anyServer(); s != nil {
			x.ask(s)
		}
	}
}

// enough tells whether an unexplained error is to be handed on: the servers
// that gave no answer had their chances.
func (x *attempt) enough() bool {
	return x.worst != nil && (x.asked >= leastTries || time.Since(x.began) > silence)
}

func (x *attempt) tryUpstream(u *upstream, aside bool) bool {
	if u.unresolved() {
		if x.looking > 0 || u.failedLately() {
			return false
		}
		x.looking++
		x.looked = true
		u.lookup(x.results)
		return true
	}
	if s := u.best(x.tried, aside); s != nil {
		x.ask(s)
		return true
	}
	return false
}

func (x *attempt) anyServer() *server {
	for _, aside := range []bool{false, true} {
		for _, u := range x.f.ups {
			if s := u.best(x.tried, aside); s != nil {
				return s
			}
		}
	}
	return nil
}

func (x *attempt) ask(s *server) {
	k := &x.first
	if x.asked > 0 {
		k = new(call)
	}
	k.qu, k.srv, k.results, k.began = &x.qu, s, x.results, time.Now()
	x.live = append(x.live, k)
	x.tried = append(x.tried, s)
	x.asked++
	s.submit(k)
}

// giveUp ends an attempt for which no server is left.
func (x *attempt) giveUp() (*answer, error) {
	if x.worst != nil {
		x.worst.tries = x.asked
		x.f.answeredBy(x.f.indexOf(x.worst.upstream))
		return x.worst, nil
	}
	if x.err == nil {
		x.err = errors.New("no upstream is configured")
	}
	return nil, x.err
}

// triedError is why a question that was asked so many times has no answer.
type triedError struct {
	error
	tries int
}

func (e *triedError) Unwrap() error { return e.error }

// triesOf is how many times a server was asked in vain.
func triesOf(err error) int {
	if e, ok := errors.AsType[*triedError](err); ok {
		return e.tries
	}
	return 0
}

// timeout ends an attempt that ran out of time.
func (x *attempt) timeout(ctx context.Context) error {
	err := context.Cause(ctx)
	if errors.Is(err, context.Canceled) {
		return err // nobody waits any more: that says nothing of the servers
	}
	if fault, ok := asFault(x.err); ok {
		return errors.Join(err, fault)
	}
	if len(x.live) > 0 {
		s := x.live[0].srv
		return errors.Join(err, &Fault{Kind: FaultTimeout, Addr: s.addr, Text: "it does not answer", Err: err})
	}
	return err
}
