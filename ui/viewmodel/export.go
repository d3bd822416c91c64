package viewmodel

import (
	"encoding/json"
	"io"
	"slices"
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
// API, as CSV as dot-proxy queries --csv does.
func Export(w io.Writer, f Format, list []control.Query) error {
	if f == CSV {
		return control.NewCSVWriter(w).Write(list...)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(list)
}
