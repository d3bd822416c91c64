package viewmodel

import (
	"strings"

	"dotproxy/app/control"
)

// CheckRunning is the result of a row that is still being looked at.
const CheckRunning = "running"

// Checkup is the view Check: what was found of the things that a user relies
// on. It belongs to one goroutine; the zero Checkup has not begun.
type Checkup struct {
	rows    []control.CheckRow
	running bool
	begun   bool
	problem *control.Problem
	of      string // the state that was last looked at
}

// Due tells whether v is another state than the one that was last looked at, so
// that its check has to begin.
func (c *Checkup) Due(v View) bool {
	return v.Link == Connected && !c.running && (!c.begun || c.of != stateOf(v))
}

// Begin notes that v is being looked at. It is false where that makes no sense,
// because nothing runs, or it runs already.
func (c *Checkup) Begin(v View) bool {
	if v.Link != Connected || c.running {
		return false
	}
	c.running, c.begun, c.problem, c.of = true, true, nil, stateOf(v)
	return true
}

// Done takes what was found, or why nothing was.
func (c *Checkup) Done(rows []control.CheckRow, err error) {
	c.running, c.problem = false, problemOf(err)
	if c.rows = rows; err != nil {
		c.rows = nil
	}
}

// Lost forgets what was found: the engine it was about has gone.
func (c *Checkup) Lost() { *c = Checkup{running: c.running} }

// Running tells whether a check is under way.
func (c *Checkup) Running() bool { return c.running }

// checkTitles are what a first check shows until it has found something.
var checkTitles = []string{"Certificate and name", "Encryption", "DNSSEC", "Leak test", "IPv6", "Backup", "Port", "Clock"}

// Rows are what to show: those of before while a check runs, or what it is
// about to look at.
func (c *Checkup) Rows() []control.CheckRow {
	if len(c.rows) > 0 || !c.running {
		return c.rows
	}
	var rows []control.CheckRow
	for _, title := range checkTitles {
		rows = append(rows, control.CheckRow{Result: CheckRunning, Title: title, Sentence: "Being looked at…"})
	}
	return rows
}

// Summary counts the results in one line: “6 of 8 fine, 1 failed, 1 note.”
func (c *Checkup) Summary() string {
	if c.running {
		return "Looking at what you rely on; this takes some seconds…"
	}
	if len(c.rows) == 0 {
		return ""
	}
	n := map[string]int{}
	for _, r := range c.rows {
		n[r.Result]++
	}
	parts := []string{Count(uint64(n[control.CheckOK])) + " of " + Count(uint64(len(c.rows))) + " fine"}
	for _, other := range []struct{ result, one, many string }{
		{control.CheckFailed, "failed", "failed"},
		{control.CheckWarning, "note", "notes"},
		{control.CheckUnknown, "not known", "not known"},
	} {
		if n[other.result] > 0 {
			parts = append(parts, Plural(n[other.result], other.one, other.many))
		}
	}
	return strings.Join(parts, ", ") + "."
}

// Empty is what stands in the place of the rows, empty where there are some.
func (c *Checkup) Empty(v View) Empty {
	switch {
	case len(c.Rows()) > 0:
		return Empty{}
	case v.Link == Refused && v.Problem != nil:
		return Empty{Title: "Nothing to check", Sentence: v.Problem.Error()}
	case v.Link != Connected:
		return Empty{Title: "Nothing to check", Sentence: "What you rely on is looked at as soon as the engine runs."}
	case c.problem != nil:
		return Empty{Title: "The check did not end", Sentence: c.problem.Error()}
	}
	return Empty{Title: "Nothing was looked at yet", Sentence: "Press Check again."}
}

// Report is the rows as text, for the clipboard.
func (c *Checkup) Report(v View) string {
	var b strings.Builder
	b.WriteString("DoT Proxy " + v.Status.Version + ": " + c.Summary() + "\n")
	for _, r := range c.Rows() {
		b.WriteString(CheckWord(r.Result) + "\t" + r.Title + "\t" + r.Sentence + "\n")
	}
	return b.String()
}

// CheckWord is a result in one word, as the command line has it.
func CheckWord(result string) string {
	switch result {
	case control.CheckOK:
		return "ok"
	case control.CheckWarning:
		return "note"
	case control.CheckFailed:
		return "FAILED"
	}
	return none
}

// stateOf is what a change of which makes a check worth repeating. What a check
// itself changes is not part of it.
func stateOf(v View) string {
	s := v.Status
	parts := []string{string(s.State), s.Provider, strings.Join(s.Listen, " "), strings.Join(s.Networks, " ")}
	if s.SystemDNS {
		parts = append(parts, "system")
	}
	if s.Problem != nil {
		parts = append(parts, s.Problem.Code)
	}
	return strings.Join(append(parts, v.Settings.Upstreams...), "\n")
}
