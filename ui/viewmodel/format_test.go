package viewmodel

import (
	"math"
	"testing"
)

func TestLatency(t *testing.T) {
	for ms, want := range map[float64]string{
		0: "0.00 ms", 0.04: "0.04 ms", 0.994: "0.99 ms", 0.996: "1.0 ms", 1.24: "1.2 ms", 9.94: "9.9 ms", 9.96: "10 ms",
		64.4: "64 ms", 412: "412 ms", 999.4: "999 ms", 999.6: "1.0 s", 1840: "1.8 s", -1: "–", math.Inf(1): "–",
	} {
		if got := Latency(ms); got != want {
			t.Errorf("Latency(%v) = %q, want %q", ms, got, want)
		}
	}
	if got := Latency(math.NaN()); got != "–" {
		t.Errorf("Latency(NaN) = %q", got)
	}
	if got := Median(0); got != "–" {
		t.Errorf("an unknown median is %q", got)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 12482: "12,482", 1234567: "1,234,567"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	for _, c := range []struct {
		part, whole uint64
		want        string
	}{{0, 0, "–"}, {0, 5, "0 %"}, {71, 100, "71 %"}, {999, 1000, "99 %"}, {7, 7, "100 %"}} {
		if got := Share(c.part, c.whole); got != c.want {
			t.Errorf("Share(%d, %d) = %q, want %q", c.part, c.whole, got, c.want)
		}
	}
}

func TestHostName(t *testing.T) {
	for name, want := range map[string]string{"example.com.": "example.com", ".": ".", "": "", "a": "a"} {
		if got := HostName(name); got != want {
			t.Errorf("HostName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestBarLength(t *testing.T) {
	for ms, want := range map[float64]float64{-5: 0.04, 0: 0.04, 100: 0.5, 400: 1, 9000: 1} {
		if got := BarLength(ms); math.Abs(got-want) > 1e-9 {
			t.Errorf("BarLength(%v) = %v, want %v", ms, got, want)
		}
	}
}
