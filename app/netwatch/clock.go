package netwatch

import "time"

// slept is how far the wall clock must have run ahead of the monotonic one,
// which stands still while the computer sleeps, for that to be a sleep.
const slept = 5 * time.Second

// Clock tells by its clocks that the computer slept, where nobody else does:
// the next time that it is asked. The zero value is ready.
type Clock struct {
	first time.Time
	ahead time.Duration // by which the wall clock ran ahead since then
}

// Woke tells whether the computer slept since it was asked before. A clock that
// is set ahead looks the same. now is of time.Now.
func (c *Clock) Woke(now time.Time) bool {
	if c.first.IsZero() {
		c.first = now
	}
	return c.ranAhead(now.Round(0).Sub(c.first.Round(0)), now.Sub(c.first))
}

// ranAhead is Woke where so much time is over by the two clocks.
func (c *Clock) ranAhead(wall, monotonic time.Duration) bool {
	before := c.ahead
	c.ahead = wall - monotonic
	return c.ahead-before >= slept
}
