package resolver

import (
	"context"
	"errors"
	"time"

	"github.com/miekg/dns"
)

// A failure is remembered for a second, then twice as long each time it comes
// again without a success (RFC 9520 section 3.2, which allows five minutes).
const (
	failFirst = time.Second
	failMost  = 30 * time.Second
)

// failure is the last try to answer a question, which had no answer.
type failure struct {
	ans   *answer
	until time.Time
	wait  time.Duration
	epoch uint64
}

// holds tells whether the failure is to be given again instead of asking.
func (f *failure) holds(now time.Time, epoch uint64) bool {
	return f.epoch == epoch && now.Before(f.until)
}

// next is the failure after f, which may be nil.
func (f *failure) next(a *answer, now time.Time, epoch uint64) *failure {
	wait := failFirst
	switch {
	case f == nil || f.epoch != epoch:
	case f.holds(now, epoch):
		wait = f.wait // of the same outage: others had asked at that time too
	default:
		wait = min(2*f.wait, failMost)
	}
	return &failure{ans: a.kept(), until: now.Add(wait), wait: wait, epoch: epoch}
}

// failed remembers that qu, asked in the given epoch, had only a as its answer.
func (c *cache) failed(qu *question, a *answer, epoch uint64, now time.Time) {
	limit := c.limit.Load()
	s := c.shard(qu.bytes())
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.epoch.Load() != epoch || cost(qu, a) > limit {
		return
	}
	e := s.entries[string(qu.bytes())]
	if e == nil || e.ans == nil {
		e = s.room(e, qu, cost(qu, a), limit)
	}
	e.fail = e.fail.next(a, now, c.failEpoch.Load())
}

// forgetFailures lets every question be asked again at once: a server came
// back.
func (c *cache) forgetFailures() { c.failEpoch.Add(1) }

// failedAnswer is the answer that tells of err, nil where err says nothing
// about the question.
func failedAnswer(qu *question, err error) *answer {
	if _, ok := asFault(err); !ok && !errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return errorAnswer(qu, dns.RcodeServerFailure, SourceUpstream, edeFor(err))
}
