package main

import (
	"strings"
	"testing"
	"time"
)

func TestFigures(t *testing.T) {
	var f figures
	said := func() string {
		var b strings.Builder
		f.report(&b)
		return b.String()
	}
	if got := said(); got != "frames 0\n" {
		t.Errorf("nothing drawn: %q", got)
	}
	for i := range 100 {
		f.note(time.Duration(100-i) * time.Millisecond)
	}
	if got := said(); got != "frames 100 half 50.0 most 99.0 all 100.0\n" {
		t.Errorf("%q", got)
	}
	for range maxFrames {
		f.note(0)
	}
	if len(f.times) != maxFrames {
		t.Errorf("%d are remembered", len(f.times))
	}
}
