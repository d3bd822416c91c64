package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// figuresWanted is the environment variable that has the window say at its end
// how fast it was drawn; packaging/figures.sh sets it.
const figuresWanted = "DOTPROXY_FIGURES"

// maxFrames bounds what is remembered: an hour at four a second.
const maxFrames = 4 * 3600

// figures are the times that frames took. The methods may be called at the same
// time.
type figures struct {
	mu    sync.Mutex
	times []time.Duration
}

func (f *figures) note(took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.times) < maxFrames {
		f.times = append(f.times, took)
	}
}

// report writes how many frames there were, and for three shares of them within
// how many milliseconds they were drawn.
func (f *figures) report(w io.Writer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.times) == 0 {
		fmt.Fprintln(w, "frames 0")
		return
	}
	slices.Sort(f.times)
	at := func(share int) float64 {
		return float64(f.times[(len(f.times)-1)*share/100].Microseconds()) / 1000
	}
	fmt.Fprintf(w, "frames %d half %.1f most %.1f all %.1f\n", len(f.times), at(50), at(99), at(100))
}
