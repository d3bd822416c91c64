package window

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// scenes are what the window shows in one state.
var scenes = map[string]func(*testing.T, fyne.Size) *bench{
	"welcome": func(t *testing.T, size fyne.Size) *bench {
		b, _ := first(t, size, here(t), &atLogin{})
		return b
	},
	"home stopped":   atHome(func(e *controltest.Engine) { e.SetState(control.Stopped) }),
	"home protected": atHome(func(*controltest.Engine) {}),
	"home degraded":  atHome(func(e *controltest.Engine) { e.SetState(control.Degraded) }),
	"home sign-in":   atHome(func(e *controltest.Engine) { e.WantSignIn("") }),
	"home failed":    atHome(func(e *controltest.Engine) { e.Fail(controltest.PortTaken()) }),
	"home not in use": atHome(func(e *controltest.Engine) {
		e.Change(func(s *control.Status) { s.Variant, s.SystemDNS = control.VariantNotInUse, false })
	}),
	"home leak": atHome(func(e *controltest.Engine) {
		e.Change(func(s *control.Status) {
			s.Problem = &control.Problem{Code: control.CodeLeak, Message: "Wi-Fi still asks 192.168.1.1, not encrypted.", Hint: "Use DoT Proxy on Wi-Fi too.", Entry: "Wi-Fi"}
		})
	}),
	"home paused": atHome(func(e *controltest.Engine) { _ = e.Pause(context.Background(), control.Pause{Seconds: 300}) }),
	"queries": func(t *testing.T, size fyne.Size) *bench {
		b := log(t, size)
		for i, source := range []control.Source{control.SourceUpstream, control.SourceCache, control.SourceStale, control.SourceOverride, control.SourceRoute, control.SourceCoalesced, control.SourceBlocked, control.SourceLocal} {
			q := controltest.NewQuery("example.com.")
			q.Time, q.Source = q.Time.Add(time.Duration(i)*time.Second), source
			b.answer(q)
		}
		b.until("the rows", func() bool { return len(b.w.queries.log.rows) == 8 })
		b.w.queries.list.Select(7)
		b.w.queries.render()
		return b
	},
	"no queries": func(t *testing.T, size fyne.Size) *bench { return log(t, size) },
	"providers":  func(t *testing.T, size fyne.Size) *bench { return shelved(t, size, "cloudflare", "quad9") },
	"providers tested": func(t *testing.T, size fyne.Size) *bench {
		b := shelved(t, size, "cloudflare", homeServer)
		trial := b.w.providers.shelf.Trial()
		trial.Begin()
		trial.Take(control.TestEvent{Upstreams: []string{"cloudflare", "quad9", "google", homeServer}})
		trial.Take(control.TestEvent{Result: new(controltest.NewProviderTest("cloudflare"))})
		trial.Take(control.TestEvent{Result: &control.ProviderTest{Upstream: "google", Error: "there is no route to it", Network: true}})
		trial.Take(control.TestEvent{Result: &control.ProviderTest{Upstream: homeServer, Error: "its certificate is for b.example, not for dns.home.example"}})
		b.w.providers.choose("google")
		return b
	},
	"check": func(t *testing.T, size fyne.Size) *bench { return checked(t, size, found()) },
	"settings": func(t *testing.T, size fyne.Size) *bench {
		b := openGeneral(t, size, here(t), &fakeLogin{})
		b.w.settings.open(true)
		b.retype("port", "70000")
		return b
	},
	"networks":        onNetworks(officeRule, control.NetworkRule{Name: "Attic", Gateway: "192.0.2.9", Pause: true, Confirmed: true}),
	"networks paused": onNetworks(control.NetworkRule{Name: "Office", Gateway: "192.0.2.1", Pause: true, Confirmed: true}),
}

