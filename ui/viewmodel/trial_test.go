package viewmodel

import (
	"errors"
	"slices"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func answered(upstream string, ms float64) control.TestEvent {
	r := controltest.NewProviderTest(upstream)
	r.WarmMS = ms
	return control.TestEvent{Result: &r}
}

func faulty(upstream, why string, network bool) control.TestEvent {
	return control.TestEvent{Result: &control.ProviderTest{Upstream: upstream, Error: why, Network: network}}
}

func TestTrialGoesOn(t *testing.T) {
	s := stocked("cloudflare", homeServer)
	trial := s.Trial()
	if !trial.Begin() || trial.Begin() || trial.Progress() != "The test begins…" {
		t.Fatalf("it begins twice, or not: %q", trial.Progress())
	}
	trial.Take(control.TestEvent{Upstreams: s.Tested()})
	trial.Take(answered("cloudflare", 10))
	trial.Take(answered("quad9", 40))
	trial.Take(faulty("google", "there is no route to it", true))
	trial.Take(faulty("strict", "its certificate is for b.example, not for a.example", false))
	if got := trial.Progress(); got != "4 of 6 tested" {
		t.Errorf("progress %q", got)
	}
	want := map[string]ShelfRow{
		"cloudflare": {Bar: 0.25, Value: "10 ms"}, "quad9": {Bar: 1, Value: "40 ms"}, "google": {Value: "no answer", Tone: Bad},
		"strict": {Value: "failed", Tone: Bad}, "mine": {Value: "testing…"}, homeServer: {Value: "testing…"},
	}
	for _, r := range s.Rows() {
		if w := want[r.Upstream]; r.Bar != w.Bar || r.Value != w.Value || r.Tone != w.Tone {
			t.Errorf("%s: %v %q %v", r.Upstream, r.Bar, r.Value, r.Tone)
		}
	}
	trial.Done(nil)
	if r := s.Rows(); r[4].Value != none || r[0].Value != "10 ms" || trial.Progress() != "" || trial.Running() || trial.Failure() != "" {
		t.Errorf("after its end: %+v", r)
	}
	trial.Begin()
	if trial.Done(errors.New("The engine has gone.")); trial.Failure() != "The engine has gone." {
		t.Errorf("its failure is %q", trial.Failure())
	}
	if s.See(View{Link: Gone}); s.Trial().Running() {
		t.Error("it outlives the engine")
	}
}

func TestTestLines(t *testing.T) {
	r := controltest.NewProviderTest("quad9")
	want := []string{"11 ms median, first 12 ms", "Connects in 24 ms", "TLS 1.3 X25519MLKEM768", "Resumes a lost connection", "Server lon-1", "Certificate of DigiCert until " + r.Expires.Local().Format("2 January 2006")}
	if got := TestLines(r); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := TestLines(control.ProviderTest{Error: "it is silent"}); !slices.Equal(got, []string{"It is silent."}) {
		t.Errorf("a failed one: %q", got)
	}
	if got := TestLines(control.ProviderTest{WarmMS: 5}); !slices.Contains(got, "Does not verify signed names") || slices.Contains(got, "") {
		t.Errorf("without details: %q", got)
	}
	for in, out := range map[string]string{"": "", "TLS failed": "TLS failed.", "über.": "Über."} {
		if got := Sentence(in); got != out {
			t.Errorf("%q becomes %q", in, got)
		}
	}
}
