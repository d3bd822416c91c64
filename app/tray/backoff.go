package tray

import "time"

const (
	backoffFirst = 500 * time.Millisecond
	backoffMost  = 30 * time.Second
	// An engine that lived so long did not fail for what ended the one before.
	backoffReset = time.Minute
)

// backoff spaces the starts of an engine that keeps dying. The zero value is
// ready for use.
type backoff struct{ failures int }

// next counts a death, or a start that failed, and tells how long to wait
// before the next start. The first is mended at once.
func (b *backoff) next(lived time.Duration) time.Duration {
	if lived >= backoffReset {
		b.failures = 0
	}
	b.failures++
	if b.failures == 1 {
		return 0
	}
	wait := backoffFirst
	for range b.failures - 2 {
		if wait = min(wait*2, backoffMost); wait == backoffMost {
			break
		}
	}
	return wait
}
