package viewmodel

import (
	"fmt"
	"strings"

	"dotproxy/app/control"
)

// Check is what the view of that name shows: the result of looking at what a
// user relies on. The zero Check has not looked yet.
type Check struct {
	rows    []control.CheckRow
	running bool
	again   bool // what was looked at changed meanwhile
	seen    checkable
	looked  bool
	failure string
}

// checkable is what, where it changes, makes a check out of date.
type checkable struct {
	link      Link
	state     control.State
	variant   string
	provider  string
	systemDNS bool
}

func checkableOf(v View) checkable {
	return checkable{v.Link, v.Status.State, v.Status.Variant, v.Status.Provider, v.Status.SystemDNS}
}

// See takes what is known of the engine, and tells whether to look now: the
// first time, and after each change.
func (c *Check) See(v View) bool {
	now := checkableOf(v)
	if v.Link != Connected {
		c.seen, c.rows, c.looked = now, nil, false
		return false
	}
	if c.looked && c.seen == now {
		return false
	}
	c.seen, c.looked = now, true
	return c.Begin()
}

// Begin says that a check begins; false where one is under way, after which it
// is to be done again.
func (c *Check) Begin() bool {
	if c.running {
		c.again = true
		return false
	}
	c.running, c.failure = true, ""
	return true
}

// Done takes what was found, or why nothing was, and tells whether to look
// again at once.
func (c *Check) Done(rows []control.CheckRow, err error) (again bool) {
	again = c.again
	c.running, c.again = false, false
	if err != nil {
		c.failure = err.Error()
		return again
	}
	c.rows = rows
	return again
}

// Fail says what a remedy did not do.
func (c *Check) Fail(err error) {
	c.failure = ""
	if err != nil {
		c.failure = err.Error()
	}
}

// Rows are what was found last.
func (c *Check) Rows() []control.CheckRow { return c.rows }

// Running tells whether a check is under way.
func (c *Check) Running() bool { return c.running }

// Failure says what could not be done, empty for nothing.
func (c *Check) Failure() string { return c.failure }

// Summary counts the results in a sentence.
func (c *Check) Summary() string {
	switch {
	case c.seen.link != Connected:
		return "There is something to check as soon as the engine runs."
	case len(c.rows) == 0 && c.running:
		return "Looking, which takes up to five seconds …"
	case len(c.rows) == 0:
		return "Nothing was checked."
	}
	count := map[string]int{}
	for _, r := range c.rows {
		count[r.Result]++
	}
	parts := []string{fmt.Sprintf("%d of %d fine", count[control.CheckOK], len(c.rows))}
	if n := count[control.CheckFailed]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", n))
	}
	if n := count[control.CheckWarning]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d to look at", n))
	}
	if n := count[control.CheckUnknown]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d unknown", n))
	}
	text := strings.Join(parts, ", ") + "."
	if c.running {
		text += " Looking again …"
	}
	return text
}

// Report is the check as a text to send to somebody.
func (c *Check) Report() string {
	var b strings.Builder
	for _, r := range c.rows {
		fmt.Fprintf(&b, "%s: %s: %s\n", strings.ToUpper(r.Result), r.Title, r.Sentence)
	}
	return b.String()
}
