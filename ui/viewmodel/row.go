package viewmodel

import (
	"slices"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Columns are the titles of the log's columns; the last but one is the bar.
func Columns() []string {
	return []string{words.T("Time"), words.T("Name"), words.T("Type"), words.T("Result"), words.T("Answered by"), words.T("Latency")}
}

// Cells is a row of the log as text and tones.
type Cells struct {
	Time, Name, Type, Result, Source, Latency string
	// Hidden marks a name that the log's privacy keeps back.
	Hidden bool
	// ResultTone is Bad for a failure, else Neutral; the bar has it too.
	ResultTone Tone
	// SourceTone is Warn for an old answer and for what left in clear text, else
	// Neutral.
	SourceTone Tone
	// Bar is the filled share of the latency's track.
	Bar float64
}

// CellsOf writes q for the log.
func CellsOf(q *control.Query) Cells {
	c := Cells{
		Time: Clock(q.Time), Name: HostName(q.Name), Type: q.Type, Result: q.RCode,
		Source: answeredBy(q), SourceTone: sourceTone(q), Latency: Latency(q.MS), Bar: BarLength(q.MS),
	}
	if q.Name == "" {
		c.Name, c.Hidden = words.T("hidden"), true
	}
	if q.Failed() {
		c.ResultTone = Bad
	}
	return c
}

// sources are the words of control.Query.AnsweredBy.
var sources = []string{
	words.Mark("upstream"), words.Mark("cache"), words.Mark("stale"), words.Mark("local"), words.Mark("shared"),
	words.Mark("own answer"), words.Mark("route"), words.Mark("blocked"), words.Mark(control.NotEncrypted),
}

// answeredBy is who answered, in the user's language.
func answeredBy(q *control.Query) string {
	by := q.AnsweredBy()
	if !slices.Contains(sources, by) {
		return by // of a newer engine
	}
	return words.T(by)
}

func sourceTone(q *control.Query) Tone {
	if q.Worrying() {
		return Warn
	}
	return Neutral
}
