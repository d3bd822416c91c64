package main

import (
	"bufio"
	"strings"
	"unicode/utf8"

	"dotproxy/app/control"
)

// The colours of the table, as the window has them: what failed, what is worth
// a look, and what matters least.
const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	dim    = "\x1b[2m"
	plain  = ""
	reset  = "\x1b[0m"
)

// column is one of the table's; its titles are the window's.
type column struct {
	title string
	// width is what it takes in a wide terminal, narrow in others.
	width, narrow int
	right         bool
	cell          func(q *control.Query) (text, color string)
}

// The table's columns in order. In a narrow terminal those that matter less go
// first, in the order of dropped: that a query was not encrypted matters most.
var (
	timeColumn = &column{title: "TIME", width: 12, narrow: 8, cell: func(q *control.Query) (string, string) {
		return q.Time.Local().Format("15:04:05.000"), dim
	}}
	nameColumn = &column{title: "NAME", width: 40, cell: nameCell}
	typeColumn = &column{title: "TYPE", width: 7, narrow: 5, cell: func(q *control.Query) (string, string) { return q.Type, plain }}
	codeColumn = &column{title: "RESULT", width: 9, narrow: 8, cell: func(q *control.Query) (string, string) {
		if q.Failed() {
			return q.RCode, red
		}
		return q.RCode, plain
	}}
	fromColumn = &column{title: "ANSWERED BY", width: 13, narrow: 13, cell: func(q *control.Query) (string, string) {
		if q.Worrying() {
			return q.AnsweredBy(), yellow
		}
		return q.AnsweredBy(), plain
	}}
	tookColumn = &column{title: "LATENCY", width: 8, narrow: 7, right: true, cell: func(q *control.Query) (string, string) {
		if q.MS > control.SlowMS {
			return control.Latency(q.MS), yellow
		}
		return control.Latency(q.MS), plain
	}}
	allColumns = []*column{timeColumn, nameColumn, typeColumn, codeColumn, fromColumn, tookColumn}
	dropped    = []*column{tookColumn, typeColumn, timeColumn, fromColumn, codeColumn}
)

func nameCell(q *control.Query) (text, color string) {
	if q.Name == "" {
		return "hidden", dim
	}
	return printable(control.HostName(q.Name)), plain
}

const (
	gap = "  "
	// wide is from where on a terminal has room for the full columns, leastName
	// what the name gets before other columns do.
	wide      = 100
	leastName = 15
)

// table lays the columns out for a width.
type table struct {
	columns []*column
	widths  map[*column]int
	// bounded cuts what is too long: the terminal is no wider.
	bounded bool
}

// newTable fits a table into a terminal; 0 stands for no terminal, where
// nothing is cut.
func newTable(terminal int) *table {
	t := &table{columns: append([]*column(nil), allColumns...), widths: map[*column]int{}, bounded: terminal > 0}
	for _, c := range allColumns {
		t.widths[c] = c.width
		if t.bounded && terminal < wide {
			t.widths[c] = c.narrow
		}
	}
	if !t.bounded {
		return t
	}
	for _, c := range dropped {
		if t.nameWidth(terminal) >= leastName {
			break
		}
		t.drop(c)
	}
	t.widths[nameColumn] = max(t.nameWidth(terminal), 1)
	return t
}

// nameWidth is what the other columns leave to the name.
func (t *table) nameWidth(terminal int) int {
	left := terminal
	for _, c := range t.columns {
		if c != nameColumn {
			left -= t.widths[c] + len(gap)
		}
	}
	return left
}

func (t *table) drop(c *column) {
	for i, have := range t.columns {
		if have == c {
			t.columns = append(t.columns[:i], t.columns[i+1:]...)
			return
		}
	}
}

// write writes one line; cell gives its texts and colours.
func (t *table) write(out *bufio.Writer, color bool, cell func(*column) (string, string)) {
	for i, c := range t.columns {
		if i > 0 {
			_, _ = out.WriteString(gap)
		}
		text, tone := cell(c)
		text = t.cut(c, text)
		fill := strings.Repeat(" ", max(0, t.widths[c]-utf8.RuneCountInString(text)))
		if !c.right && i == len(t.columns)-1 {
			fill = ""
		}
		if color && tone != plain {
			text = tone + text + reset
		}
		if c.right {
			text = fill + text
		} else {
			text += fill
		}
		_, _ = out.WriteString(text)
	}
	_ = out.WriteByte('\n')
}

// cut fits a text into its column: a name loses its middle, since both ends
// tell most, a time its milliseconds.
func (t *table) cut(c *column, text string) string {
	runes, width := []rune(text), t.widths[c]
	switch {
	case !t.bounded || len(runes) <= width:
		return text
	case c == timeColumn:
		return string(runes[:width])
	case c == nameColumn && width > 8:
		tail := (width - 1) * 2 / 3
		return string(runes[:width-1-tail]) + "…" + string(runes[len(runes)-tail:])
	}
	return string(runes[:width-1]) + "…"
}
