package resolver

import (
	"slices"
	"sync"
	"time"
)

const (
	// judgeEvery is how many times pass from one judgement to the next, at most.
	judgeEvery = 32
	// timesKept is how many recent answer times judge a server.
	timesKept = 64
	// hedgeUnknown is the hedge delay while too few times are known.
	hedgeUnknown = 250 * time.Millisecond
	hedgeLeast   = 20 * time.Millisecond
	hedgeMost    = 750 * time.Millisecond
)

// times keeps a server's recent answer times.
type times struct {
	mu    sync.Mutex
	ring  [timesKept]time.Duration
	n     int
	mid   time.Duration
	delay time.Duration
}

// add notes how long an answer took.
func (t *times) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ring[t.n%timesKept] = d
	t.n++
	if t.n < 8 || t.n%judgeEvery == 0 || t.n < timesKept && t.n%8 == 0 {
		t.judge()
	}
}

// forget starts anew.
func (t *times) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n, t.mid, t.delay = 0, 0, 0
}

// judge works out median and hedge delay. It is called with the lock held.
func (t *times) judge() {
	var buf [timesKept]time.Duration
	s := buf[:copy(buf[:], t.ring[:min(t.n, timesKept)])]
	slices.Sort(s)
	t.mid = s[len(s)/2]
	t.delay = hedgeUnknown
	if len(s) >= 8 {
		// Twice what 19 of 20 answers take: late for this server, not only slow.
		t.delay = min(max(2*s[len(s)*19/20], hedgeLeast), hedgeMost)
	}
}

// median is the median of the recent times, 0 while there are none.
func (t *times) median() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mid
}

// hedgeAfter is how late an answer must be before another address is asked too.
func (t *times) hedgeAfter() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.delay == 0 {
		return hedgeUnknown
	}
	return t.delay
}
