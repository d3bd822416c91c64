package viewmodel

import (
	"time"

	"dotproxy/app/control"
)

// The chart's extent.
const (
	// ChartBars is the number of bars.
	ChartBars = 60
	// BarSpan is the time that one bar stands for.
	BarSpan = 10 * time.Second
)

// Bar is what happened in one BarSpan.
type Bar struct {
	Cached, Other, Failures uint64
	// MedianMS is the median latency of upstream answers at its end, in
	// milliseconds; 0 where nothing was known.
	MedianMS float64
}

// History is the last ten minutes, counted from what the engine's counters
// grew by while it was watched. The zero History has watched nothing.
type History struct {
	bars   [ChartBars]Bar
	newest int64 // the BarSpan since 1970 of bars[ChartBars-1]
	last   control.Counters
	pid    int
	since  time.Time
}

// Note takes the counters of s, known at now. The first of a window only set
// the mark; of an engine that was started meanwhile all count.
func (h *History) Note(s control.Status, now time.Time) {
	h.Advance(now)
	grown := s.Counters
	switch {
	case h.since.IsZero():
		h.since, grown = now, control.Counters{}
	case h.pid == s.PID && grown.Queries >= h.last.Queries:
		grown = control.Counters{
			Queries:  grown.Queries - h.last.Queries,
			Cached:   grown.Cached - min(grown.Cached, h.last.Cached),
			Failures: grown.Failures - min(grown.Failures, h.last.Failures),
		}
	}
	bar := &h.bars[ChartBars-1]
	bar.Cached += grown.Cached
	bar.Other += grown.Queries - min(grown.Cached, grown.Queries)
	bar.Failures += grown.Failures
	bar.MedianMS = s.Counters.MedianMS
	h.last, h.pid = s.Counters, s.PID
}

// Advance moves the bars so that the last one stands for now.
func (h *History) Advance(now time.Time) {
	span := now.UnixNano() / int64(BarSpan)
	if h.newest == 0 || span < h.newest {
		h.newest = span
	}
	shift := int(min(span-h.newest, ChartBars))
	if shift == 0 {
		return
	}
	copy(h.bars[:], h.bars[shift:])
	clear(h.bars[ChartBars-shift:])
	h.newest = span
}

// Bars returns the bars, oldest first.
func (h *History) Bars() []Bar { return append([]Bar(nil), h.bars[:]...) }

// Caption says what the bars cover: all ten minutes, or since the watch began.
func (h *History) Caption(now time.Time) string {
	if h.since.IsZero() || now.Sub(h.since) >= ChartBars*BarSpan {
		return "Queries, last 10 minutes"
	}
	return "Queries since this window opened"
}
