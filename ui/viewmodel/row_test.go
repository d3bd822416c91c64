package viewmodel

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func TestCellsOf(t *testing.T) {
	q := controltest.NewQuery("www.example.com.")
	q.Time = time.Date(2026, 11, 22, 10, 24, 36, 207e6, time.Local)
	q.MS = 100
	want := Cells{Time: "10:24:36.207", Name: "www.example.com", Type: "A", Result: "NOERROR", Source: "upstream", Latency: "100 ms", Bar: 0.5}
	if got := CellsOf(&q); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	q.Name, q.RCode, q.Source = "", "SERVFAIL", control.SourceCoalesced
	if got := CellsOf(&q); got.Name != "hidden" || !got.Hidden || got.ResultTone != Bad || got.Source != "shared" {
		t.Errorf("a hidden failure: %+v", got)
	}
}

func TestDetailShowsOnlyWhatIsKnown(t *testing.T) {
	titles := func(d Detail) (list []string) {
		for _, s := range d.Steps {
			list = append(list, s.Title)
		}
		return list
	}
	upstream := controltest.NewQuery("example.com.")
	d := DetailOf(&upstream, nil)
	if got := titles(d); !reflect.DeepEqual(got, []string{"Asked", "Cache", "Connection", "Answer"}) {
		t.Errorf("asked upstream: %v", got)
	}
	if c := d.Steps[2]; c.Main != "1.1.1.1:853" || !reflect.DeepEqual(c.Lines, []string{"TLS 1.3", "X25519MLKEM768", "AES-128-GCM"}) {
		t.Errorf("connection %+v", c)
	}
	resumed := upstream
	resumed.Connection, resumed.Tries = &control.Connection{TLS: "TLS 1.2", Cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Resumed: true}, 3
	if c := DetailOf(&resumed, nil).Steps[2]; !reflect.DeepEqual(c.Lines, []string{"TLS 1.2, session resumed", "AES-128-GCM", "3 tries"}) {
		t.Errorf("a resumed connection %+v", c)
	}
	failed := upstream
	failed.Upstream, failed.Connection, failed.Tries, failed.RCode = "", nil, 2, "SERVFAIL"
	if c := DetailOf(&failed, nil).Steps[2]; c.Title != "Connection" || c.Main != "no answer" || !reflect.DeepEqual(c.Lines, []string{"2 tries"}) {
		t.Errorf("nobody answered: %+v", c)
	}
	bare := upstream
	bare.Connection = nil
	if c := DetailOf(&bare, nil).Steps[2]; !reflect.DeepEqual(c.Lines, []string{"over TLS"}) {
		t.Errorf("an older engine's connection %+v", c)
	}
	if a := d.Steps[3]; a.Main != "NOERROR" || a.Lines[1] != "1 record" || d.Tag != "asked upstream" || len(d.Records) != 2 || d.Records[0] != "93.184.215.14" {
		t.Errorf("answer %+v, tag %q, records %q", a, d.Tag, d.Records)
	}

	local := control.Query{Name: "", Type: "PTR", RCode: "NXDOMAIN", Source: control.SourceLocal, Encrypted: true}
	d = DetailOf(&local, nil)
	if got := titles(d); !reflect.DeepEqual(got, []string{"Asked", "Answer"}) || d.Name != "hidden" || d.Records != nil || len(d.Steps[0].Lines) != 0 {
		t.Errorf("answered here: %+v", d)
	}

	clear := upstream
	clear.Encrypted = false
	if got := DetailOf(&clear, nil).Steps[2].Lines[0]; got != "not encrypted" {
		t.Errorf("a query in clear text is shown as %q", got)
	}
	failure := upstream
	failure.RCode, failure.Answers, failure.Source, failure.EDE = "SERVFAIL", nil, "stale", "22 (No Reachable Authority)"
	d = DetailOf(&failure, nil)
	if last := d.Steps[len(d.Steps)-1]; last.Main != "SERVFAIL" || d.Note != "Extended error: "+failure.EDE || d.Tag != "stale answer" {
		t.Errorf("failure: %+v, tag %q", last, d.Tag)
	}
	failure.EDE = ""
	d = DetailOf(&failure, nil)
	if last := d.Steps[len(d.Steps)-1]; last.Lines[1] != "no extended error" {
		t.Errorf("failure without EDE: %+v", last)
	}
}

