package resolver

import (
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func kept(t testing.TB, name string, ttl int) *answer {
	a, err := parseAnswer(reply(t, name, dns.TypeA, func(m *dns.Msg) {
		m.Answer = []dns.RR{rr(t, fmt.Sprintf("%s. %d IN A 192.0.2.1", name, ttl))}
	}), ask(name, dns.TypeA))
	if err != nil {
		t.Fatal(err)
	}
	a.stored = time.Now()
	return a
}

func TestCacheKeepsForTheTTL(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := newCache(CacheRules{Bytes: 1 << 20})
		c.put(ask("a.example", dns.TypeA), kept(t, "a.example", 60), c.epoch.Load())
		time.Sleep(59 * time.Second)
		if c.find(ask("A.EXAMPLE", dns.TypeA), time.Now()).ans == nil {
			t.Error("not answered within the TTL")
		}
		time.Sleep(time.Second)
		if c.find(ask("a.example", dns.TypeA), time.Now()).ans != nil {
			t.Error("answered after the TTL")
		}
	})
}

func TestCacheKey(t *testing.T) {
	c := newCache(CacheRules{Bytes: 1 << 20})
	c.put(ask("a.example", dns.TypeA), kept(t, "a.example", 60), c.epoch.Load())
	for name, change := range map[string]func(*question){
		"DO": func(q *question) { q.do = true },
		"CD": func(q *question) { q.cd = true },
		"RD": func(q *question) { q.rd = false },
	} {
		qu := ask("a.example", dns.TypeA)
		change(qu)
		qu.seal([]byte("\x01a\x07example\x00"))
		if c.find(qu, time.Now()).ans != nil {
			t.Errorf("%s makes no difference", name)
		}
	}
	if c.find(ask("a.example", dns.TypeAAAA), time.Now()).ans != nil {
		t.Error("type makes no difference")
	}
}

func TestCacheFlushForgetsAnswersUnderWay(t *testing.T) {
	c := newCache(CacheRules{Bytes: 1 << 20})
	epoch := c.epoch.Load()
	c.flush()
	c.put(ask("a.example", dns.TypeA), kept(t, "a.example", 60), epoch)
	if c.find(ask("a.example", dns.TypeA), time.Now()).ans != nil {
		t.Error("an answer of before the flush was kept")
	}
}

// One pass of names that come once must not push out those in use.
func TestCacheSurvivesScan(t *testing.T) {
	c := newCache(CacheRules{Bytes: 1 << 20})
	put := func(name string) { c.put(ask(name, dns.TypeA), kept(t, name, 600), c.epoch.Load()) }
	const popular = 200
	for i := range popular {
		put(fmt.Sprintf("popular%d.example", i))
	}
	for i := range 20000 {
		put(fmt.Sprintf("scan%d.example", i))
		c.find(ask(fmt.Sprintf("popular%d.example", i%popular), dns.TypeA), time.Now())
	}
	left := 0
	for i := range popular {
		if c.find(ask(fmt.Sprintf("popular%d.example", i), dns.TypeA), time.Now()).ans != nil {
			left++
		}
	}
	if left < popular*9/10 {
		t.Errorf("%d of %d popular names are left", left, popular)
	}
	var bytes int64
	for i := range c.shards {
		bytes += c.shards[i].bytes
	}
	if bytes > 1<<20 {
		t.Errorf("%d bytes kept, the limit is %d", bytes, 1<<20)
	}
	c.setRules(CacheRules{})
	for i := range c.shards {
		if s := &c.shards[i]; len(s.entries) > 0 || s.bytes != 0 || s.head != nil || s.tail != nil {
			t.Fatalf("shard %d is not empty after the limit became 0", i)
		}
	}
}

func TestCacheHitAllocatesNothing(t *testing.T) {
	e := New(Config{Rules: Rules{Cache: CacheRules{Bytes: 1 << 20}}})
	raw := pack(t, func(m *dns.Msg) { m.SetEdns0(1232, false); m.Question[0].Name = "a.Example." })
	e.cache.put(ask("a.example", dns.TypeA), kept(t, "a.example", 600), 0)
	s := &scratch{out: make([]byte, 0, 4096)}
	if n := testing.AllocsPerRun(1000, func() {
		s.q.arrived = time.Now()
		if !e.quick(s, raw) || len(s.out) == 0 {
			t.Fatal("no hit")
		}
	}); n != 0 {
		t.Errorf("%v allocations a hit", n)
	}
}

func BenchmarkHit(b *testing.B) {
	e := New(Config{Rules: Rules{Cache: CacheRules{Bytes: 1 << 20}}})
	raw := pack(b, func(m *dns.Msg) { m.SetEdns0(1232, false); m.Question[0].Name = "a.Example." })
	e.cache.put(ask("a.example", dns.TypeA), kept(b, "a.example", 600), 0)
	s := &scratch{out: make([]byte, 0, 4096)}
	b.ReportAllocs()
	for b.Loop() {
		s.q.arrived = time.Now()
		e.quick(s, raw)
	}
}

func BenchmarkCachePut(b *testing.B) {
	c := newCache(CacheRules{Bytes: 8 << 20})
	a := kept(b, "a.example", 600)
	var questions []*question
	for i := range 1 << 16 {
		questions = append(questions, ask(fmt.Sprintf("n%d.example", i), dns.TypeA))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		c.put(questions[i&(1<<16-1)], a, 0)
		i++
	}
}
