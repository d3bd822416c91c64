package resolver

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"io"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestCacheSurvivesARestart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{Stale: day})
		s.set(func(s *pipeServer) { s.handle = address(300) })
		for i := range 100 {
			want(t, e, fmt.Sprintf("n%d.example", i), SourceUpstream, 0)
		}
		s.set(func(s *pipeServer) { s.handle = refusedByFilter })
		want(t, e, "blocked.example", SourceUpstream, dns.RcodeRefused)
		var file bytes.Buffer
		if err := e.SaveCache(&file); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Second)
		next, s := pipeMemory(t, CacheRules{Stale: day})
		if n, err := next.LoadCache(bytes.NewReader(file.Bytes())); n != 100 || err != nil {
			t.Fatalf("%d answers loaded (%v), want 100: failures are not kept", n, err)
		}
		a := want(t, next, "n7.example", SourceCache, 0)
		m := unpack(t, appendAnswer(nil, client(t, "n7.example", nil), a, time.Now()))
		if ttl := m.Answer[0].Header().Ttl; ttl != 100 {
			t.Errorf("TTL %d after 200 of 300 seconds, want 100", ttl)
		}
		if a.upstream.String() != "192.0.2.53:853" {
			t.Errorf("answered by %s", a.upstream)
		}
		time.Sleep(100 * time.Second)
		s.set(func(s *pipeServer) { s.handle = mute })
		want(t, next, "n8.example", SourceStale, 0)
	})
}

func refusedByFilter(q *dns.Msg) *dns.Msg {
	m := rcode(dns.RcodeRefused)(q)
	m.SetEdns0(1232, false)
	m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeBlocked}}
	return m
}

// What another provider said, perhaps one with another filter, is not taken
// over.
func TestSavedCacheBelongsToItsUpstreams(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, _ := pipeMemory(t, CacheRules{})
		want(t, e, "a.example", SourceUpstream, 0)
		var file bytes.Buffer
		if err := e.SaveCache(&file); err != nil {
			t.Fatal(err)
		}
		n := new(pipeNet)
		n.add("192.0.2.99:853")
		other := pipeEngine(t, n, nil, "192.0.2.99:853")
		if n, err := other.LoadCache(bytes.NewReader(file.Bytes())); n != 0 || err != nil {
			t.Errorf("%d answers of another provider taken over (%v)", n, err)
		}
		e.SetRules(Rules{Cache: CacheRules{Bytes: 1 << 20}, Names: NameRules{Canary: true}})
		e.FlushCache()
		if n, err := e.LoadCache(bytes.NewReader(file.Bytes())); n != 0 || err != nil {
			t.Errorf("%d answers of other rules taken over (%v)", n, err)
		}
	})
}

// Rules that change while a saved cache is read hold for what comes of it.
func TestSavedCacheUnderOtherRules(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, _ := pipeMemory(t, CacheRules{})
		want(t, e, "a.example", SourceUpstream, 0)
		var file bytes.Buffer
		if err := e.SaveCache(&file); err != nil {
			t.Fatal(err)
		}
		e.FlushCache()
		change := func() {
			e.SetRules(Rules{Cache: CacheRules{Bytes: 1 << 20}, Names: NameRules{Overrides: []Override{{Name: "a.example", Addrs: addrsOf("10.0.0.1")}}}})
		}
		if _, err := e.LoadCache(&changing{&file, change}); err != nil {
			t.Fatal(err)
		}
		if m := wire(t, e, "a.example", dns.TypeA, nil); len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "10.0.0.1" {
			t.Errorf("answer %v, want the override", m.Answer)
		}
	})
}

// changing calls change before it is read.
type changing struct {
	io.Reader
	change func()
}

func (c *changing) Read(p []byte) (int, error) {
	c.change()
	return c.Reader.Read(p)
}

func TestSavedCacheDamaged(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, _ := pipeMemory(t, CacheRules{})
		for i := range 10 {
			want(t, e, fmt.Sprintf("n%d.example", i), SourceUpstream, 0)
		}
		var file bytes.Buffer
		if err := e.SaveCache(&file); err != nil {
			t.Fatal(err)
		}
		whole := file.Bytes()
		for name, damaged := range map[string][]byte{
			"empty": {}, "another file": []byte("[settings]\nport = 53\n and more of it, more than a header has in it"),
			"cut": whole[:len(whole)-5], "cut in a header": whole[:43],
			"a bit": flip(whole, len(whole)-20), "a length": flip(whole, 41),
		} {
			e.FlushCache()
			n, err := e.LoadCache(bytes.NewReader(damaged))
			if !errors.Is(err, ErrCacheDamaged) || n >= 10 {
				t.Errorf("%s: %d answers, error %v", name, n, err)
			}
		}
	})
}

