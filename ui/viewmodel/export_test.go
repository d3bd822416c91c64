package viewmodel

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func exportRows(names ...string) []Row {
	var rows []Row
	for i, name := range names {
		q := controltest.NewQuery(name)
		if name == "" {
			q.Client, q.Answers = "", nil
		}
		rows = append(rows, Row{Seq: uint64(i + 1), Query: &q})
	}
	return rows
}

func TestExportJSON(t *testing.T) {
	list := Exported(exportRows("two.example.", "one.example."))
	var b strings.Builder
	if err := Export(&b, JSON, list); err != nil {
		t.Fatal(err)
	}
	var got []control.Query
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil || !reflect.DeepEqual(got, list) {
		t.Errorf("%v: %+v", err, got)
	}
	b.Reset()
	if err := Export(&b, JSON, Exported(nil)); err != nil || strings.TrimSpace(b.String()) != "[]" {
		t.Errorf("no query: %v, %q", err, b.String())
	}
}

func TestExportCSV(t *testing.T) {
	var b strings.Builder
	if err := Export(&b, CSV, Exported(exportRows("two.example.", "one.example."))); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(got) != 3 || got[0][1] != "name" || got[1][1] != "two.example." || got[2][1] != "one.example." {
		t.Errorf("%v: %q", err, got)
	}
}

// fullDisk takes nothing any more.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestExportTellsThatItFailed(t *testing.T) {
	for _, f := range []Format{CSV, JSON} {
		if Export(fullDisk{}, f, Exported(exportRows("one.example."))) == nil {
			t.Errorf("%s: nothing was written and nobody is told", f)
		}
	}
}

func TestExportNote(t *testing.T) {
	for want, names := range map[string][]string{
		"Names are hidden in this file.":                                                         {"", ""},
		"Names, answers and addresses of clients are in this file.":                              {"a."},
		"Names, answers and addresses of clients are in this file, save where they were hidden.": {"a.", ""},
	} {
		if got := ExportNote(Exported(exportRows(names...))); got != want {
			t.Errorf("%q: %q", names, got)
		}
	}
	if got := ExportTitle(1); got != "Export 1 query" {
		t.Errorf("got %q", got)
	}
	if got := CSV.FileName(controltest.Since); !strings.HasPrefix(got, "dot-proxy-queries-2026-11-2") || !strings.HasSuffix(got, ".csv") {
		t.Errorf("got %q", got)
	}
}
