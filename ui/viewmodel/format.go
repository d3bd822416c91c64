package viewmodel

import (
	"math"
	"strconv"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// none stands where a value is unknown.
const none = "–"

// Latency writes a time in milliseconds with as many digits as are of use:
// "0.04 ms", "1.2 ms", "64 ms", "1.8 s". A negative or non-finite one is
// unknown.
func Latency(ms float64) string { return words.Decimal(control.Latency(ms)) }

// Median is Latency for a median of which 0 means unknown.
func Median(ms float64) string {
	if ms == 0 {
		return none
	}
	return Latency(ms)
}

// Count writes a number with its thousands apart: "12,482".
func Count(n uint64) string { return words.Number(n) }

// Share writes part of whole in per cent, "71 %"; of nothing it is unknown, and
// only the whole is 100 %.
func Share(part, whole uint64) string {
	if whole == 0 {
		return none
	}
	share := math.Round(100 * float64(part) / float64(whole))
	if part < whole {
		share = min(share, 99)
	}
	return strconv.FormatFloat(share, 'f', 0, 64) + " %"
}

// Clock writes a time of day to the millisecond, in local time.
func Clock(t time.Time) string { return t.Local().Format("15:04:05.000") }

// Minute writes a time of day to the minute, in local time.
func Minute(t time.Time) string { return t.Local().Format("15:04") }

// HostName drops the final dot of a name; the root stays ".".
func HostName(name string) string { return control.HostName(name) }

// barFull is the latency in milliseconds at which a bar is full.
const barFull = 400

// barLeast is the share of the track that shows even the fastest answer.
const barLeast = 0.04

// BarLength is the share of its track that the bar of a latency fills, 0.04 to
// 1, scaled by the square root so that fast answers can be told apart.
func BarLength(ms float64) float64 {
	return min(1, max(barLeast, math.Sqrt(max(0, ms)/barFull)))
}

// Date writes a day, in local time.
func Date(t time.Time) string { return t.Local().Format(words.T("2 January 2006")) }