// onNetworks shows the settings of an engine that has rules for networks.
func onNetworks(rules ...control.NetworkRule) func(*testing.T, fyne.Size) *bench {
	return func(t *testing.T, size fyne.Size) *bench {
		engine := controltest.New()
		s := control.Default()
		s.Networks = rules
		if err := engine.Apply(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		b := open(t, ViewSettings, size, engine, nil).follow()
		b.until("the network is known", func() bool { b.w.lookAtNetwork(); return b.w.settings.networks.known })
		return b
	}
}

func atHome(change func(*controltest.Engine)) func(*testing.T, fyne.Size) *bench {
	return func(t *testing.T, size fyne.Size) *bench {
		engine := here(t)
		change(engine)
		return open(t, ViewHome, size, engine, nil).follow()
	}
}

// TestUseLanguage: every catalogue is one that the toolkit takes, with what it
// lacks itself.
func TestUseLanguage(t *testing.T) {
	t.Cleanup(func() { words.Use() })
	for locale, want := range map[string]string{
		"de_DE": "de", "es_MX": "es", "fr_FR": "fr", "ja_JP": "ja", "zh_CN": "zh-Hans", "en_GB": "en", "pl_PL": "en",
	} {
		t.Setenv("LC_ALL", locale+".UTF-8")
		t.Setenv("LANGUAGE", "")
		if err := UseLanguage(); err != nil || words.Language() != want {
			t.Errorf("%s: %s, %v", locale, words.Language(), err)
		}
	}
}

// inLanguage draws a scene in a language.
func inLanguage(t *testing.T, name, language string, size fyne.Size) *bench {
	t.Helper()
	words.Use(language)
	t.Cleanup(func() { words.Use() })
	b := scenes[name](t, size)
	b.settle()
	for range 2 { // a text may wrap otherwise at the width it had before
		walk(b.win.Content(), func(o fyne.CanvasObject) {
			switch o.(type) {
			case *fyne.Container, *scroll:
				o.Refresh()
			}
		})
	}
	return b
}

// data are texts that are the same in every language: names, addresses,
// numbers, times, options and examples.
var data = regexp.MustCompile(`^([\W\d_]*|DoT Proxy|Cloudflare.*|Quad9.*|[\d.,:]+ ?(ms|%|s)|\S*\d+\.\d+\S*|\[?::1\]?.*|\S*[a-z]\.[a-z]+\S*|X25519.*|AES-.*|TLS 1\.\d.*|UDP|A|Google|private|Wired \(eth0\)|NOERROR|AAAA?|NXDOMAIN|IPv6|DNSSEC|[a-z.]+ = .*|dig .*|Attic|example\.com  A|tls://.*|Wi-Fi|192\..*|sudo .*|/.*)$`)

// TestEverythingIsTranslated: what is in sight is in the catalogue, or data.
func TestEverythingIsTranslated(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(scenes)) {
		t.Run(name, func(t *testing.T) {
			english := map[string]bool{}
			for _, text := range inLanguage(t, name, "en", wide).texts() {
				english[text] = true
			}
			for _, language := range []string{"de", "ja"} { // of each script one
				b := inLanguage(t, name, language, wide)
				for _, text := range b.texts() {
					if english[text] && !data.MatchString(text) && words.T(text) != text {
						t.Errorf("%s: %q is English although the catalogue has %q", language, text, words.T(text))
					}
				}
				if language == "ja" {
					b.mustNotBeLatin(english)
				}
			}
		})
	}
}

// mustNotBeLatin finds texts that no catalogue has: in a language with another
// script they are the ones without a character of it.
func (b *bench) mustNotBeLatin(english map[string]bool) {
	b.Helper()
	for _, text := range b.texts() {
		if english[text] && !data.MatchString(text) {
			b.Errorf("%s: %q is in no catalogue", words.Language(), text)
		}
	}
}

// TestNothingIsClipped: in the smallest window every text is whole in every
// language, and in one as large as a screen, save data of any length.
func TestNothingIsClipped(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(scenes)) {
		t.Run(name, func(t *testing.T) {
			for _, language := range words.Languages() {
				inLanguage(t, name, language, small).mustBeWhole()
			}
			inLanguage(t, name, "de", fyne.NewSize(3840, 2160)).mustBeWhole()
		})
	}
}

// TestInputsHaveRoom: beside buttons with long words, inputs of the smallest
// window keep room for a path or a name, and lie over nothing.
func TestInputsHaveRoom(t *testing.T) {
	for _, language := range words.Languages() {
		b := inLanguage(t, "settings", language, small)
		if in := b.input(viewmodel.FieldBundle); in.(fyne.CanvasObject).Size().Width < 200 {
			t.Errorf("%s: the file of certificates has %v", language, in.(fyne.CanvasObject).Size().Width)
		}
		b = inLanguage(t, "queries", language, small)
		q := b.w.queries
		place := fyne.CurrentApp().Driver().AbsolutePositionForObject
		edge := place(q.search).X + q.search.Size().Width
		if left := place(q.pause).X; q.search.Size().Width < 90 || edge > left-8 {
			t.Errorf("%s: the search reaches from %v to %v, the button begins at %v", language, place(q.search).X, edge, left)
		}
	}
}

func (b *bench) mustBeWhole() {
	b.Helper()
	size := b.win.Canvas().Size()
	for _, fault := range clipped(b.win.Content(), size) {
		b.Errorf("%s, %v: %s", words.Language(), size, fault)
	}
}

