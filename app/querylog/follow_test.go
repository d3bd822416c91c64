package querylog

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
)

func TestFollowDeliversEachOnceInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := New(1000, control.LogFull)
		log.Add(entry(t, "before."))
		var got []control.Query
		var batches int
		ctx, cancel := context.WithCancel(t.Context())
		follow, done := log.Follow(ctx), make(chan struct{})
		go func() {
			defer close(done)
			for batch, lost := range follow {
				if lost > 0 {
					t.Errorf("%d lost", lost)
				}
				got = append(got, batch...)
				batches++
			}
		}()
		var want []string
		for i := range 300 { // one a millisecond
			name := strconv.Itoa(i) + "."
			want = append(want, name)
			log.Add(entry(t, name))
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if batches > 300/50+2 {
			t.Errorf("woken %d times in 300 ms", batches)
		}
		log.Add(entry(t, "last."))
		synctest.Wait() // at once after a rest
		cancel()
		<-done
		wantNames(t, got, append(want, "last.")...)
		if len(log.list) > 0 {
			t.Error("a reader that left is still listed")
		}
	})
}

func TestFollowCountsWhatItLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := New(4, control.LogFull)
		var got []control.Query
		var lost []uint64
		go func() {
			for batch, n := range log.Follow(t.Context()) {
				got, lost = append(got, batch...), append(lost, n)
			}
		}()
		synctest.Wait()
		log.Add(entry(t, "a."))
		synctest.Wait()
		for _, name := range []string{"b.", "c.", "d.", "e.", "f.", "g."} {
			log.Add(entry(t, name))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		wantNames(t, got, "a.", "d.", "e.", "f.", "g.")
		if !slices.Equal(lost, []uint64{0, 2}) {
			t.Errorf("lost %v, want 0 then 2", lost)
		}
	})
}

func TestFollowGoesOnAcrossLevels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := New(8, control.LogFull)
		var got []control.Query
		go func() {
			for batch, lost := range log.Follow(t.Context()) {
				got = append(got, batch...)
				if lost > 0 {
					t.Errorf("what is forgotten on purpose counts as lost: %d", lost)
				}
			}
		}()
		rest := func() { time.Sleep(time.Second); synctest.Wait() }
		rest()
		log.Add(entry(t, "a."))
		rest()
		log.SetPrivacy(control.LogOff)
		log.Add(entry(t, "b."))
		rest()
		log.SetPrivacy(control.LogHideNames)
		log.Add(entry(t, "c."))
		rest()
		log.SetPrivacy(control.LogFull)
		log.Add(entry(t, "d."))
		rest()
		wantNames(t, got, "a.", "", "d.")
	})
}

// TestAReaderBehindWhatIsForgotten goes on with what came after.
func TestAReaderBehindWhatIsForgotten(t *testing.T) {
	log := New(8, control.LogFull)
	log.Add(entry(t, "a."))
	log.Add(entry(t, "b."))
	log.SetPrivacy(control.LogHideNames)
	log.SetPrivacy(control.LogFull)
	log.Add(entry(t, "c."))
	batch, lost, upTo := log.since(0)
	if lost != 0 || upTo != 3 {
		t.Errorf("%d lost, goes on after %d", lost, upTo)
	}
	wantNames(t, batch, "c.")
}

// TestALateWriterDoesNotReplaceALaterEntry: the ring came round while one was
// about to write.
func TestALateWriterDoesNotReplaceALaterEntry(t *testing.T) {
	log := New(1, control.LogFull)
	early, late := entry(t, "early."), entry(t, "late.")
	log.next.Store(2)
	log.slot(2).store(2, &late, &log.level)
	log.slot(1).store(1, &early, &log.level)
	wantNames(t, log.Recent(0), "late.")
}
