package resolver

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// limitSets and limitWays are the size of the table of clients: 16,384 of
	// them in less than 1 MiB, however many addresses are forged.
	limitSets = 2048
	limitWays = 8
	// tcpPatience is how long a query over TCP may be held back; a client gives
	// up after a few seconds.
	tcpPatience = 2 * time.Second
	// maxBurst keeps the arithmetic of a bucket from overflowing.
	maxBurst = 1 << 30
)

// limiter keeps a token bucket for each client and transport. Each client has
// its place in one small set of the table; where the set is full the one that
// used its bucket least makes room, so that forged addresses do not push out
// those that are over the limit.
type limiter struct {
	rules    RateLimit
	interval int64 // between two queries in the long run, nanoseconds
	burst    int64 // what may be used at once, nanoseconds
	began    time.Time
	seed     maphash.Seed
	sets     [limitSets]limitSet
}

type limitSet struct {
	mu    sync.Mutex
	usage [limitWays]usage
}

// usage is what is known about one client. Times are nanoseconds since the
// limiter began. A bucket is the time at which it will be full again: it holds
// what lies between that and now less than the burst.
type usage struct {
	client   clientKey
	udp, tcp int64
	// over counts the queries over the limit since the window began.
	over   int
	window int64
	slip   bool
}

// weighed is what the limiter says about one query.
type weighed struct {
	within bool
	slip   bool          // over the limit, and the turn of a TC answer
	block  bool          // over the limit too often
	wait   time.Duration // before a query over TCP is answered
}

// newLimiter returns nil where there is no limit.
func newLimiter(r RateLimit) *limiter {
	if r.PerSecond <= 0 {
		return nil
	}
	l := &limiter{rules: r, began: time.Now(), seed: maphash.MakeSeed()}
	l.interval, l.burst = bucketSize(r.PerSecond, r.Burst)
	return l
}

// bucketSize is the time between two queries and that which a full bucket
// holds, in nanoseconds. Every bucket holds one query at least.
func bucketSize(perSecond, burst int) (interval, size int64) {
	interval = max(int64(time.Second)/int64(perSecond), 1)
	return interval, interval * int64(min(max(burst, 1), maxBurst))
}

// has tells whether the limiter holds clients to r.
func (l *limiter) has(r RateLimit) bool {
	if l == nil {
		return r.PerSecond <= 0
	}
	return l.rules == r
}

// take weighs a query over UDP. One over the limit takes nothing. It allocates
// nothing.
func (l *limiter) take(client netip.AddrPort, now time.Time) weighed {
	at := int64(now.Sub(l.began))
	s, u := l.lock(keyOf(client), at)
	defer s.mu.Unlock()
	full := max(u.udp, at) + l.interval
	if full-at <= l.burst {
		u.udp = full
		return weighed{within: true}
	}
	u.slip = !u.slip
	return weighed{slip: u.slip, block: u.strike(l.rules, at)}
}

// takeTCP weighs a query over TCP: within the limit it may have to wait.
func (l *limiter) takeTCP(client netip.AddrPort, now time.Time) weighed {
	at := int64(now.Sub(l.began))
	s, u := l.lock(keyOf(client), at)
	defer s.mu.Unlock()
	full := max(u.tcp, at) + l.interval
	wait := time.Duration(max(full-at-l.burst, 0))
	if wait > tcpPatience {
		return weighed{block: u.strike(l.rules, at)}
	}
	u.tcp = full
	return weighed{within: true, wait: wait}
}

// lock returns the client's place in the table, its set locked.
func (l *limiter) lock(k clientKey, at int64) (*limitSet, *usage) {
	s := &l.sets[maphash.Comparable(l.seed, k)%limitSets]
	s.mu.Lock()
	least := &s.usage[0]
	for i := range s.usage {
		u := &s.usage[i]
		if u.client == k {
			return s, u
		}
		if u.client == 0 || least.client != 0 && u.full() < least.full() {
			least = u
		}
	}
	*least = usage{client: k, udp: at, tcp: at}
	return s, least
}

// full is when both buckets will be full again.
func (u *usage) full() int64 { return max(u.udp, u.tcp) }

// strike notes a query over the limit and tells whether the client is to be
// blocked. A window begins with the first such query.
func (u *usage) strike(r RateLimit, at int64) bool {
	if u.over == 0 || at-u.window > int64(r.BlockWindow) {
		u.over, u.window = 0, at
	}
	u.over++
	if r.BlockAfter <= 0 || u.over < r.BlockAfter {
		return false
	}
	u.over = 0
	return true
}

// rate is one bucket for all.
type rate struct {
	interval, burst int64
	began           time.Time
	full            atomic.Int64
}

func newRate(perSecond, burst int) rate {
	interval, size := bucketSize(perSecond, burst)
	return rate{interval: interval, burst: size, began: time.Now()}
}

// take tells whether there was something left in the bucket.
func (r *rate) take(now time.Time) bool {
	at := int64(now.Sub(r.began))
	for {
		was := r.full.Load()
		full := max(was, at) + r.interval
		if full-at > r.burst {
			return false
		}
		if r.full.CompareAndSwap(was, full) {
			return true
		}
	}
}
