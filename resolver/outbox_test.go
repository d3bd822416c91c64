package resolver

import (
	"sync"
	"testing"
	"testing/synctest"
)

// What is put while somebody sends goes out together, each exactly once.
func TestOutboxGathers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const first, rest = 1, 99
		release := make(chan struct{})
		var rounds []int
		seen := map[*datagram]int{}
		var o outbox
		o.send = func(list []*datagram) {
			if len(rounds) == 0 {
				<-release
			}
			rounds = append(rounds, len(list))
			for _, d := range list {
				seen[d]++
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() { o.put(new(datagram)) })
		synctest.Wait()
		for range rest {
			wg.Go(func() { o.put(new(datagram)) })
		}
		synctest.Wait()
		close(release)
		wg.Wait()
		if len(seen) != first+rest || len(rounds) != 2 || rounds[1] != rest {
			t.Errorf("%d sent in rounds of %v, want %d in two", len(seen), rounds, first+rest)
		}
		for _, n := range seen {
			if n != 1 {
				t.Errorf("one was sent %d times", n)
			}
		}
	})
}
