package viewmodel

import "dotproxy/app/control"

// Columns are the titles of the log's columns; the last but one is the bar.
func Columns() []string {
	return []string{"Time", "Name", "Type", "Result", "Answered by", "Latency"}
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
		Source: q.AnsweredBy(), SourceTone: sourceTone(q), Latency: Latency(q.MS), Bar: BarLength(q.MS),
	}
	if q.Name == "" {
		c.Name, c.Hidden = "hidden", true
	}
	if q.Failed() {
		c.ResultTone = Bad
	}
	return c
}

func sourceTone(q *control.Query) Tone {
	if q.Worrying() {
		return Warn
	}
	return Neutral
}
