package guard

import "time"

// A fight: so many changes back within so short a time.
const (
	maxFights   = 10
	fightWindow = 5 * time.Second
)

// fights counts how often another's change was changed back lately.
type fights struct{ times []time.Time }

// again counts one more at now; false means that it is enough.
func (f *fights) again(now time.Time) bool {
	recent := f.times[:0]
	for _, t := range f.times {
		if now.Sub(t) < fightWindow {
			recent = append(recent, t)
		}
	}
	f.times = recent
	if len(f.times) >= maxFights {
		return false
	}
	f.times = append(f.times, now)
	return true
}
