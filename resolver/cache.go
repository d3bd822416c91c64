package resolver

import (
	"bytes"
	"hash/maphash"
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

type entry struct {
	key     string
	ans     *answer
	older   *entry
	newer   *entry
	size    int64
	visited bool
}

func newCache(bytes int) *cache {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].entries = make(map[string]*entry)
	}
	c.setLimit(bytes)
	return c
}

// setLimit bounds the memory to about bytes; what does not fit is evicted.
func (c *cache) setLimit(bytes int) {
	c.limit.Store(int64(bytes) / cacheShards)
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

// get returns the answer to qu, nil where there is none. It allocates nothing.
func (c *cache) get(qu *question, now time.Time) *answer {
	s := c.shard(qu.bytes())
	s.mu.Lock()
	e := s.entries[string(qu.bytes())]
	if e == nil {
		s.mu.Unlock()
		return nil
	}
	if e.ans.age(now) >= e.ans.ttl {
		s.remove(e)
		s.mu.Unlock()
		return nil
	}
	e.visited = true
	s.mu.Unlock()
	return e.ans
}

// put keeps a, asked for in the given epoch, as the answer to qu for as long
// as it may be.
func (c *cache) put(qu *question, a *answer, epoch uint64) {
	limit := c.limit.Load()
	size := int64(len(a.msg)+2*len(a.ttls)+qu.keyLen) + entryOverhead
	if a.ttl == 0 || size > limit {
		return
	}
	s := c.shard(qu.bytes())
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.epoch.Load() != epoch {
		return
	}
	if old := s.entries[string(qu.bytes())]; old != nil {
		s.remove(old)
	}
	if cap(a.msg) > len(a.msg)+len(a.msg)/4 {
		slim := *a
		slim.msg = bytes.Clone(a.msg) // without the server's padding behind it
		a = &slim
	}
	e := &entry{key: string(qu.bytes()), ans: a, size: size}
	s.shrink(limit - size)
	s.insert(e)
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