func flip(b []byte, at int) []byte {
	c := bytes.Clone(b)
	c[at] ^= 0x40
	return c
}

func TestSavedCacheFromTheFuture(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e, s := pipeMemory(t, CacheRules{})
		s.set(func(s *pipeServer) { s.handle = address(300) })
		want(t, e, "a.example", SourceUpstream, 0)
		var file bytes.Buffer
		a := e.cache.find(ask("a.example", dns.TypeA), time.Now()).ans
		ahead := *a
		ahead.stored = time.Now().Add(time.Hour)
		e.FlushCache()
		e.cache.put(ask("a.example", dns.TypeA), &ahead, e.cache.epoch.Load())
		if err := e.SaveCache(&file); err != nil {
			t.Fatal(err)
		}
		e.FlushCache()
		if n, err := e.LoadCache(&file); n != 0 || err != nil {
			t.Errorf("%d answers of the future taken over (%v)", n, err)
		}
	})
}

// Whatever a record says, what is taken from it can be served.
func FuzzSavedRecord(f *testing.F) {
	qu := ask("www.example.com", dns.TypeA)
	a := kept(f, "www.example.com", 300)
	a.ede = &EDE{Code: 3, Text: "old"}
	f.Add(appendRecord(nil, string(qu.bytes()), a))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		qu, a, err := parseRecord(bytes.Clone(data))
		if err != nil {
			return
		}
		again, b, err := parseRecord(appendRecord(nil, string(qu.bytes()), a))
		if err != nil || !bytes.Equal(again.bytes(), qu.bytes()) || !bytes.Equal(a.msg, b.msg) || a.rcode != b.rcode {
			t.Fatalf("saved and read again it differs (%v)", err)
		}
		raw := append([]byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, qu.wire()...)
		var q query
		if q.parse(raw) != admit {
			return
		}
		out := appendAnswer(nil, &q, a, time.Now())
		if len(out) < headerLen || out[0] != 0 || out[1] != 1 || out[2]&0x80 == 0 {
			t.Fatalf("served as % x", out)
		}
	})
}

// swap is a file; what is to happen meanwhile happens after its first bytes
// were written or read.
type swap struct {
	bytes.Buffer
	once sync.Once
	now  func()
}

func (s *swap) Write(p []byte) (int, error) {
	defer s.once.Do(s.now)
	return s.Buffer.Write(p)
}

func (s *swap) Read(p []byte) (int, error) {
	defer s.once.Do(s.now)
	return s.Buffer.Read(p)
}

// Other upstreams in the middle of saving or loading: nothing of the one
// provider passes for the other's.
func TestSavedCacheWhileUpstreamsChange(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := new(pipeNet)
		n.add("192.0.2.1:853")
		n.add("192.0.2.2:853")
		_, roots := pki()
		rules := func(c *Config) { c.Rules.Cache.Bytes = 1 << 20 }
		e := pipeEngine(t, n, rules, "192.0.2.1:853")
		for i := range 200 { // more than a buffer
			want(t, e, fmt.Sprintf("n%d.example", i), SourceUpstream, 0)
		}
		var file bytes.Buffer
		if err := e.SaveCache(&file); err != nil {
			t.Fatal(err)
		}
		half := &swap{now: func() {
			e.SetUpstreams(pipeUpstreams("192.0.2.2:853"), roots)
			for i := range 200 {
				want(t, e, fmt.Sprintf("other%d.example", i), SourceUpstream, 0)
			}
		}}
		if err := e.SaveCache(half); err != nil {
			t.Fatal(err)
		}
		next := pipeEngine(t, n, rules, "192.0.2.1:853")
		if _, err := next.LoadCache(&half.Buffer); err != nil {
			t.Fatal(err)
		}
		for key, a := range next.cache.all() {
			if a.upstream.String() != "192.0.2.1:853" {
				t.Fatalf("%q is by %s", key, a.upstream)
			}
		}
		other := pipeEngine(t, n, rules, "192.0.2.1:853")
		late := &swap{Buffer: file, now: func() { other.SetUpstreams(pipeUpstreams("192.0.2.2:853"), roots) }}
		if _, err := other.LoadCache(late); err != nil {
			t.Fatal(err)
		}
		for key := range other.cache.all() {
			t.Fatalf("%q was taken over for another provider", key)
		}
	})
}
