package controltest

import (
	"context"
	"time"

	"dotproxy/app/control"
)

// Networks are what a new Engine covers once the computer's DNS points to it.
var Networks = []string{"Wired (eth0)"}

// SystemDNS implements control.Controller.
func (e *Engine) SystemDNS(ctx context.Context, action string) error {
	e.called("system-dns %s", action)
	if e.SystemDNSFunc != nil {
		return e.SystemDNSFunc(ctx, action)
	}
	if action != control.SystemDNSRepair {
		e.mu.Lock()
		e.keep(func(s *control.Settings) { s.SystemDNS = action == control.SystemDNSOn })
		e.mu.Unlock()
	}
	e.useHere(e.Settings().SystemDNS)
	return nil
}

// useHere shows that the computer's DNS points here, or not.
func (e *Engine) useHere(on bool) {
	e.Change(func(s *control.Status) {
		s.SystemDNS, s.Networks = on, []string{}
		if on {
			s.Networks = append(s.Networks, Networks...)
		}
		if s.Variant == control.VariantNotInUse && on {
			s.Variant, s.Sentence, s.Hint = "", "Your DNS goes to "+s.ProviderName+" over TLS 1.3.", ""
		}
	})
}

// Pause implements control.Controller. The pause begins at Since and does not
// end by itself.
func (e *Engine) Pause(ctx context.Context, p control.Pause) error {
	e.called("pause %d", p.Seconds)
	if e.PauseFunc != nil {
		return e.PauseFunc(ctx, p)
	}
	if !e.Settings().SystemDNS {
		return &control.Problem{Code: control.CodeNotNow, Message: "This computer’s DNS does not point here, so there is nothing to pause.",
			Hint: "Stop DoT Proxy instead."}
	}
	length := time.Duration(p.Seconds) * time.Second
	if p.Seconds == 0 {
		length = control.MaxPause * time.Second
	}
	e.useHere(false)
	e.Change(func(s *control.Status) {
		until := Since.Add(length)
		s.State, s.Problem, s.PausedUntil, s.PauseEndsWithNetwork = control.Paused, nil, &until, p.UntilNetworkChange
		s.Sentence, s.Hint = "Your DNS goes to this network’s server, not encrypted.", "It resumes by itself at "+until.Format("15:04")+"."
		if p.UntilNetworkChange {
			s.Hint = "It resumes by itself when the network changes."
		}
	})
	return nil
}

// Resume implements control.Controller.
func (e *Engine) Resume(context.Context) error {
	e.called("resume")
	if e.Status().State != control.Paused {
		return nil
	}
	e.Change(func(s *control.Status) { s.PausedUntil, s.PauseEndsWithNetwork = nil, false })
	e.SetState(control.Protected)
	e.useHere(e.Settings().SystemDNS)
	return nil
}

// WantSignIn shows that the network wants a sign-in at url.
func (e *Engine) WantSignIn(url string) {
	e.Change(func(s *control.Status) {
		s.State, s.Problem, s.Portal = control.SignIn, nil, &control.Portal{URL: url}
		s.Sentence = "This network wants you to sign in before it lets you through."
		s.Hint = "Open its page; DNS is not encrypted until you are through, five minutes at most."
	})
}

// SignIn implements control.Controller. It does not end by itself.
func (e *Engine) SignIn(ctx context.Context) error {
	e.called("sign-in")
	if e.SignInFunc != nil {
		return e.SignInFunc(ctx)
	}
	if e.Status().Portal == nil {
		return &control.Problem{Code: control.CodeNotNow, Message: "This network wants no sign-in.", Hint: "Nothing needs to be done."}
	}
	e.Change(func(s *control.Status) {
		until := Since.Add(5 * time.Minute)
		s.Portal = &control.Portal{URL: s.Portal.URL, Until: &until}
	})
	return nil
}

// Designated implements control.Controller.
func (e *Engine) Designated(context.Context) ([]control.Designated, error) {
	return []control.Designated{
		{Resolver: "192.0.2.1", Name: "dns.example", Addresses: []string{"192.0.2.1:853"}, Upstream: "192.0.2.1#dns.example"},
		{Resolver: "192.0.2.2", Addresses: []string{}, Problem: "The network’s resolver 192.0.2.2 names no encrypted one."},
	}, nil
}

// Network implements control.Controller.
func (e *Engine) Network(context.Context) control.Network {
	return control.Network{Name: "Office", Gateway: "00:00:5e:00:53:01", Address: "192.0.2.1"}
}
