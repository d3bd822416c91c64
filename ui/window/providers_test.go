package window

import (
	"context"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/ui/viewmodel"
)

const homeServer = "192.168.1.10#dns.home.example"

// shelved opens the providers of an engine that has those upstreams set.
func shelved(t *testing.T, size fyne.Size, upstreams ...string) *bench {
	t.Helper()
	engine := controltest.New()
	s := control.Default()
	s.Upstreams = upstreams
	if err := engine.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return open(t, ViewProviders, size, engine, nil).follow()
}

// rowOf is the line of an upstream.
func (b *bench) rowOf(upstream string) viewmodel.ShelfRow {
	b.Helper()
	list := b.w.providers.list.rows
	i := slices.IndexFunc(list, func(r viewmodel.ShelfRow) bool { return r.Upstream == upstream })
	if i < 0 {
		b.Fatalf("%s is not among %+v", upstream, list)
	}
	return list[i]
}

func (b *bench) upstreams() []string { return b.engine.Settings().Upstreams }

// answerDialog presses a button of the dialog that is open.
func (b *bench) answerDialog(label string) {
	b.Helper()
	var found *answer
	walk(b.win.Canvas().Overlays().Top(), func(o fyne.CanvasObject) {
		if one, ok := o.(*answer); ok && one.Text == label {
			found = one
		}
	})
	if found == nil {
		b.Fatalf("there is no %q in the dialog %q", label, b.dialogTexts())
	}
	test.Tap(found)
}

func (b *bench) dialogTexts() string {
	top := b.win.Canvas().Overlays().Top()
	if top == nil {
		return ""
	}
	return strings.Join(textsOf(top), " ")
}

// typeInto fills the input of the dialog.
func (b *bench) typeInto(text string) *entry {
	b.Helper()
	var input *entry
	walk(b.win.Canvas().Overlays().Top(), func(o fyne.CanvasObject) {
		if one, ok := o.(*entry); ok {
			input = one
		}
	})
	if input == nil {
		b.Fatal("there is no dialog with an input")
	}
	input.SetText(text)
	return input
}

func TestProvidersAreListed(t *testing.T) {
	b := shelved(t, wide, "cloudflare", "quad9", homeServer)
	b.mustSay("Cloudflare", "No filter", "Malware, backup 1", "dns.home.example", "Custom, backup 2", "In use", "declared by Cloudflare")
	if !b.rowOf("cloudflare").InUse || !b.rowOf("cloudflare").Selected {
		t.Errorf("got %+v", b.rowOf("cloudflare"))
	}
	test.Tap(b.w.providers.kinds.chips[viewmodel.AgainstMalware])
	if rows := b.w.providers.list.rows; len(rows) != 1 || rows[0].Upstream != "quad9" || !rows[0].Selected {
		t.Errorf("the chip shows %+v", rows)
	}
	test.Tap(b.w.providers.kinds.chips[viewmodel.AgainstAds])
	b.mustSay("No match")
	b.press("Show all")
	b.mustSay("dns.home.example")
}

func TestProvidersByKeyboard(t *testing.T) {
	b := shelved(t, small, "cloudflare", "quad9", homeServer)
	b.w.providers.key(key(fyne.KeyDown))
	b.win.Canvas().Focus(b.w.providers.list)
	if !b.rowOf("quad9").Selected {
		t.Fatal("Down does not select the next")
	}
	b.w.providers.list.TypedKey(key(fyne.KeyReturn))
	b.until("Quad9 in use", func() bool { return b.rowOf("quad9").InUse })
	for _, c := range []struct {
		key  fyne.KeyName
		want string
	}{{fyne.KeyEnd, homeServer}, {fyne.KeyHome, "cloudflare"}, {fyne.KeyPageDown, homeServer}, {fyne.KeyUp, "google"}, {fyne.KeyPageUp, "cloudflare"}, {fyne.KeyUp, "cloudflare"}} {
		if b.w.providers.list.TypedKey(key(c.key)); !b.rowOf(c.want).Selected {
			t.Errorf("%s does not select %s", c.key, c.want)
		}
	}
	test.TapAt(b.w.providers.list, fyne.NewPos(100, shelfRowHeight*2.5))
	if !b.rowOf("google").Selected {
		t.Error("a click selects another")
	}
}

