package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// fact is a line about the machine or the measurement.
type fact struct{ name, text string }

// results are what bench.tsv holds.
type results struct {
	facts      []fact
	forwarders []string // in the order in which they were measured
	values     map[string]map[string][]float64
}

// read takes lines of "# name<TAB>text" and of forwarder, run, metric and
// value.
func read(r io.Reader) (*results, error) {
	res := &results{values: map[string]map[string][]float64{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		if about, ok := strings.CutPrefix(lines.Text(), "# "); ok {
			name, text, _ := strings.Cut(about, "\t")
			res.facts = append(res.facts, fact{name, text})
			continue
		}
		field := strings.Split(lines.Text(), "\t")
		if len(field) != 4 {
			return nil, fmt.Errorf("line %d has %d fields, not forwarder, run, metric and value", n, len(field))
		}
		v, err := strconv.ParseFloat(field[3], 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return nil, fmt.Errorf("line %d: %q is not a value", n, field[3])
		}
		res.add(field[0], field[2], v)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(res.forwarders) == 0 {
		return nil, fmt.Errorf("nothing was measured")
	}
	return res, nil
}

func (r *results) add(forwarder, metric string, v float64) {
	if r.values[forwarder] == nil {
		r.forwarders = append(r.forwarders, forwarder)
		r.values[forwarder] = map[string][]float64{}
	}
	r.values[forwarder][metric] = append(r.values[forwarder][metric], v)
}

// median of all runs, NaN where there is none.
func (r *results) median(forwarder, metric string) float64 {
	v := slices.Clone(r.values[forwarder][metric])
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// rows are the metrics that were measured and say something.
func (r *results) rows() []metric {
	return slices.DeleteFunc(slices.Clone(metrics), func(m metric) bool {
		measured, any := false, false
		for _, f := range r.forwarders {
			v := r.median(f, m.id)
			measured = measured || !math.IsNaN(v)
			any = any || v > 0
		}
		return !measured || m.ifAny && !any
	})
}
