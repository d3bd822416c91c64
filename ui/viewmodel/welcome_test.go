package viewmodel

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// unsocketed is a fake engine that is asked directly. It has no events.
type unsocketed struct{ *controltest.Engine }

func (u unsocketed) Settings(context.Context) (control.Settings, error) {
	return u.Engine.Settings(), nil
}

func (u unsocketed) Providers(context.Context) ([]control.Provider, error) {
	return u.Engine.Providers(), nil
}

func (u unsocketed) Queries(_ context.Context, limit int) ([]control.Query, error) {
	return u.Engine.Queries(limit), nil
}

func (u unsocketed) Check(ctx context.Context) ([]control.CheckRow, error) {
	return u.Engine.Check(ctx), nil
}

func (u unsocketed) TestProviders(context.Context, []string) iter.Seq2[control.TestEvent, error] {
	return func(func(control.TestEvent, error) bool) {}
}

func (u unsocketed) Events(context.Context) iter.Seq2[control.Event, error] {
	return func(func(control.Event, error) bool) {}
}

func TestWelcomeChoices(t *testing.T) {
	for _, c := range []struct {
		view   View
		first  string
		chosen int
	}{
		{View{Link: Gone}, "cloudflare", 0},
		{connected(control.Status{Provider: "quad9"}), "cloudflare", 1},
		{connected(control.Status{Provider: "tls://dns.example", ProviderName: "dns.example"}), "tls://dns.example", 0},
		{connected(control.Status{}), "cloudflare", 0},
	} {
		list, chosen := WelcomeChoices(c.view)
		if len(list) != 3 || list[0].Upstream != c.first || chosen != c.chosen {
			t.Errorf("%+v: %+v, %d", c.view.Status.Provider, list, chosen)
		}
	}
}

func TestNeedsWelcome(t *testing.T) {
	for _, c := range []struct {
		view View
		want bool
	}{
		{View{Link: Gone}, true}, {View{Link: Launching}, true}, {View{Link: Refused}, false},
		{connected(control.Status{}), true}, {connected(control.Status{Demo: true}), false},
	} {
		if got := NeedsWelcome(c.view); got != c.want {
			t.Errorf("%+v: %v", c.view.Link, got)
		}
	}
}

// TestBegin has what a first run's Start asks of the engine.
func TestBegin(t *testing.T) {
	refused := errors.New("refused")
	refuse := func(context.Context, string) error { return refused }
	for name, c := range map[string]struct {
		prepare func(*controltest.Engine)
		plan    Plan
		calls   []string
		begun   Begun
	}{
		"as it is":      {nil, Plan{"cloudflare", false}, []string{"start"}, Begun{}},
		"all":           {nil, Plan{"quad9", true}, []string{"use quad9", "start", "system-dns on"}, Begun{}},
		"no provider":   {func(e *controltest.Engine) { e.UseFunc = refuse }, Plan{"quad9", true}, []string{"use quad9"}, Begun{Stay: refused}},
		"a taken port":  {func(e *controltest.Engine) { e.StartFunc = func(context.Context) error { return refused } }, Plan{"cloudflare", true}, []string{"start"}, Begun{Start: refused}},
		"a DNS refused": {func(e *controltest.Engine) { e.SystemDNSFunc = refuse }, Plan{"cloudflare", true}, []string{"start", "system-dns on"}, Begun{SystemDNS: refused}},
		"a DNS that was on": {func(e *controltest.Engine) {
			if err := e.SystemDNS(context.Background(), control.SystemDNSOn); err != nil {
				panic(err)
			}
		}, Plan{"cloudflare", false}, []string{"system-dns on", "start", "system-dns off"}, Begun{}},
	} {
		t.Run(name, func(t *testing.T) {
			engine := controltest.New()
			if c.prepare != nil {
				c.prepare(engine)
			}
			launched := 0
			s := NewSession(unsocketed{engine}, &Log{})
			got := s.Begin(t.Context(), c.plan, func(context.Context) error { launched++; return nil })
			if got != c.begun || launched != 1 || !slices.Equal(engine.Calls(), c.calls) {
				t.Errorf("got %+v, launched %d times, asked %v", got, launched, engine.Calls())
			}
		})
	}
}

func TestBeginWithoutAnEngine(t *testing.T) {
	engine, gone := controltest.New(), &control.Problem{Message: "The program was not found."}
	s := NewSession(unsocketed{engine}, &Log{})
	got := s.Begin(t.Context(), Plan{Upstream: "quad9"}, func(context.Context) error { return gone })
	if got.Stay != error(gone) || len(engine.Calls()) > 0 {
		t.Errorf("got %+v, asked %v", got, engine.Calls())
	}
}

func (u unsocketed) Network(ctx context.Context) (control.Network, error) {
	return u.Engine.Network(ctx), nil
}