func TestProviderThatRefusesIsNotUsed(t *testing.T) {
	b := shelved(t, wide, "cloudflare")
	b.engine.UseFunc = func(context.Context, string) error {
		return &control.Problem{Code: control.CodeNoAnswer, Message: "Quad9 does not answer.", Hint: "Choose another."}
	}
	b.w.providers.choose("quad9")
	b.press("Use Quad9")
	b.mustSay("Quad9 does not answer. Choose another.", "Use Quad9")
	if !b.rowOf("cloudflare").InUse {
		t.Error("the old one does not stay")
	}
}

func TestProvidersAreTested(t *testing.T) {
	b := shelved(t, wide, "cloudflare", homeServer)
	b.engine.TestFunc = func(upstreams []string) (<-chan control.TestEvent, error) {
		events := make(chan control.TestEvent, 8)
		events <- control.TestEvent{Upstreams: upstreams}
		for i, u := range upstreams {
			r := controltest.NewProviderTest(u)
			switch r.WarmMS = float64(10 * (i + 1)); u {
			case "google":
				r = control.ProviderTest{Upstream: u, Error: "there is no route to it", Network: true}
			case homeServer:
				r = control.ProviderTest{Upstream: u, Error: "its certificate is for b.example, not for dns.home.example"}
			}
			events <- control.TestEvent{Result: &r}
		}
		close(events)
		return events, nil
	}
	b.shortcut(fyne.KeyR)
	b.mustSay("10 ms", "20 ms", "no answer", "failed", "10 ms median")
	b.w.providers.choose(homeServer)
	b.mustSay("Its certificate is for b.example")
	b.engine.TestFunc = func([]string) (<-chan control.TestEvent, error) {
		return nil, &control.Problem{Code: control.CodeNotNow, Message: "Providers are being tested already.", Hint: "Wait."}
	}
	b.press("Test all")
	b.mustSay("Providers are being tested already. Wait.", "20 ms")
}

// TestTestIsStopped has what was found until then stay.
func TestTestIsStopped(t *testing.T) {
	b := shelved(t, wide, "cloudflare")
	var off []func()
	b.w.options.Background = func(f func()) { off = append(off, f) }
	b.press("Test all")
	b.mustSay("Stop", "The test begins…")
	b.w.providers.shelf.Trial().Take(control.TestEvent{Upstreams: []string{"cloudflare", "quad9"}})
	b.w.providers.shelf.Trial().Take(control.TestEvent{Result: new(controltest.NewProviderTest("quad9"))})
	b.w.providers.render()
	b.mustSay("1 of 2 tested", "testing…", "11 ms")
	b.w.providers.key(key(fyne.KeyEscape))
	b.mustSay("Test all", "11 ms")
	off[0]() // what still comes of it is not shown
	if b.says("testing…") || b.rowOf("cloudflare").Value != "–" {
		t.Errorf("after the stop: %q", b.texts())
	}
	b.press("Test all")
	b.mustSay("Stop")
	if off[0](); !b.says("Stop") {
		t.Error("the end of the first test ends the second")
	}
	off[1]()
	b.mustSay("Test all")
	if b.rowOf("cloudflare").Value != "11 ms" {
		t.Errorf("after the second: %q", b.texts())
	}
}

func TestBackupsAreOrdered(t *testing.T) {
	b := shelved(t, wide, "cloudflare", "quad9")
	b.w.providers.choose("google")
	b.press("Add as backup")
	b.mustSay("No filter, backup 2", "Not a backup")
	test.Tap(b.w.providers.item.up)
	if got := b.upstreams(); !slices.Equal(got, []string{"cloudflare", "google", "quad9"}) {
		t.Fatalf("after up: %q", got)
	}
	test.Tap(b.w.providers.item.down)
	b.press("Not a backup")
	if got := b.upstreams(); !slices.Equal(got, []string{"cloudflare", "quad9"}) {
		t.Errorf("after all: %q", got)
	}
}

func TestProviderIsAdded(t *testing.T) {
	b := shelved(t, wide, "cloudflare")
	b.press("Add…")
	if _, ok := b.win.Canvas().Focused().(*entry); !ok {
		t.Error("the dialog's input has not the focus")
	}
	b.typeInto("192.0.2.1#")
	if !strings.Contains(b.dialogTexts(), "lacks the name") {
		t.Errorf("as one types it says %q", b.dialogTexts())
	}
	b.answerDialog("Test and add")
	if calls := b.engine.Calls(); slices.ContainsFunc(calls, func(c string) bool { return strings.HasPrefix(c, "test") }) {
		t.Errorf("a wrong text is tested: %q", calls)
	}
	b.typeInto("192.0.2.1#dns.example").OnSubmitted("")
	if b.dialogTexts() != "" || !b.rowOf("192.0.2.1#dns.example").Selected {
		t.Errorf("it was not added: %q", b.dialogTexts())
	}
	if r, tested := b.w.providers.shelf.Trial().Result("192.0.2.1#dns.example"); !tested || r.Error != "" || b.says("Not tested yet") {
		t.Errorf("its test is forgotten: %+v", r)
	}
	if !slices.Equal(b.w.Own(), []string{"192.0.2.1#dns.example"}) || !slices.Equal(b.upstreams(), []string{"cloudflare"}) {
		t.Errorf("own %q, set %q", b.w.Own(), b.upstreams())
	}
}

