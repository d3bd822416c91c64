package querylog

import (
	"context"
	"sync"
	"testing"

	"dotproxy/app/control"
)

// TestConcurrentUse has every method run at once; what the reader gets and what
// it is told it lost must add up.
func TestConcurrentUse(t *testing.T) {
	const writers, each = 4, 5000
	log := New(64, control.LogFull)
	ctx, cancel := context.WithCancel(t.Context())
	var seen, lost uint64
	var readers, adders sync.WaitGroup
	follow := log.Follow(ctx)
	readers.Go(func() {
		for batch, n := range follow {
			seen, lost = seen+uint64(len(batch)), lost+n
			for _, q := range batch {
				if q.Name != "example.com." || q.TTL != 287 {
					t.Errorf("torn entry: %+v", q)
				}
			}
			if seen+lost == writers*each {
				cancel()
			}
		}
	})
	e := entry(t, "example.com.")
	for range writers {
		adders.Go(func() {
			for range each {
				log.Add(e)
			}
		})
	}
	readers.Go(func() {
		for ctx.Err() == nil {
			log.Recent(10)
			log.Counters()
		}
	})
	adders.Wait()
	readers.Wait()
	if seen+lost != writers*each || log.Counters().Queries != writers*each {
		t.Errorf("%d seen and %d lost of %d", seen, lost, writers*each)
	}
}

func TestSwitchingWhileAddingShowsNoName(t *testing.T) {
	log := New(64, control.LogFull)
	e := entry(t, "example.com.")
	var adders sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for range 4 {
		adders.Go(func() {
			for ctx.Err() == nil {
				log.Add(e)
			}
		})
	}
	for range 200 {
		log.SetPrivacy(control.LogHideNames)
		for _, q := range log.Recent(0) {
			if q.Name != "" || q.Client != "" {
				t.Errorf("shown after the switch: %+v", q)
			}
		}
		log.SetPrivacy(control.LogOff)
		if got := log.Recent(0); len(got) > 0 {
			t.Errorf("%d are kept while off", len(got))
		}
		log.SetPrivacy(control.LogFull)
	}
	cancel()
	adders.Wait()
}

func BenchmarkAdd(b *testing.B) {
	for _, level := range []control.LogPrivacy{control.LogFull, control.LogHideNames, control.LogOff} {
		b.Run(string(level), func(b *testing.B) {
			log, e := New(0, level), entry(b, "example.com.")
			b.ReportAllocs()
			for b.Loop() {
				log.Add(e)
			}
		})
	}
}

func BenchmarkAddParallel(b *testing.B) {
	for _, read := range []bool{false, true} {
		b.Run(map[bool]string{false: "nobody reads", true: "followed"}[read], func(b *testing.B) {
			log, e := New(0, control.LogFull), entry(b, "example.com.")
			if read {
				ctx, cancel := context.WithCancel(b.Context())
				var reader sync.WaitGroup
				follow := log.Follow(ctx)
				reader.Go(func() {
					for range follow {
					}
				})
				defer reader.Wait()
				defer cancel()
			}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					log.Add(e)
				}
			})
		})
	}
}
