package viewmodel

import (
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Trial is a test of providers as it goes on, and what the ones before found.
// The zero Trial has tested nothing.
type Trial struct {
	results map[string]control.ProviderTest
	waiting []string // tested now, and not answered yet
	total   int
	running bool
	failure string
}

// Begin begins a test; false while one runs.
func (t *Trial) Begin() bool {
	if t.running {
		return false
	}
	t.running, t.waiting, t.total, t.failure = true, nil, 0, ""
	return true
}

// Take takes an event of the test.
func (t *Trial) Take(e control.TestEvent) {
	if e.Upstreams != nil {
		t.waiting, t.total = slices.Clone(e.Upstreams), len(e.Upstreams)
	}
	if e.Result != nil {
		t.Note(*e.Result)
		t.waiting = slices.DeleteFunc(t.waiting, func(u string) bool { return u == e.Result.Upstream })
	}
}

// Note keeps the result of one provider.
func (t *Trial) Note(r control.ProviderTest) {
	if t.results == nil {
		t.results = map[string]control.ProviderTest{}
	}
	t.results[r.Upstream] = r
}

// Done ends the test; err is why it ended early, nil where it did not or where
// the user stopped it.
func (t *Trial) Done(err error) {
	t.running, t.waiting = false, nil
	if err != nil {
		t.failure = Told(err)
	}
}

// Running tells whether a test goes on.
func (t *Trial) Running() bool { return t.running }

// Failure is why the last test did not end, empty for nothing.
func (t *Trial) Failure() string { return t.failure }

// Progress is how far the test is: “3 of 21 tested”.
func (t *Trial) Progress() string {
	if !t.running {
		return ""
	}
	if t.total == 0 {
		return words.T("The test begins…")
	}
	return words.T("{{.Tested}} of {{.All}} tested", "Tested", t.total-len(t.waiting), "All", t.total)
}

// Result is what a test found last of an upstream.
func (t *Trial) Result(upstream string) (control.ProviderTest, bool) {
	r, ok := t.results[upstream]
	return r, ok
}

// slowest is the slowest answer in milliseconds, to which bars scale.
func (t *Trial) slowest() (ms float64) {
	for _, r := range t.results {
		if r.Error == "" {
			ms = max(ms, r.WarmMS)
		}
	}
	return ms
}

// cell is a row's bar and what stands beside it.
func (t *Trial) cell(upstream string, slowest float64) (bar float64, value string, tone Tone) {
	r, ok := t.results[upstream]
	switch {
	case slices.Contains(t.waiting, upstream):
		return 0, words.T("testing…"), Neutral
	case !ok:
		return 0, none, Neutral
	case r.Error != "" && r.Network:
		return 0, words.T("no answer"), Bad
	case r.Error != "":
		return 0, words.T("failed"), Bad
	}
	if slowest > 0 {
		bar = max(barLeast, r.WarmMS/slowest)
	}
	return bar, Latency(r.WarmMS), Neutral
}

// TestLines are what a test found, one sentence a line; a failed one says why.
func TestLines(r control.ProviderTest) []string {
	if r.Error != "" {
		return []string{words.Said(Sentence(r.Error))}
	}
	lines := []string{
		words.T("{{.Median}} median, first {{.First}}", "Median", Latency(r.WarmMS), "First", Latency(r.FirstMS)),
		words.T("Connects in {{.Latency}}", "Latency", Latency(r.ConnectMS)),
		strings.TrimSpace(r.TLS + " " + r.KeyExchange),
	}
	if r.Resumed {
		lines = append(lines, words.T("Resumes a lost connection"))
	}
	if !r.Validates {
		lines = append(lines, words.T("Does not verify signed names"))
	}
	if r.NSID != "" {
		lines = append(lines, words.T("Server {{.Name}}", "Name", r.NSID))
	}
	if r.Issuer != "" && r.Expires != nil {
		lines = append(lines, words.T("Certificate of {{.Issuer}} until {{.Date}}", "Issuer", r.Issuer, "Date", Date(*r.Expires)))
	}
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}

// Sentence makes a sentence of words for people.
func Sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	if first := []rune(text); strings.ToLower(string(first[0])) == string(first[0]) {
		text = strings.ToUpper(string(first[0])) + string(first[1:])
	}
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}
