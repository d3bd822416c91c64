package tray

import (
	"slices"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	const s = time.Second
	tests := []struct {
		name  string
		lived []time.Duration
		want  []time.Duration
	}{
		{"never up", make([]time.Duration, 10), []time.Duration{0, s / 2, 1 * s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s, 30 * s, 30 * s}},
		{"a minute up resets", []time.Duration{0, s, s, time.Minute, 59 * s}, []time.Duration{0, s / 2, s, 0, s / 2}},
		{"very many failures do not overflow", make([]time.Duration, 200), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b backoff
			var got []time.Duration
			for _, lived := range tt.lived {
				got = append(got, b.next(lived))
			}
			if tt.want != nil && !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if last := got[len(got)-1]; last < 0 || last > backoffMost {
				t.Errorf("the last wait is %v", last)
			}
		})
	}
}
