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
	rows := exportRows(`=cmd|"/c calc".example.`, "plain,comma.example.")
	rows[1].Answers = []string{"192.0.2.1", "-1"}
	rows[1].EDE = "Blocked\nby \"policy\""
	rows[1].Connection, rows[1].Tries = nil, 0
	var b strings.Builder
	if err := Export(&b, CSV, Exported(rows)); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(got) != 3 || !reflect.DeepEqual(got[0], exportColumns) {
		t.Fatalf("%v: %q", err, got)
	}
	if got[1][1] != `'=cmd|"/c calc".example.` || got[2][1] != "plain,comma.example." || got[2][12] != "192.0.2.1\n-1" || got[2][13] != "Blocked\nby \"policy\"" {
		t.Errorf("got %q", got[1:])
	}
	if want := []string{"TLS 1.3", "X25519MLKEM768", "TLS_AES_128_GCM_SHA256", "false", "1"}; !reflect.DeepEqual(got[1][14:], want) {
		t.Errorf("the connection is %q", got[1][14:])
	}
	if want := []string{"", "", "", "", "0"}; !reflect.DeepEqual(got[2][14:], want) {
		t.Errorf("without a connection: %q", got[2][14:])
	}
	if got[1][0] != "2026-11-22T10:00:01.234Z" || got[1][6] != "12.5" || got[1][9] != "true" {
		t.Errorf("got %q", got[1])
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