func TestEmptyOf(t *testing.T) {
	running := connected(control.Status{State: control.Protected, Since: time.Date(2026, 11, 22, 10, 2, 0, 0, time.Local), Listen: []string{"0.0.0.0:5353"}})
	running.HasSettings = true
	off, stopped, failed := running, running, running
	off.Settings.LogPrivacy = control.LogOff
	stopped.Status.State, failed.Status.State = control.Stopped, control.Failed
	for name, c := range map[string]struct {
		view   View
		snap   Snapshot
		filter Filter
		want   Empty
	}{
		"search": {running, Snapshot{Kept: 3}, Filter{Search: "gogle"},
			Empty{Title: "No match", Sentence: "No query matches “gogle”. Clear the search or the filter.", ClearFilter: true}},
		"chip": {running, Snapshot{Kept: 3}, Filter{Kind: Slow},
			Empty{Title: "No match", Sentence: "No query is slow. Clear the search or the filter.", ClearFilter: true}},
		"fresh": {running, Snapshot{}, Filter{},
			Empty{Title: "No queries yet", Sentence: "Nothing has asked DoT Proxy since it started at 10:02.", Command: "dig @127.0.0.1 -p 5353 example.com"}},
		"failed": {failed, Snapshot{}, Filter{},
			Empty{Title: "No queries yet", Sentence: "Nothing has asked DoT Proxy since it started at 10:02."}},
		"cleared": {running, Snapshot{Cleared: time.Date(2026, 11, 22, 11, 0, 0, 0, time.Local)}, Filter{},
			Empty{Title: "No queries", Sentence: "Nothing has asked DoT Proxy since the list was cleared at 11:00.", Command: "dig @127.0.0.1 -p 5353 example.com"}},
		"log off": {off, Snapshot{}, Filter{}, Empty{Title: "The query log is off", Sentence: "Turn it on in Settings.", OpenSettings: true}},
		"stopped": {stopped, Snapshot{}, Filter{}, Empty{Title: "No queries", Sentence: "DoT Proxy is stopped: nothing can ask it."}},
		"gone":    {View{Link: Gone}, Snapshot{}, Filter{}, Empty{Title: "No queries", Sentence: "Queries are shown as soon as the engine runs."}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := EmptyOf(c.view, c.snap, c.filter); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestTryCommand(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:53": "dig @127.0.0.1 example.com", "[::1]:5353": "dig @::1 -p 5353 example.com", "garbage": "",
	} {
		if got := tryCommand(control.Status{State: control.Protected, Listen: []string{listen}}); got != want {
			t.Errorf("%s: %q, want %q", listen, got, want)
		}
	}
}

func TestLogNote(t *testing.T) {
	v := View{HasSettings: true}
	for level, want := range map[control.LogPrivacy]string{
		control.LogFull: "Kept in memory only", control.LogHideNames: "Names are hidden", control.LogOff: "The query log is off",
	} {
		if v.Settings.LogPrivacy = level; LogNote(v, Snapshot{}) != want {
			t.Errorf("%s: %q", level, LogNote(v, Snapshot{}))
		}
	}
	if got := LogNote(v, Snapshot{Dropped: 1200}); !strings.HasPrefix(got, "1,200 queries came too fast") {
		t.Errorf("lost events: %q", got)
	}
	if got := LogNote(View{}, Snapshot{}); got != "" {
		t.Errorf("nothing known: %q", got)
	}
}

func TestCipherName(t *testing.T) {
	for suite, want := range map[string]string{
		"TLS_AES_128_GCM_SHA256": "AES-128-GCM", "TLS_CHACHA20_POLY1305_SHA256": "ChaCha20-Poly1305",
		"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "AES-256-GCM", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ChaCha20-Poly1305",
		"0x1399": "0x1399", "": "",
	} {
		if got := cipherName(suite); got != want {
			t.Errorf("%s: %q, not %q", suite, got, want)
		}
	}
}
