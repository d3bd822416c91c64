package resolver

import (
	"hash/maphash"
	"iter"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxTTL bounds how long an answer is kept, in seconds.
	maxTTL = 86400
	// entryOverhead is what an entry costs beside its message and key, in bytes.
	entryOverhead = 320
	cacheShards   = 16
)

// cache keeps answers until their TTL ends or their memory is needed. When
// full it evicts by SIEVE: a hand sweeps from the oldest entry, spares those
// that were used since it last came by, and takes the first that was not. One
// pass of never repeated names so costs the popular ones nothing.
type cache struct {
	seed   maphash.Seed
	shards [cacheShards]shard
	limit  atomic.Int64 // bytes per shard
	rules  atomic.Pointer[CacheRules]
	// failEpoch counts the times at which all failures were forgotten.
	failEpoch atomic.Uint64
	// epoch counts flushes: an answer asked for before one is not kept after it.
	epoch atomic.Uint64
}

type shard struct {
	mu      sync.Mutex
	entries map[string]*entry
	head    *entry // newest
	tail    *entry // oldest
	hand    *entry
	bytes   int64
}

// entry is what is known about one question: its last answer, the last failure
// to get one, or both.
type entry struct {
	key     string
	ans     *answer
	fail    *failure
	older   *entry
	newer   *entry
	size    int64
	visited bool
	hits    uint32
	// refreshAt is the answer's age, in seconds, from which a use of it is
	// reason to ask again.
	refreshAt uint32
}

func newCache(rules CacheRules) *cache {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].entries = make(map[string]*entry)
	}
	c.setRules(rules)
	return c
}

// setRules keeps answers by other rules; what does not fit is evicted, and what
// was kept by other bounds forgotten.
func (c *cache) setRules(rules CacheRules) {
	old := c.rules.Swap(&rules)
	if old != nil && (old.MinTTL != rules.MinTTL || old.MaxTTL != rules.MaxTTL) {
		c.flush()
	}
	c.limit.Store(int64(rules.Bytes) / cacheShards)
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.shrink(c.limit.Load())
		s.mu.Unlock()
	}
}

// flush forgets everything, answers that are on their way included.
func (c *cache) flush() {
	c.epoch.Add(1)
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		clear(s.entries)
		s.head, s.tail, s.hand, s.bytes = nil, nil, nil, 0
		s.mu.Unlock()
	}
}

func (c *cache) shard(key []byte) *shard {
	return &c.shards[maphash.Bytes(c.seed, key)%cacheShards]
}

// finding is what the cache knows about a question.
type finding struct {
	ans *answer // nil for nothing
	// stale is set where the answer's time is over.
	stale bool
	// refresh is set where the answer is used and will end soon.
	refresh bool
	// failed is what to answer where the last try failed just now.
	failed *answer
}

// find looks a question up. It allocates nothing.
func (c *cache) find(qu *question, now time.Time) (f finding) {
	s := c.shard(qu.bytes())
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[string(qu.bytes())]
	if e == nil {
		return f
	}
	if e.ans != nil {
		age := e.ans.age(now)
		if age < e.ans.ttl {
			e.visited = true
			e.hits++
			f.ans, f.refresh = e.ans, e.refreshDue(age)
			return f
		}
		if uint64(age) >= uint64(e.ans.ttl)+uint64(c.rules.Load().Stale/time.Second) {
			s.forget(e)
		} else {
			e.visited = true
			f.ans, f.stale = e.ans, true
		}
	}
	if e.fail != nil && e.fail.holds(now, c.failEpoch.Load()) {
		f.failed = e.fail.ans
	}
	return f
}

// put keeps a, asked for in the given epoch, as the answer to qu for as long
// as it may be. One that may not be kept ends what was kept before it.
func (c *cache) put(qu *question, a *answer, epoch uint64) {
	limit := c.limit.Load()
	size := cost(qu, a)
	s := c.shard(qu.bytes())
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.epoch.Load() != epoch {
		return
	}
	e := s.entries[string(qu.bytes())]
	if a.ttl == 0 || size > limit {
		if e != nil {
			s.remove(e)
		}
		return
	}
	e = s.room(e, qu, size, limit)
	e.ans, e.fail, e.hits, e.refreshAt = a.kept(), nil, 0, refreshFrom(a.ttl)
}

// kept is a as the cache gives it.
func (a *answer) kept() *answer {
	k := *a
	k.source = SourceCache
	return &k
}

// cost is the memory of an answer and its entry, in bytes.
func cost(qu *question, a *answer) int64 {
	return int64(len(a.msg)+2*len(a.ttls)+qu.keyLen) + entryOverhead
}

// room returns the question's entry, e if it is not nil, with size bytes
// counted for it.
func (s *shard) room(e *entry, qu *question, size, limit int64) *entry {
	if e == nil {
		s.shrink(limit - size)
		e = &entry{key: string(qu.bytes()), size: size}
		s.insert(e)
		return e
	}
	s.bytes += size - e.size
	e.size = size
	e.visited = true // not itself the one to go
	s.shrink(limit)
	if s.entries[e.key] != e {
		s.insert(e)
	}
	return e
}

// all yields what is kept, the oldest first.
func (c *cache) all() iter.Seq2[string, *answer] {
	return func(yield func(string, *answer) bool) {
		for i := range c.shards {
			for _, e := range c.shards[i].list() {
				if !yield(e.key, e.ans) {
					return
				}
			}
		}
	}
}

// list copies the entries that hold an answer.
func (s *shard) list() []entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]entry, 0, len(s.entries))
	for e := s.tail; e != nil; e = e.newer {
		if e.ans != nil {
			list = append(list, entry{key: e.key, ans: e.ans})
		}
	}
	return list
}

func (s *shard) insert(e *entry) {
	s.entries[e.key] = e
	s.bytes += e.size
	e.older = s.head
	if s.head != nil {
		s.head.newer = e
	}
	s.head = e
	if s.tail == nil {
		s.tail = e
	}
}

func (s *shard) remove(e *entry) {
	delete(s.entries, e.key)
	s.bytes -= e.size
	if s.hand == e {
		s.hand = e.newer
	}
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		s.head = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		s.tail = e.newer
	}
	e.older, e.newer = nil, nil
}

// forget drops an entry's answer, and the entry if nothing is left of it.
func (s *shard) forget(e *entry) {
	e.ans = nil
	if e.fail == nil {
		s.remove(e)
	}
}

// shrink evicts until at most limit bytes are kept.
func (s *shard) shrink(limit int64) {
	for s.bytes > limit && s.tail != nil {
		e := s.hand
		if e == nil {
			e = s.tail
		}
		for e.visited {
			e.visited = false
			if e = e.newer; e == nil {
				e = s.tail
			}
		}
		s.hand = e
		s.remove(e)
	}
}