// clipped describes what is drawn shorter than it is, or beyond the window.
func clipped(root fyne.CanvasObject, size fyne.Size) (faults []string) {
	whole := wholeTexts()
	var look func(o fyne.CanvasObject, at fyne.Position, edge float32)
	look = func(o fyne.CanvasObject, at fyne.Position, edge float32) {
		if o == nil || !o.Visible() {
			return
		}
		at = at.Add(o.Position())
		if at.X < -1000 { // put away for lack of room
			return
		}
		switch o := o.(type) {
		case *text:
			if short := shortened(o); short != "" && !data.MatchString(o.content) {
				faults = append(faults, short)
			}
			if need := o.MinSize().Height; o.Size().Height < need-1 {
				faults = append(faults, fmt.Sprintf("%s needs %v of height and has %v", o.content, need, o.Size().Height))
			}
			if o.content != "" && (at.X < -1 || at.X+o.Size().Width > edge+1) {
				faults = append(faults, fmt.Sprintf("%s reaches from %v to %v", o.content, at.X, at.X+o.Size().Width))
			}
			return
		case *canvas.Text:
			if cut := strings.TrimSuffix(o.Text, "…"); cut != o.Text && !whole[o.Text] {
				faults = append(faults, o.Text+" is cut short")
			}
			need := fyne.MeasureText(o.Text, o.TextSize, o.TextStyle).Width
			if o.Text != "" && !strings.HasSuffix(o.Text, "…") && (need > o.Size().Width+1 && o.Size().Width > 0 || at.X < -1 || at.X+need > edge+1 && !data.MatchString(o.Text)) {
				faults = append(faults, o.Text+" is wider than its place")
			}
		case *button, *chip:
			if at.X+o.Size().Width > edge+1 {
				faults = append(faults, strings.Join(textsOf(o), " ")+" reaches beyond its place")
			}
		case *scroll:
			edge = min(edge, at.X+o.Size().Width) // nobody looks for more at the right
		}
		var children []fyne.CanvasObject
		switch o := o.(type) {
		case *fyne.Container:
			children = o.Objects
		case fyne.Widget:
			children = test.WidgetRenderer(o).Objects()
		}
		for _, c := range children {
			look(c, at, edge)
		}
	}
	look(root, fyne.Position{}, size.Width)
	return faults
}

// wholeTexts are those of the catalogue that end with an ellipsis themselves.
func wholeTexts() map[string]bool {
	var all map[string]any
	if err := json.Unmarshal(words.File(words.Language()), &all); err != nil {
		panic(err)
	}
	list := map[string]bool{}
	for _, text := range all {
		if s, ok := text.(string); ok && strings.HasSuffix(s, "…") {
			list[s] = true
		}
	}
	return list
}

// shortened says how a text is drawn if that is not all of it.
func shortened(t *text) string {
	drawn := strings.Join(textsOf(t), "")
	whole := strings.Join(strings.Fields(t.content), "")
	if strings.Join(strings.Fields(drawn), "") != whole {
		return t.content + " is drawn as " + drawn
	}
	return ""
}

// dialogs are questions that stand over the window.
var dialogs = map[string]func(*testing.T) *bench{
	"export": func(t *testing.T) *bench {
		b := log(t, small, "example.com.")
		b.w.export()
		return b
	},
	"a provider of one's own": func(t *testing.T) *bench {
		b := shelved(t, small, "cloudflare", "quad9")
		b.w.editProvider("")
		return b
	},
	"a pause for a network": func(t *testing.T) *bench {
		b := onNetworks()(t, small)
		n := &b.w.settings.networks
		n.choice.SetSelectedIndex(len(n.choice.Options) - 1)
		return b
	},
}

// TestDialogsAreWhole: what stands over the smallest window is translated and
// not cut short in any language.
func TestDialogsAreWhole(t *testing.T) {
	for name, show := range dialogs {
		t.Run(name, func(t *testing.T) {
			english := map[string]bool{}
			for _, language := range words.Languages() {
				words.Use(language)
				t.Cleanup(func() { words.Use() })
				b := show(t)
				b.settle()
				top := b.win.Canvas().Overlays().Top()
				for _, fault := range clipped(top, small) {
					t.Errorf("%s: %s", language, fault)
				}
				for _, text := range textsOf(top) {
					switch {
					case language == "en":
						english[text] = true
					case language == "ja" && english[text] && !data.MatchString(text):
						t.Errorf("%q is in no catalogue", text)
					}
				}
			}
		})
	}
}
