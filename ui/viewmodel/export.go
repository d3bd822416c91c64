package viewmodel

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Format is a form of an export.
type Format string

// The formats, which are also the endings of their files.
const (
	CSV  Format = "csv"
	JSON Format = "json"
)

// FileName proposes one for an export at a time.
func (f Format) FileName(at time.Time) string {
	return "dot-proxy-queries-" + at.Local().Format("2006-01-02") + "." + string(f)
}

// Exported are the queries of rows, the newest first as they are shown. They
// stay as they are while the list goes on.
func Exported(rows []Row) []control.Query {
	list := make([]control.Query, len(rows))
	for i, r := range rows {
		list[i] = *r.Query
	}
	return list
}

// ExportTitle counts what goes into the file.
func ExportTitle(n int) string { return words.N("Export {{.N}} queries", n) }

// ExportNote says what somebody learns who reads the file.
func ExportNote(list []control.Query) string {
	named := slices.ContainsFunc(list, func(q control.Query) bool { return q.Name != "" })
	hidden := slices.ContainsFunc(list, func(q control.Query) bool { return q.Name == "" })
	switch {
	case named && hidden:
		return words.T("Names, answers and addresses of clients are in this file, save where they were hidden.")
	case named:
		return words.T("Names, answers and addresses of clients are in this file.")
	}
	return words.T("Names are hidden in this file.")
}

// Export writes a list of queries: as JSON an array in the form of the control
// API, as CSV (RFC 4180) with a line of titles.
func Export(w io.Writer, f Format, list []control.Query) error {
	if f == CSV {
		return exportCSV(w, list)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(list)
}

var exportColumns = []string{"time", "name", "type", "rcode", "source", "upstream", "ms", "client", "transport", "encrypted", "authenticated", "ttl", "answers", "ede"}

func exportCSV(w io.Writer, list []control.Query) error {
	c := csv.NewWriter(w)
	if err := c.Write(exportColumns); err != nil {
		return err
	}
	for _, q := range list {
		cells := []string{
			q.Time.Format(time.RFC3339Nano), q.Name, q.Type, q.RCode, string(q.Source), q.Upstream, strconv.FormatFloat(q.MS, 'f', -1, 64),
			q.Client, q.Transport, strconv.FormatBool(q.Encrypted), strconv.FormatBool(q.Authenticated), strconv.FormatUint(uint64(q.TTL), 10),
			strings.Join(q.Answers, "\n"), q.EDE,
		}
		for i := range cells {
			cells[i] = plainCell(cells[i])
		}
		if err := c.Write(cells); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// plainCell keeps a text that others chose, such as a name that was asked for,
// from being taken for a formula by a spreadsheet.
func plainCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
