package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sample = "# Machine\tA computer <with> & cores\n" +
	"dot-proxy\t1\thit_cpu\t2\ndot-proxy\t2\thit_cpu\t9\ndot-proxy\t3\thit_cpu\t4\n" +
	"dot-proxy\t1\tburst_failed\t0\ndot-proxy\t1\thit_failed\t0\n" +
	"dot-proxy\t1\thit_qps\t150000\n" +
	"unbound\t1\thit_cpu\t5\nunbound\t2\thit_cpu\t7\nunbound\t1\thit_failed\t0\nunbound\t1\tburst_failed\t12\n"

func sampleResults(t *testing.T) *results {
	t.Helper()
	r, err := read(strings.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":       {"# Machine\tnone\n", "nothing was measured"},
		"three fields":  {"unbound\t1\thit_cpu\n", "line 1 has 3 fields"},
		"no number":     {"# a\tb\nunbound\t1\thit_cpu\tfast\n", `line 2: "fast" is not a value`},
		"no number NaN": {"unbound\t1\thit_cpu\tNaN\n", `"NaN" is not a value`},
		"negative":      {"unbound\t1\thit_cpu\t-1\n", `"-1" is not a value`},
	} {
		if _, err := read(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	r := sampleResults(t)
	for _, c := range []struct {
		forwarder, metric string
		want              float64
	}{{"dot-proxy", "hit_cpu", 4}, {"unbound", "hit_cpu", 6}, {"unbound", "hit_qps", math.NaN()}} {
		if got := r.median(c.forwarder, c.metric); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%s %s: %v, want %v", c.forwarder, c.metric, got, c.want)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		m    metric
		v    float64
		want string
	}{
		{metric{}, math.NaN(), "–"}, {metric{}, 0, "0.00"}, {metric{}, 5.124, "5.12"}, {metric{}, 35.44, "35.4"},
		{metric{}, 999.6, "1,000"}, {metric{}, 1234567, "1,234,567"}, {metric{count: true}, 3, "3"},
	} {
		if got := c.m.format(c.v); got != c.want {
			t.Errorf("%v: %q, want %q", c.v, got, c.want)
		}
	}
	for _, c := range []struct {
		m          metric
		ours, peer float64
		want       string
	}{
		{metric{}, 2, 5, "2.50×"}, {metric{}, 1, 1234, "1,234×"}, {metric{}, 0, 5, ""},
		{metric{}, 2, math.NaN(), ""}, {metric{}, math.NaN(), 2, ""}, {metric{count: true}, 1, 10, ""},
	} {
		if got := c.m.multiple(c.ours, c.peer); got != c.want {
			t.Errorf("%v of %v: %q, want %q", c.peer, c.ours, got, c.want)
		}
	}
}

func TestTables(t *testing.T) {
	r := sampleResults(t)
	var text strings.Builder
	if err := r.writeText(&text); err != nil {
		t.Fatal(err)
	}
	fields := strings.Join(strings.Fields(text.String()), " ")
	for _, want := range []string{
		"Machine: A computer", "median DoT Proxy Unbound",
		"CPU per query, µs 4.00 6.00", "queries per second 150,000 –", "lost or failed 0 12",
		"as a multiple of DoT Proxy DoT Proxy Unbound", "CPU per query 1.00× 1.50×",
	} {
		if !strings.Contains(fields, want) {
			t.Errorf("%q is not in\n%s", want, text.String())
		}
	}
	if strings.Contains(fields, "full load: failed") {
		t.Error("a row in which nothing failed")
	}
	page := r.markdown("there.svg")
	for _, want := range []string{
		"](there.svg)\n\n| | DoT Proxy | Unbound |\n|---|---:|---:|\n| Cached answers, full load: CPU per query, µs | 4.00 | 6.00 (1.50×) |\n",
		"| 1,000 at once after a pause: lost or failed | 0 | 12 |\n", "- Machine: A computer",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
}

func TestChart(t *testing.T) {
	r := sampleResults(t)
	r.add("a<b", "hit_cpu", 8)
	r.add("a<b", "start_ms", 80)
	chart := r.chart()
	bars := map[string]string{} // by class and width
	for d := xml.NewDecoder(strings.NewReader(chart)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, chart)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			at := map[string]string{}
			for _, a := range e.Attr {
				at[a.Name.Local] = a.Value
			}
			bars[at["class"]] += " " + at["width"]
		}
	}
	// The panels' longest bars have all the room: 440 - 40 - 78 - 122.
	if bars["ours"] != " 100.0 0.0" || bars["peer"] != " 150.0 200.0 0.0 200.0" {
		t.Errorf("bars are %q", bars)
	}
	for _, want := range []string{">4.00<", ">6.00  ·  1.50×<", ">a&lt;b<", ">–<", "prefers-color-scheme: dark"} {
		if !strings.Contains(chart, want) {
			t.Errorf("%q is not in\n%s", want, chart)
		}
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "README.md")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if err := run(dir, ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without bench.tsv: %v", err)
	}
	write("bench.tsv", sample)
	if err := os.Mkdir(filepath.Join(dir, "assets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"no marks\n", startMark + "no end\n"} {
		write("README.md", text)
		if err := run(dir, page); err == nil || !strings.Contains(err.Error(), "mark") {
			t.Errorf("%q: %v", text, err)
		}
		if read("README.md") != text {
			t.Errorf("%q was changed", text)
		}
	}
	write("README.md", "before\n"+startMark+"old\n"+endMark+"after\n")
	for range 2 { // the second time changes nothing
		if err := run(dir, page); err != nil {
			t.Fatal(err)
		}
		want := "before\n" + startMark + strings.ReplaceAll(read("bench.md"), "(bench.svg)", "(assets/bench.svg)") + endMark + "after\n"
		if got := read("README.md"); got != want {
			t.Errorf("README is %q, want %q", got, want)
		}
	}
	if read("assets/bench.svg") != read("bench.svg") {
		t.Error("the two charts differ")
	}
}
