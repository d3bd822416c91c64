package viewmodel

import (
	"context"
	"slices"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// WelcomeChoice is one of the providers that a first run offers.
type WelcomeChoice struct {
	// Title says what for, Name who it is, Filter what it keeps away by its own
	// account.
	Title, Name, Filter string
	Upstream            string
}

// WelcomeChoices are one provider for each purpose. A provider that was set
// before, as by an administrator, takes the first place; it is chosen at first,
// as is any of the others that is set.
func WelcomeChoices(v View) (choices []WelcomeChoice, chosen int) {
	choices = []WelcomeChoice{
		{words.T("Just private"), "Cloudflare", words.T("No filter"), "cloudflare"},
		{words.T("Block malware"), "Quad9", words.T("Known bad sites"), "quad9"},
		{words.T("For families"), "Cloudflare Family", words.T("Malware and adult sites"), "cloudflare-family"},
	}
	set := v.Status.Provider
	if v.Link != Connected || set == "" {
		return choices, 0
	}
	if i := slices.IndexFunc(choices, func(c WelcomeChoice) bool { return c.Upstream == set }); i >= 0 {
		return choices, i
	}
	choices[0] = WelcomeChoice{words.T("As it is set"), ProviderName(v.Status), words.T("What was chosen before"), set}
	return choices, 0
}

// NeedsWelcome tells whether a first run is to be shown for v. A demo keeps
// nothing of what would be chosen, and another user's engine takes nothing.
func NeedsWelcome(v View) bool { return v.Link != Refused && !(v.Link == Connected && v.Status.Demo) }

// Plan is what a first run's Start does.
type Plan struct {
	Upstream  string
	SystemDNS bool
}

// Begun is what went wrong with a Plan, nothing where all is nil.
type Begun struct {
	// Stay: there is no engine, or it refused the provider.
	Stay error
	// Start: the engine cannot answer; its state says why.
	Start error
	// SystemDNS: this computer's DNS is as it was.
	SystemDNS error
}

// Begin carries out a plan, with an engine started by launch where there is
// none. What failed leaves the rest undone that needs it.
func (s *Session) Begin(ctx context.Context, p Plan, launch func(context.Context) error) (b Begun) {
	if b.Stay = s.Launch(ctx, launch); b.Stay != nil {
		return b
	}
	var now control.Settings
	if now, b.Stay = s.engine.Settings(ctx); b.Stay != nil {
		return b
	}
	if len(now.Upstreams) == 0 || now.Upstreams[0] != p.Upstream {
		if b.Stay = s.engine.Use(ctx, p.Upstream); b.Stay != nil {
			return b
		}
	}
	if b.Start = s.engine.Start(ctx); b.Start != nil || p.SystemDNS == now.SystemDNS {
		return b
	}
	action := control.SystemDNSOff
	if p.SystemDNS {
		action = control.SystemDNSOn
	}
	b.SystemDNS = s.engine.SystemDNS(ctx, action)
	return b
}
