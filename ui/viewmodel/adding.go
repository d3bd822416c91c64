package viewmodel

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Adding is the dialog that adds a provider of the user's own, or changes one.
// It adds only what passed a test, or could not be tested for lack of network.
// It belongs to one goroutine.
type Adding struct {
	shelf   *Shelf
	form    *Form // which knows what an upstream looks like
	was     string
	text    string
	testing bool
	failure string
	network bool // the failure may be this network's
}

// NewAdding opens the dialog for a new provider, or to change was.
func (s *Shelf) NewAdding(was string) *Adding {
	f := NewForm()
	f.Load(s.view.Settings, s.view.Providers, false)
	return &Adding{shelf: s, form: f, was: was, text: was}
}

// Title is that of the dialog.
func (a *Adding) Title() string {
	if a.was != "" {
		return words.T("Change a provider")
	}
	return words.T("Add a provider")
}

// Yes is the label of the filled button.
func (a *Adding) Yes() string {
	switch {
	case a.testing:
		return words.T("Testing…")
	case a.was != "":
		return words.T("Test and change")
	}
	return words.T("Test and add")
}

// Anyway is the label of the button that skips the test, empty where that is
// not offered.
func (a *Adding) Anyway() string {
	switch {
	case !a.network || a.testing || a.wrong() != "":
		return ""
	case a.was != "":
		return words.T("Change anyway")
	}
	return words.T("Add anyway")
}

// Type takes what was typed.
func (a *Adding) Type(text string) {
	a.text, a.failure, a.network = strings.TrimSpace(text), "", false
}

// Text is what was typed, Was what it replaces, empty for nothing.
func (a *Adding) Text() string { return a.text }

// Was is the upstream that is changed, empty for a new one.
func (a *Adding) Was() string { return a.was }

// Ready tells whether it can be tested.
func (a *Adding) Ready() bool {
	return !a.testing && a.text != "" && a.text != a.was && a.wrong() == ""
}

// Line is what stands under the input.
func (a *Adding) Line() (string, Tone) {
	if a.testing {
		return words.T("Connecting and checking its certificate…"), Neutral
	}
	if a.failure != "" {
		return a.failure, Bad
	}
	if w := a.wrong(); w != "" && a.text != "" {
		return w, Bad
	}
	server, _, _ := strings.Cut(a.text, "?")
	if isAddress(server) {
		return words.T("Its certificate must carry this address. With a name: {{.Server}}#dns.home.example.", "Server", server), Neutral
	}
	return words.T("IP#NAME, tls://NAME, or an sdns:// stamp."), Neutral
}

// wrong is what is wrong with the text alone.
func (a *Adding) wrong() string {
	known := a.form.upstream(a.text)
	switch {
	case a.text == "":
		return words.T("Type an address and the name on its certificate.")
	case a.shelf.known(known), a.text != a.was && slices.Contains(a.shelf.own, a.text):
		return words.T("{{.Provider}} is in the list already.", "Provider", labelOf(known, a.shelf.view.Providers))
	case strings.ContainsFunc(a.text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return words.T("It holds characters that cannot be seen. Type it anew.")
	}
	return a.form.upstreamError(a.text)
}

// Begin begins the test; false where there is nothing to test.
func (a *Adding) Begin() bool {
	if !a.Ready() {
		return false
	}
	a.testing, a.failure, a.network = true, "", false
	return true
}

// Done takes the test's result and tells whether the provider may be added.
func (a *Adding) Done(r control.ProviderTest, err error) bool {
	a.testing = false
	switch {
	case err != nil:
		a.failure = Told(err)
	case r.Error != "":
		a.failure, a.network = words.Said(Sentence(r.Error)), r.Network
		if r.Network {
			a.failure = words.Join(a.failure, words.T("This network may be the reason."))
		} else {
			a.failure = words.Join(a.failure, words.T("It was not added."))
		}
	default:
		return true
	}
	return false
}

// Refused takes why the engine did not take the change.
func (a *Adding) Refused(err error) { a.testing, a.failure, a.network = false, Told(err), false }

// testAgain is how long to wait for the end of another test, tests how often.
const (
	testAgain = 100 * time.Millisecond
	tests     = 30
)

// TestOne has the engine test one upstream. The end of another test, which the
// user has just stopped, is waited for. An error is a *control.Problem, or that
// of ctx.
func TestOne(ctx context.Context, e Engine, upstream string) (control.ProviderTest, error) {
	for n := 1; ; n++ {
		r, err := testOnce(ctx, e, upstream)
		p, _ := errors.AsType[*control.Problem](err)
		if p == nil || p.Code != control.CodeNotNow || n == tests {
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(testAgain):
		}
	}
}

func testOnce(ctx context.Context, e Engine, upstream string) (control.ProviderTest, error) {
	for event, err := range e.TestProviders(ctx, []string{upstream}) {
		if err != nil {
			return control.ProviderTest{}, err
		}
		if event.Result != nil {
			return *event.Result, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return control.ProviderTest{}, err
	}
	return control.ProviderTest{}, &control.Problem{Code: control.CodeInternal, Message: words.Mark("The test ended without a result."), Hint: words.Mark("Try again.")}
}
