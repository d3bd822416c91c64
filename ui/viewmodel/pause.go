package viewmodel

import (
	"fmt"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// PauseNote stands over the choices of a pause.
func PauseNote() string { return words.T("DNS is not encrypted meanwhile") }

// PauseChoice is one length of a pause.
type PauseChoice struct {
	Label string
	Pause control.Pause
}

// PauseChoices are those that are offered; every one has an end.
func PauseChoices() []PauseChoice {
	return []PauseChoice{
		{words.T("For 5 minutes"), control.Pause{Seconds: 5 * 60}},
		{words.T("For 15 minutes"), control.Pause{Seconds: 15 * 60}},
		{words.T("For 1 hour"), control.Pause{Seconds: 60 * 60}},
		{words.T("Until the network changes"), control.Pause{UntilNetworkChange: true}},
	}
}

// paused counts down to the end, where the clock decides it.
func (h *Header) paused(s control.Status, now time.Time) {
	h.Title, h.Short, h.Tone = words.T("Paused"), words.T("Paused"), Warn
	h.Buttons = []Button{{Label: words.T("Resume now"), Action: Resume, Filled: true}, stopButton()}
	switch {
	case s.PauseEndsWithNetwork:
		h.Title = words.T("Paused until the network changes")
	case s.PausedUntil != nil:
		left := max(0, s.PausedUntil.Sub(now))
		h.Title = words.T("Paused, {{.Left}} left", "Left", countdown(left))
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
