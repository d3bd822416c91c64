package viewmodel

import (
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
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
	if c.rows = translated(rows); err != nil {
		c.rows = nil
	}
}

// translated are rows in the user's language.
func translated(rows []control.CheckRow) []control.CheckRow {
	list := slices.Clone(rows)
	for i := range list {
		r := &list[i]
		r.Title, r.Sentence = words.Said(r.Title), words.Said(r.Sentence)
		if r.Fix != nil {
			fix := *r.Fix
			fix.Label = words.Said(fix.Label)
			r.Fix = &fix
		}
	}
	return list
}

// Lost forgets what was found: the engine it was about has gone.
func (c *Checkup) Lost() { *c = Checkup{running: c.running} }

// Running tells whether a check is under way.
func (c *Checkup) Running() bool { return c.running }

// checkTitles are what a first check shows until it has found something.
var checkTitles = []string{words.Mark("Certificate and name"), words.Mark("Encryption"), "DNSSEC", words.Mark("Leak test"), "IPv6", words.Mark("Backup"), words.Mark("Port"), words.Mark("Clock")}

// Rows are what to show: those of before while a check runs, or what it is
// about to look at.
func (c *Checkup) Rows() []control.CheckRow {
	if len(c.rows) > 0 || !c.running {
		return c.rows
	}
	var rows []control.CheckRow
	for _, title := range checkTitles {
		rows = append(rows, control.CheckRow{Result: CheckRunning, Title: words.T(title), Sentence: words.T("Being looked at…")})
	}
	return rows
}

// Summary counts the results in one line: “6 of 8 fine, 1 failed, 1 note.”
func (c *Checkup) Summary() string {
	if c.running {
		return words.T("Looking at what you rely on; this takes some seconds…")
	}
	if len(c.rows) == 0 {
		return ""
	}
	n := map[string]int{}
	for _, r := range c.rows {
		n[r.Result]++
	}
	parts := []string{words.T("{{.Fine}} of {{.All}} fine", "Fine", n[control.CheckOK], "All", len(c.rows))}
	if failed := n[control.CheckFailed]; failed > 0 {
		parts = append(parts, words.N("{{.N}} failed", failed))
	}
	if notes := n[control.CheckWarning]; notes > 0 {
		parts = append(parts, words.N("{{.N}} notes", notes))
	}
	if unknown := n[control.CheckUnknown]; unknown > 0 {
		parts = append(parts, words.N("{{.N}} not known", unknown))
	}
	return words.Sentence(words.List(parts))
}

// Empty is what stands in the place of the rows, empty where there are some.
func (c *Checkup) Empty(v View) Empty {
	switch {
	case len(c.Rows()) > 0:
		return Empty{}
	case v.Link == Refused && v.Problem != nil:
		return Empty{Title: words.T("Nothing to check"), Sentence: Told(v.Problem)}
	case v.Link != Connected:
		return Empty{Title: words.T("Nothing to check"), Sentence: words.T("What you rely on is looked at as soon as the engine runs.")}
	case c.problem != nil:
		return Empty{Title: words.T("The check did not end"), Sentence: Told(c.problem)}
	}
	return Empty{Title: words.T("Nothing was looked at yet"), Sentence: words.T("Press Check again.")}
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
		return words.T("ok")
	case control.CheckWarning:
		return words.T("note")
	case control.CheckFailed:
		return words.T("FAILED")
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
