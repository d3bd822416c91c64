package daemon

import (
	"bytes"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
)

func event(client string, source resolver.Source) *resolver.Event {
	return &resolver.Event{
		Time: time.Now(), Elapsed: 3 * time.Millisecond, Client: netip.MustParseAddrPort(client),
		Name: []byte("\x07example\x03com\x00"), Type: 1, Source: source,
		EDE: &resolver.EDE{Code: 18, Text: "blocked"},
	}
}

func TestOnQueryAllocatesNothing(t *testing.T) {
	r := newRig(t, nil)
	e := event("127.0.0.1:4000", resolver.SourceCache)
	if n := testing.AllocsPerRun(1000, func() { r.eng.cfg.OnQuery(e) }); n != 0 {
		t.Errorf("%v allocations a query", n)
	}
}

func TestQueries(t *testing.T) {
	r := newRig(t, nil)
	r.eng.cfg.OnQuery(event("10.0.0.5:4000", resolver.SourceCache))
	e := event("127.0.0.1:4000", resolver.SourceUpstream)
	e.EDE, e.Upstream, e.TCP, e.RCode = nil, netip.MustParseAddrPort("1.1.1.1:853"), true, 2
	e.Over, e.Tries = &resolver.Connection{TLS: "TLS 1.3", KeyExchange: "X25519", Cipher: "TLS_AES_128_GCM_SHA256", Resumed: true}, 2
	r.eng.cfg.OnQuery(e)
	e = event("127.0.0.1:4000", resolver.SourceLocal)
	e.Expected = true // nobody's query: neither shown nor counted
	r.eng.cfg.OnQuery(e)
	list := r.Queries(0)
	if len(list) != 2 || list[0].Name != "example.com." || list[0].Source != control.SourceCache || list[0].Client != "10.0.0.5" || !strings.Contains(list[0].EDE, "blocked") {
		t.Fatalf("queries %+v", list)
	}
	if q := list[1]; q.RCode != "SERVFAIL" || q.Transport != "tcp" || q.Upstream != "1.1.1.1:853" || q.EDE != "" || !q.Encrypted || q.MS != 3 {
		t.Errorf("query %+v", q)
	} else if q.Connection == nil || *q.Connection != (control.Connection{TLS: "TLS 1.3", KeyExchange: "X25519", Cipher: "TLS_AES_128_GCM_SHA256", Resumed: true}) || q.Tries != 2 {
		t.Errorf("connection %+v, %d tries", q.Connection, q.Tries)
	}
	if q := list[0]; q.Connection != nil || q.Tries != 0 {
		t.Errorf("from the cache on %+v, %d tries", q.Connection, q.Tries)
	}
	e = event("127.0.0.1:4000", resolver.SourceRoute)
	e.Clear, e.AD = true, true
	r.eng.cfg.OnQuery(e)
	if q := r.Queries(1)[0]; q.Source != control.SourceRoute || q.Encrypted || !q.Authenticated || list[1].Authenticated {
		t.Errorf("query %+v", q)
	}
	if c := r.Status().Counters; c.Queries != 3 || c.Cached != 1 || c.Failures != 1 || c.MedianMS != 3 {
		t.Errorf("counters %+v", c)
	}
}

// TestSubscribe: a reader gets the status, then each change and query.
func TestSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		events := r.Subscribe(t.Context())
		next := func(name string) control.Event {
			t.Helper()
			for {
				e := <-events
				if e.Name == name {
					return e
				}
				if e.Name != control.EventStatus {
					t.Fatalf("event %s instead of %s", e.Name, name)
				}
			}
		}
		if e := <-events; e.Status == nil || e.Status.State != control.Stopped {
			t.Fatalf("first event %+v", e)
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if e := next(control.EventStatus); e.Status.State != control.Starting {
			t.Errorf("after the start: %s", e.Status.State)
		}
		r.eng.set(answeredBy(0))
		if e := next(control.EventStatus); e.Status.State != control.Protected {
			t.Errorf("after the answer: %s", e.Status.State)
		}
		if err := r.Use(t.Context(), "quad9"); err != nil {
			t.Fatal(err)
		}
		if e := next(control.EventSettings); e.Settings.Upstreams[0] != "quad9" {
			t.Errorf("settings %+v", e.Settings)
		}
		synctest.Wait() // the log is being followed
		r.eng.cfg.OnQuery(event("127.0.0.1:4000", resolver.SourceUpstream))
		// The first query of this computer is told in both ways at once.
		began := time.Now()
		for query, counted := false, false; !query || !counted; {
			switch e := <-events; e.Name {
			case control.EventQuery:
				query = e.Query.Name == "example.com."
			case control.EventStatus:
				counted = counted || e.Status.Counters.Queries == 1
			}
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it was told after %v", took)
		}
	})
}

