package querylog

import (
	"slices"
	"sync/atomic"
	"time"

	"dotproxy/app/control"

	"github.com/miekg/dns"
)

// recentTimes is how many upstream answers the median is taken over.
const recentTimes = 256

// counters are kept at every level of privacy: they name nobody.
type counters struct {
	queries, cached, failures atomic.Uint64
	// times are the microseconds of the latest upstream answers, plus one so
	// that 0 means none.
	times     [recentTimes]atomic.Uint32
	nextTimes atomic.Uint32
}

func (c *counters) count(e *Entry) {
	c.queries.Add(1)
	if e.Source == control.SourceCache {
		c.cached.Add(1)
	}
	if e.RCode == dns.RcodeServerFailure || e.RCode == dns.RcodeRefused {
		c.failures.Add(1)
	}
	if e.Source == control.SourceUpstream && e.Upstream.IsValid() {
		us := min(max(e.Elapsed, 0), time.Hour) / time.Microsecond
		c.times[c.nextTimes.Add(1)%recentTimes].Store(uint32(us) + 1)
	}
}

// Counters returns the totals since the Log was made.
func (l *Log) Counters() control.Counters {
	c := control.Counters{Queries: l.queries.Load(), Cached: l.cached.Load(), Failures: l.failures.Load()}
	var times []uint32
	for i := range l.times {
		if us := l.times[i].Load(); us > 0 {
			times = append(times, us-1)
		}
	}
	if len(times) > 0 {
		slices.Sort(times)
		c.MedianMS = float64(times[len(times)/2]) / 1000
	}
	return c
}