func TestProviderIsAddedUntestedOnlyWithoutNetwork(t *testing.T) {
	b := shelved(t, wide, "cloudflare")
	fault := control.ProviderTest{Upstream: "tls://dns.example", Error: "its certificate is for b.example, not for dns.example"}
	b.engine.TestFunc = func([]string) (<-chan control.TestEvent, error) {
		events := make(chan control.TestEvent, 1)
		events <- control.TestEvent{Result: new(fault)}
		close(events)
		return events, nil
	}
	b.press("Add…")
	b.typeInto("tls://dns.example")
	b.answerDialog("Test and add")
	if said := b.dialogTexts(); !strings.Contains(said, "It was not added.") || strings.Contains(said, "Add anyway") {
		t.Errorf("with a wrong certificate: %q", said)
	}
	fault.Error, fault.Network = "there is no route to it", true
	b.answerDialog("Test and add")
	b.answerDialog("Add anyway")
	if !slices.Equal(b.w.Own(), []string{"tls://dns.example"}) {
		t.Errorf("own are %q", b.w.Own())
	}
}

func TestProviderIsChangedAndRemoved(t *testing.T) {
	b := shelved(t, wide, "cloudflare", homeServer)
	b.w.providers.choose(homeServer)
	b.press("Edit…")
	b.typeInto("192.168.1.11#dns.home.example")
	b.engine.ApplyFunc = func(context.Context, control.Settings) error {
		return &control.Problem{Code: control.CodeBadValue, Message: "It was refused."}
	}
	b.answerDialog("Test and change")
	if !strings.Contains(b.dialogTexts(), "It was refused.") {
		t.Errorf("refused, it says %q", b.dialogTexts())
	}
	b.engine.ApplyFunc = nil
	b.answerDialog("Test and change")
	if got := b.upstreams(); !slices.Equal(got, []string{"cloudflare", "192.168.1.11#dns.home.example"}) || !slices.Equal(b.w.Own(), got[1:]) {
		t.Errorf("set %q, own %q", got, b.w.Own())
	}
	b.press("Remove…")
	b.answerDialog("Remove")
	if got := b.upstreams(); !slices.Equal(got, []string{"cloudflare"}) || len(b.w.Own()) != 0 {
		t.Errorf("set %q, own %q", got, b.w.Own())
	}
}

func TestOwnProvidersAreKept(t *testing.T) {
	b := openWith(t, wide, controltest.New(), Options{View: ViewProviders, Own: []string{homeServer}}).follow()
	b.mustSay("dns.home.example")
	b.w.providers.choose(homeServer)
	b.press("Remove…")
	b.answerDialog("Cancel")
	if b.mustSay("dns.home.example"); !slices.Equal(b.w.Own(), []string{homeServer}) {
		t.Errorf("own are %q", b.w.Own())
	}
}

func TestProvidersLook(t *testing.T) {
	for name, size := range map[string]fyne.Size{"wide": wide, "small": small} {
		t.Run(name, func(t *testing.T) {
			b := shelved(t, size, "cloudflare", "quad9", homeServer)
			draw := func(state string) {
				b.settle()
				test.AssertObjectRendersToMarkup(t, "providers-"+state+"-"+name+".xml", b.w.providers.root)
			}
			draw("untested")
			trial := b.w.providers.shelf.Trial()
			trial.Begin()
			trial.Take(control.TestEvent{Upstreams: []string{"cloudflare", "quad9", "google"}})
			trial.Take(control.TestEvent{Result: new(controltest.NewProviderTest("cloudflare"))})
			trial.Take(control.TestEvent{Result: &control.ProviderTest{Upstream: "quad9", Error: "there is no route to it", Network: true}})
			b.w.providers.choose(homeServer)
			draw("testing")
			b.w.providers.shelf.SetKind(viewmodel.AgainstAds)
			b.w.providers.render()
			draw("no-match")
			b.w.view.Link = viewmodel.Gone
			b.w.render()
			draw("gone")
		})
	}
}
