package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// metric is one row of the table.
type metric struct {
	id    string // as in bench.tsv
	title string
	unit  string
	count bool // a whole number, of which a multiple says nothing
	chart bool // has a panel in the chart; less is better
	ifAny bool // left out of the table where it is 0 for all
}

// metrics are all of them, in the order of the table.
var metrics = []metric{
	{id: "hit_cpu", title: "Cached answers, full load: CPU per query", unit: "µs", chart: true},
	{id: "hit_qps", title: "Cached answers, full load: queries per second"},
	{id: "hit_failed", title: "Cached answers, full load: failed", count: true, ifAny: true},
	{id: "hit-rate_cpu", title: "Cached answers, 5,000/s: CPU per query", unit: "µs", chart: true},
	{id: "hit-rate_p99", title: "Cached answers, 5,000/s: 99 of 100 within", unit: "ms"},
	{id: "hit-rate_failed", title: "Cached answers, 5,000/s: failed", count: true, ifAny: true},
	{id: "miss_cpu", title: "Forwarded, full load: CPU per query", unit: "µs", chart: true},
	{id: "miss_qps", title: "Forwarded, full load: queries per second"},
	{id: "miss_failed", title: "Forwarded, full load: failed", count: true, ifAny: true},
	{id: "miss-rate_cpu", title: "Forwarded, 2,000/s: CPU per query", unit: "µs", chart: true},
	{id: "miss-rate_p99", title: "Forwarded, 2,000/s: 99 of 100 within", unit: "ms"},
	{id: "miss-rate_failed", title: "Forwarded, 2,000/s: failed", count: true, ifAny: true},
	{id: "burst_failed", title: "1,000 at once after a pause: lost or failed", count: true},
	{id: "burst_conns", title: "1,000 at once after a pause: TLS connections", count: true},
	{id: "burst_p99", title: "1,000 at once after a pause: 99 of 100 within", unit: "ms", chart: true},
	{id: "late_p50", title: "Server 20 ms away, 1,000/s: half within", unit: "ms", chart: true},
	{id: "late_p99", title: "Server 20 ms away, 1,000/s: 99 of 100 within", unit: "ms"},
	{id: "late_conns", title: "Server 20 ms away, 1,000/s: TLS connections", count: true},
	{id: "late_failed", title: "Server 20 ms away, 1,000/s: failed", count: true, ifAny: true},
	{id: "start_ms", title: "Start to first answer over TLS", unit: "ms", chart: true},
	{id: "memory_mib", title: "Memory after these", unit: "MiB", chart: true},
}

// label is the title with its unit.
func (m metric) label() string {
	if m.unit == "" {
		return m.title
	}
	return m.title + ", " + m.unit
}

// format writes a value with three digits or all before the point, "–" where
// there is none.
func (m metric) format(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case m.count || v >= 100:
		return thousands(math.Round(v))
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// multiple writes how many times ours a peer's value is, "" where that says
// nothing.
func (m metric) multiple(ours, peer float64) string {
	if m.count || math.IsNaN(ours) || math.IsNaN(peer) || ours <= 0 {
		return ""
	}
	if r := peer / ours; r < 10 {
		return fmt.Sprintf("%.2f×", r)
	} else {
		return thousands(math.Round(r)) + "×"
	}
}

// thousands writes a whole number with a comma before each three digits.
func thousands(v float64) string {
	s := strconv.FormatInt(int64(v), 10)
	var out []string
	for ; len(s) > 3; s = s[:len(s)-3] {
		out = append([]string{s[len(s)-3:]}, out...)
	}
	return strings.Join(append([]string{s}, out...), ",")
}
