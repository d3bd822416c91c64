package daemon

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
)

// todayRig is a daemon that keeps its counters at path; its log goes to said.
func todayRig(t *testing.T, path string, keep bool, said *strings.Builder) *rig {
	t.Helper()
	r := newRig(t, func(o *Options, r *rig) {
		o.StatisticsPath = path
		if said != nil {
			o.Logger = slog.New(slog.NewTextHandler(said, nil))
		}
		r.store.settings.KeepStatistics = keep
	})
	return r
}

// ask has the engine answer: two from the cache, of which one failed, and one
// from an upstream.
func (r *rig) ask() {
	for i, source := range []resolver.Source{resolver.SourceCache, resolver.SourceCache, resolver.SourceUpstream} {
		rcode := 0
		if i == 0 {
			rcode = 2
		}
		r.eng.cfg.OnQuery(&resolver.Event{Time: time.Now(), Source: source, RCode: rcode})
	}
}

func counts(c control.Counters) [3]uint64 { return [3]uint64{c.Queries, c.Cached, c.Failures} }

// wait lets the virtual time run.
func (r *rig) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestCountersOutliveARestartOnlyWhereAskedFor(t *testing.T) {
	for _, keep := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "dot-proxy", "statistics")
		synctest.Test(t, func(t *testing.T) {
			r := todayRig(t, path, keep, nil)
			r.ask()
			r.wait(countEvery + time.Second) // a killed engine has saved by then
			if text := read(t, path); keep != strings.Contains(text, `"queries":3`) || keep == (text == "(none)") {
				t.Errorf("keep %v: the file says %s", keep, text)
			}
			r.ask()
			if err := r.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			next := todayRig(t, path, keep, nil)
			next.ask()
			want := [3]uint64{3, 2, 1}
			if keep {
				want = [3]uint64{9, 6, 3}
			}
			if got := counts(next.Status().Counters); got != want {
				t.Errorf("keep %v: %v, want %v", keep, got, want)
			}
		})
	}
}

func TestCountersBeginAtMidnight(t *testing.T) {
	path := filepath.Join(t.TempDir(), "statistics")
	synctest.Test(t, func(t *testing.T) {
		r := todayRig(t, path, true, nil)
		r.ask()
		r.wait(24 * time.Hour)
		if got := counts(r.Status().Counters); got != [3]uint64{} {
			t.Errorf("a day later %v", got)
		}
		r.ask()
		if got := counts(r.Status().Counters); got != [3]uint64{3, 2, 1} {
			t.Errorf("of the new day %v", got)
		}
		_ = r.Close(t.Context())
		r.wait(24 * time.Hour)
		next := todayRig(t, path, true, nil)
		if got := counts(next.Status().Counters); got != [3]uint64{} {
			t.Errorf("yesterday's count: %v", got)
		}
	})
}

func TestTheMetricsNeverStartAgainAtMidnight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := todayRig(t, "", false, nil)
		r.ask()
		r.wait(24 * time.Hour)
		r.Status()
		var b strings.Builder
		r.WriteMetrics(&b)
		if !strings.Contains(b.String(), "dotproxy_cache_hits_total 2\n") {
			t.Errorf("metrics:\n%s", b.String())
		}
	})
}

func TestTurnedOffTheCountersAreRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "statistics")
	r := todayRig(t, path, true, nil)
	r.ask()
	r.saveToday()
	put(t, path+".damaged", "x")
	s := r.Settings()
	s.KeepStatistics = false
	if err := r.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) > 0 || counts(r.Status().Counters)[0] != 3 {
		t.Errorf("left %v, counters %v", left, r.Status().Counters)
	}
	s.KeepStatistics = true
	if err := r.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if r.saveToday(); !strings.Contains(read(t, path), `"queries":3`) {
		t.Errorf("turned on again: %s", read(t, path))
	}
	// And at the next start, where somebody else changed the settings.
	_ = r.Close(t.Context())
	if todayRig(t, path, false, nil); read(t, path) != "(none)" {
		t.Errorf("at the next start: %s", read(t, path))
	}
}

func TestDamagedCountersAreSetAsideAndNamed(t *testing.T) {
	for _, text := range []string{
		"", "{", `{"day":"today"}`, `{"day":"2026-11-23","queries":1,"cached":2}`, `{"day":"2026-11-23","queries":-1}`,
		`{"day":"2026-11-23","queries":18446744073709551615}`,
	} {
		path := filepath.Join(t.TempDir(), "statistics")
		put(t, path, text)
		var said strings.Builder
		r := todayRig(t, path, true, &said)
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if read(t, path+".damaged") != text || !strings.Contains(said.String(), path+".damaged") {
			t.Errorf("%q: aside %q, said %s", text, read(t, path+".damaged"), said.String())
		}
	}
}

func TestADemoNeitherReadsNorRemovesCounters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "statistics")
	put(t, path, "mine")
	r := newRig(t, func(o *Options, _ *rig) {
		o.StatisticsPath, o.Demo = path, &Demo{Upstream: parsed(t, []string{"quad9"})[0]}
	})
	s := r.Settings()
	s.KeepStatistics = true
	if err := r.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	r.ask()
	if err := r.Close(t.Context()); err != nil || read(t, path) != "mine" {
		t.Errorf("%q, %v", read(t, path), err)
	}
}

// FuzzParseDay: no text makes the parser fail, and what is accepted can be.
func FuzzParseDay(f *testing.F) {
	f.Add([]byte(`{"day":"2026-11-23","queries":12,"cached":8,"failures":1}`))
	f.Add([]byte(`{"day":"2026-02-30"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := parseDay(text)
		if err == nil && (d.Day == "" || d.Cached > d.Queries || d.Failures > d.Queries) {
			t.Errorf("%s is %+v", text, d)
		}
	})
}
