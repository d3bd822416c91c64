package viewmodel

import (
	"slices"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/words"
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

// Backfill counts the queries that were answered before the watch began, oldest
// first; all tells whether none is missing since the engine started. It is for
// the time right after the first Note.
func (h *History) Backfill(list []control.Query, all bool, now time.Time) {
	h.Advance(now)
	began := h.since
	if all || len(list) > 0 && now.Sub(list[0].Time) >= ChartBars*BarSpan {
		h.since = now.Add(-ChartBars * BarSpan)
	}
	times := make(map[*Bar][]float64)
	for i := range list {
		q := &list[i]
		place := ChartBars - 1 - int(h.newest-q.Time.UnixNano()/int64(BarSpan))
		if place < 0 || place >= ChartBars || !q.Time.Before(began) {
			continue
		}
		if q.Time.Before(h.since) {
			h.since = q.Time
		}
		bar := &h.bars[place]
		bar.count(q)
		if q.Source == control.SourceUpstream && !q.Failed() {
			times[bar] = append(times[bar], q.MS)
		}
	}
	for bar, list := range times {
		slices.Sort(list)
		bar.MedianMS = list[len(list)/2]
	}
}

func (b *Bar) count(q *control.Query) {
	if q.Source == control.SourceCache {
		b.Cached++
	} else {
		b.Other++
	}
	if q.Failed() {
		b.Failures++
	}
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

// Caption says what the bars cover: all ten minutes, or since when.
func (h *History) Caption(now time.Time) string {
	if h.since.IsZero() || now.Sub(h.since) >= ChartBars*BarSpan {
		return words.T("Queries, last 10 minutes")
	}
	return words.T("Queries since {{.Time}}", "Time", Minute(h.since))
}
