package resolver

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

func TestCoalesceAsksOnce(t *testing.T) {
	for name, want := range map[string]error{"answer": nil, "failure": errors.New("no luck")} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var asked atomic.Int32
				c := newCoalescer(exchangerFunc(func(context.Context, *question) (*answer, error) {
					asked.Add(1)
					time.Sleep(time.Second)
					return &answer{}, want
				}), new(atomic.Uint64))
				var shared atomic.Int32
				var wg sync.WaitGroup
				for range 100 {
					wg.Go(func() {
						a, err := c.exchange(t.Context(), ask("a.example", dns.TypeA))
						if !errors.Is(err, want) {
							t.Errorf("error %v, want %v", err, want)
						}
						if a != nil && a.source == SourceCoalesced {
							shared.Add(1)
						}
					})
				}
				wg.Wait()
				if asked.Load() != 1 || want == nil && shared.Load() != 99 {
					t.Errorf("%d asked, %d shared", asked.Load(), shared.Load())
				}
				if len(c.open) != 0 {
					t.Error("the flight stays")
				}
			})
		})
	}
}

// Each waits for its own deadline, not for that of the one who asked.
func TestCoalesceDeadlines(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := newCoalescer(exchangerFunc(func(ctx context.Context, _ *question) (*answer, error) {
			select {
			case <-time.After(1500 * time.Millisecond):
				return &answer{}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}), new(atomic.Uint64))
		var wg sync.WaitGroup
		wait := func(d time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			_, err := c.exchange(ctx, ask("a.example", dns.TypeA))
			return err
		}
		wg.Go(func() {
			if err := wait(time.Second); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("leader: %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if err := wait(500 * time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("impatient follower: %v", err)
			}
		})
		wg.Go(func() {
			if err := wait(4 * time.Second); err != nil {
				t.Errorf("patient follower was given the leader’s deadline: %v", err)
			}
		})
		wg.Wait()
	})
}

// Who asks after the upstreams changed does not get what the old ones say.
func TestCoalesceNotAcrossEpochs(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var asked atomic.Int32
		epoch := new(atomic.Uint64)
		c := newCoalescer(exchangerFunc(func(context.Context, *question) (*answer, error) {
			asked.Add(1)
			time.Sleep(time.Second)
			return &answer{}, nil
		}), epoch)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { _, _ = c.exchange(t.Context(), ask("a.example", dns.TypeA)) })
			synctest.Wait()
			epoch.Add(1)
		}
		wg.Wait()
		if asked.Load() != 2 {
			t.Errorf("asked %d times, want once for each epoch", asked.Load())
		}
	})
}