func TestMetrics(t *testing.T) {
	r := newRig(t, nil)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.eng.set(answeredBy(0))
	r.eng.cfg.OnQuery(event("127.0.0.1:4000", resolver.SourceCache))
	var buf bytes.Buffer
	r.WriteMetrics(&buf)
	for _, want := range []string{
		`dotproxy_build_info{version="1.2.3"} 1`, `dotproxy_state{state="protected"} 1`, `dotproxy_state{state="failed"} 0`,
		`dotproxy_queries_total{source="cache"} 1`, `dotproxy_queries_total{source="upstream"} 0`, `dotproxy_cache_hits_total 1`,
		`dotproxy_upstream_connected{address="192.0.2.1:853",name="one.one.one.one"} 1`, `dotproxy_process_start_time_seconds `,
	} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("%s is missing", want)
		}
	}
	line := regexp.MustCompile(`^dotproxy_[a-z0-9_]+(\{.*\})? -?[0-9.eE+-]+$`)
	for text := range strings.Lines(buf.String()) {
		if !line.MatchString(strings.TrimSuffix(text, "\n")) {
			t.Errorf("line %q", text)
		}
	}
}

// TestNotInUse: an engine that serves nobody here says so.
func TestNotInUse(t *testing.T) {
	cases := []struct {
		about   string
		prepare func(*Options, *rig)
		local   resolver.Source // a query of this computer
		client  string          // from here, none if empty
		after   time.Duration
		want    string
	}{
		{"resolv.conf names us", func(_ *Options, r *rig) { r.asks = true }, 0, "", 0, ""},
		{"it names another", nil, 0, "", 0, control.VariantNotInUse},
		{"it cannot be read", func(_ *Options, r *rig) { r.known = false }, 0, "", 0, ""},
		{"this computer asked just now", nil, resolver.SourceCache, "127.0.0.1:4000", localPatience - time.Second, ""},
		{"it asked long ago", nil, resolver.SourceCache, "[::1]:4000", localPatience + time.Second, control.VariantNotInUse},
		{"only a health check asked", nil, resolver.SourceLocal, "127.0.0.1:4000", 0, control.VariantNotInUse},
		{"another computer asked", nil, resolver.SourceCache, "10.0.0.5:4000", 0, control.VariantNotInUse},
		{"it serves the network", func(o *Options, _ *rig) { o.Flags.Listen = []string{"0.0.0.0"} }, 0, "", 0, ""},
	}
	for _, c := range cases {
		t.Run(c.about, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(o *Options, r *rig) {
					r.asks = false
					if c.prepare != nil {
						c.prepare(o, r)
					}
				})
				if s := r.Status(); s.Variant != "" {
					t.Errorf("stopped: %q", s.Variant)
				}
				if err := r.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				r.eng.set(answeredBy(0))
				if c.client != "" {
					r.eng.cfg.OnQuery(event(c.client, c.local))
				}
				time.Sleep(c.after)
				s := r.Status()
				if s.State != control.Protected || s.Variant != c.want || (c.want != "") != strings.HasPrefix(s.Sentence, "This computer still asks") {
					t.Errorf("%s %q: %s %s", s.State, s.Variant, s.Sentence, s.Hint)
				}
			})
		})
	}
}

// TestUpstreams: each address stands with what is known of it.
func TestUpstreams(t *testing.T) {
	ups := parsed(t, []string{"quad9", "dns.example.net"})
	list := upstreams(ups, resolver.Health{})
	if len(list) < 2 || list[0].Address != "9.9.9.9:853" || list[0].Provider != "quad9" || list[0].Name != "dns.quad9.net" {
		t.Errorf("nothing known: %+v", list)
	}
	if last := list[len(list)-1]; last.Address != "" || last.Name != "dns.example.net" {
		t.Errorf("not looked up: %+v", last)
	}
	h := answeredBy(0)
	h.Servers[0].Median = 11200 * time.Microsecond
	h.Servers = append(h.Servers, resolver.ServerHealth{Upstream: 1, Fault: fault(resolver.FaultLookup, "its name could not be looked up")})
	list = upstreams(ups, h)
	want := []control.Upstream{
		{Address: "192.0.2.1:853", Name: "dns.quad9.net", Provider: "quad9", Connected: true, TLS: "TLS 1.3", KeyExchange: "X25519MLKEM768", MedianMS: 11.2},
		{Name: "dns.example.net", Provider: "dns.example.net", Error: "its name could not be looked up"},
	}
	if len(list) != 2 || list[0] != want[0] || list[1] != want[1] {
		t.Errorf("\n got %+v\nwant %+v", list, want)
	}
}
