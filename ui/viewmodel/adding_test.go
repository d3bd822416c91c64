package viewmodel

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/synctest"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func TestAddingAsOneTypes(t *testing.T) {
	for text, c := range map[string]struct {
		ready bool
		says  string
		tone  Tone
	}{
		"":                           {false, "IP#NAME", Neutral},
		"192.168.1.10":               {true, "With a name: 192.168.1.10#dns.home.example", Neutral},
		"  192.0.2.1#dns.example  ":  {true, "IP#NAME", Neutral},
		"192.0.2.1@8853#dns.example": {true, "IP#NAME", Neutral},
		"tls://dns.example":          {true, "IP#NAME", Neutral},
		"sdns://AwcAAAAA":            {true, "IP#NAME", Neutral},
		"192.0.2.1#":                 {false, "lacks the name", Bad},
		"dns#dns.example":            {false, "is not an IP address", Bad},
		"https://dns.example":        {false, "is not an address of DNS over TLS", Bad},
		"192.0.2":                    {false, "is not a known provider", Bad},
		"QUAD9":                      {false, "Quad9 is in the list already", Bad},
		homeServer:                   {false, "is in the list already", Bad},
		"tls://a.example\x00":        {false, "cannot be seen", Bad},
	} {
		a := stocked("cloudflare", homeServer).NewAdding("")
		a.Type(text)
		line, tone := a.Line()
		if a.Ready() != c.ready || !strings.Contains(line, c.says) || tone != c.tone || a.Anyway() != "" {
			t.Errorf("%q: ready %v, %q, %v, %q", text, a.Ready(), line, tone, a.Anyway())
		}
	}
}

func TestAddingAfterATest(t *testing.T) {
	for name, c := range map[string]struct {
		result control.ProviderTest
		err    error
		passes bool
		says   string
		anyway string
	}{
		"passed":      {controltest.NewProviderTest("x"), nil, true, "IP#NAME", ""},
		"no network":  {control.ProviderTest{Error: "there is no route to it", Network: true}, nil, false, "There is no route to it.", "Add anyway"},
		"certificate": {control.ProviderTest{Error: "its certificate is for b.example, not for a.example"}, nil, false, "It was not added.", ""},
		"engine gone": {control.ProviderTest{}, errors.New("The engine has gone."), false, "The engine has gone.", ""},
	} {
		a := stocked("cloudflare").NewAdding("")
		a.Type("tls://a.example")
		if !a.Begin() || a.Begin() || a.Ready() || a.Yes() != "Testing…" {
			t.Fatalf("%s: it does not begin, or twice", name)
		}
		if line, tone := a.Line(); tone != Neutral || !strings.Contains(line, "…") {
			t.Errorf("%s: meanwhile %q", name, line)
		}
		passed := a.Done(c.result, c.err)
		if line, _ := a.Line(); passed != c.passes || !strings.Contains(line, c.says) || a.Anyway() != c.anyway {
			t.Errorf("%s: %v, %q, %q", name, passed, line, a.Anyway())
		}
		if a.Type("tls://b.example"); a.Anyway() != "" {
			t.Errorf("%s: another text may be added untested", name)
		}
	}
}

func TestChangingOne(t *testing.T) {
	a := stocked("cloudflare", homeServer).NewAdding(homeServer)
	if a.Ready() || a.Title() != "Change a provider" || a.Yes() != "Test and change" || a.Text() != homeServer || a.Was() != homeServer {
		t.Errorf("as it opens: %+v", a)
	}
	if line, tone := a.Line(); tone != Neutral {
		t.Errorf("as it opens: %q", line)
	}
	a.Type("192.168.1.11#dns.home.example")
	if !a.Begin() || a.Done(control.ProviderTest{Error: "x", Network: true}, nil) || a.Anyway() != "Change anyway" {
		t.Errorf("after a test without network: %q", a.Anyway())
	}
	a.Refused(errors.New("The settings were refused."))
	if line, tone := a.Line(); line != "The settings were refused." || tone != Bad || a.Anyway() != "" {
		t.Errorf("refused: %q %q", line, a.Anyway())
	}
}

// trials is an engine whose tests do as scripted, one after the other.
type trials struct {
	Engine
	script []func(yield func(control.TestEvent, error) bool)
}

func (f *trials) TestProviders(context.Context, []string) iter.Seq2[control.TestEvent, error] {
	next := f.script[0]
	if len(f.script) > 1 {
		f.script = f.script[1:]
	}
	return next
}

func TestOneWaitsForTheEndOfAnother(t *testing.T) {
	busy := func(yield func(control.TestEvent, error) bool) {
		yield(control.TestEvent{}, &control.Problem{Code: control.CodeNotNow, Message: "Providers are being tested already."})
	}
	answers := func(yield func(control.TestEvent, error) bool) {
		_ = yield(control.TestEvent{Upstreams: []string{"quad9"}}, nil) && yield(answered("quad9", 5), nil)
	}
	silent := func(func(control.TestEvent, error) bool) {}
	synctest.Test(t, func(t *testing.T) {
		r, err := TestOne(t.Context(), &trials{script: []func(func(control.TestEvent, error) bool){busy, busy, answers}}, "quad9")
		if err != nil || r.WarmMS != 5 {
			t.Errorf("got %+v, %v", r, err)
		}
		if _, err = TestOne(t.Context(), &trials{script: []func(func(control.TestEvent, error) bool){busy}}, "quad9"); err == nil {
			t.Error("it waits for ever, or passes")
		}
		if _, err = TestOne(t.Context(), &trials{script: []func(func(control.TestEvent, error) bool){silent}}, "quad9"); err == nil {
			t.Error("no result is a result")
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for _, script := range [][]func(func(control.TestEvent, error) bool){{busy}, {silent}} {
			if _, err = TestOne(ended, &trials{script: script}, "quad9"); !errors.Is(err, context.Canceled) {
				t.Errorf("a test that was stopped: %v", err)
			}
		}
	})
}

func FuzzAdding(f *testing.F) {
	for _, text := range []string{"", "192.0.2.1#a.example", "tls://a.example:853", "sdns://x", "quad9?", "#", "[::1]:853#a", homeServer, "a\nb.example"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := stocked("cloudflare", homeServer)
		a := s.NewAdding("")
		a.Type(text)
		line, tone := a.Line()
		if line == "" || a.Ready() && (tone == Bad || strings.ContainsAny(a.Text(), "\n\x00")) {
			t.Fatalf("%q: ready %v, %q", text, a.Ready(), line)
		}
		if !a.Ready() {
			return
		}
		s.Add(a.Text(), "")
		if item, ok := s.Item(); !ok || item.Upstream != a.Text() || item.Name == "" || !item.Own {
			t.Fatalf("%q becomes %+v", text, item)
		}
		if again := s.NewAdding(""); true {
			if again.Type(text); again.Ready() {
				t.Fatalf("%q can be added twice", text)
			}
		}
	})
}
