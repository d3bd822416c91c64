package control_test

import (
	"encoding/csv"
	"errors"
	"reflect"
	"strings"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func TestCSV(t *testing.T) {
	first, second := controltest.NewQuery(`=cmd|"/c calc".example.`), controltest.NewQuery("plain,comma.example.")
	second.Answers, second.EDE = []string{"192.0.2.1", "-1"}, "Blocked\nby \"policy\""
	second.Connection, second.Tries = nil, 0
	var b strings.Builder
	w := control.NewCSVWriter(&b)
	for _, q := range []control.Query{first, second} { // titles stand there once
		if err := w.Write(q); err != nil {
			t.Fatal(err)
		}
	}
	got, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(got) != 3 || !reflect.DeepEqual(got[0], w.Columns()) {
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

func TestCSVOfNothing(t *testing.T) {
	var b strings.Builder
	if err := control.NewCSVWriter(&b).Write(); err != nil || !strings.HasPrefix(b.String(), "time,name,") || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("%v: %q", err, b.String())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestCSVTellsThatItFailed(t *testing.T) {
	if control.NewCSVWriter(fullDisk{}).Write(controltest.NewQuery("one.example.")) == nil {
		t.Error("nothing was written and nobody is told")
	}
}
