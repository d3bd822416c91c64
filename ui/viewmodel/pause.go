package viewmodel

import (
	"fmt"
	"time"

	"dotproxy/app/control"
)

// PauseNote stands over the choices of a pause.
const PauseNote = "DNS is not encrypted meanwhile"

// PauseChoice is one length of a pause.
type PauseChoice struct {
	Label string
	Pause control.Pause
}

// PauseChoices are those that are offered; every one has an end.
func PauseChoices() []PauseChoice {
	return []PauseChoice{
		{"For 5 minutes", control.Pause{Seconds: 5 * 60}},
		{"For 15 minutes", control.Pause{Seconds: 15 * 60}},
		{"For 1 hour", control.Pause{Seconds: 60 * 60}},
		{"Until the network changes", control.Pause{UntilNetworkChange: true}},
	}
}

// paused counts down to the end, where the clock decides it.
func (h *Header) paused(s control.Status, now time.Time) {
	h.Title, h.Short, h.Tone = "Paused", "Paused", Warn
	h.Buttons = []Button{{Label: "Resume now", Action: Resume, Filled: true}, stopButton}
	switch {
	case s.PauseEndsWithNetwork:
		h.Title = "Paused until the network changes"
	case s.PausedUntil != nil:
		left := max(0, s.PausedUntil.Sub(now))
		h.Title = "Paused, " + countdown(left) + " left"
		if whole := s.PausedUntil.Sub(s.Since); whole > 0 {
			h.Left = min(1, float64(left)/float64(whole))
		}
	}
}

// countdown writes what is left, in seconds begun: "4:12", "1:02:05".
func countdown(left time.Duration) string {
	seconds := int((left + time.Second - 1) / time.Second)
	if seconds < 60*60 {
		return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}
