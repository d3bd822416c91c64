package control

import "fmt"

// Limits of Settings about the cache and about how much a client may ask.
const (
	// MaxTTL bounds CacheMinTTL and CacheMaxTTL, in seconds: a day.
	MaxTTL = 86400
	// MaxStaleHours bounds StaleHours: a week.
	MaxStaleHours = 168

	maxQueries = 1_000_000
	maxSeconds = 7 * 86400
)

func checkMinTTL(least, most int) *Problem {
	switch {
	case least < 0 || least > MaxTTL:
		return BadValue("cache_min_ttl", fmt.Sprintf("The cache cannot keep answers for at least %d seconds.", least),
			fmt.Sprintf("Enter a number from 0 to %d; 0 keeps them for as long as they say.", MaxTTL))
	case least > most && most >= 1:
		return BadValue("cache_min_ttl", fmt.Sprintf("The cache cannot keep answers for at least %d and at most %d seconds.", least, most),
			"Enter a number that is not above cache_max_ttl.")
	}
	return nil
}

func checkMaxTTL(most int) *Problem {
	if most >= 1 && most <= MaxTTL {
		return nil
	}
	return BadValue("cache_max_ttl", fmt.Sprintf("The cache cannot keep answers for at most %d seconds.", most),
		fmt.Sprintf("Enter a number from 1 to %d, which is a day; cache_mib = 0 turns the cache off.", MaxTTL))
}

func checkStale(hours int) *Problem {
	if hours >= 0 && hours <= MaxStaleHours {
		return nil
	}
	return BadValue("stale_hours", fmt.Sprintf("Answers cannot be given for %d hours after their end.", hours),
		fmt.Sprintf("Enter a number from 0 (never) to %d, which is a week.", MaxStaleHours))
}

// check returns the first value that cannot be used, with its key as Entry.
func (r RateLimit) check() *Problem {
	for _, v := range []struct {
		entry             string
		value, from, most int
		what              string
	}{
		{"per_second", r.PerSecond, 0, maxQueries, "queries a second; 0 means no limit"},
		{"burst", r.Burst, min(r.PerSecond, 1), maxQueries, "queries at once"},
		{"block_after", r.BlockAfter, 0, maxQueries, "queries over the limit; 0 means never"},
		{"block_window", r.BlockWindow, min(r.BlockAfter, 1), maxSeconds, "a time in seconds"},
		{"block_for", r.BlockFor, min(r.BlockAfter, 1), maxSeconds, "a time in seconds"},
	} {
		if v.value < v.from || v.value > v.most {
			p := BadValue("rate_limit", fmt.Sprintf("The limit of queries cannot have %d as its %s.", v.value, v.entry),
				fmt.Sprintf("Enter a number from %d to %d: %s.", v.from, v.most, v.what))
			p.Entry = v.entry
			return p
		}
	}
	return nil
}
