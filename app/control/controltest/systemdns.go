package controltest

import (
	"context"
	"strings"
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

// TestProviders implements control.Controller: each answers alike.
func (e *Engine) TestProviders(_ context.Context, upstreams []string) (<-chan control.TestEvent, error) {
	e.called("test %s", strings.Join(upstreams, " "))
	if e.TestFunc != nil {
		return e.TestFunc(upstreams)
	}
	if len(upstreams) == 0 {
		upstreams = []string{"cloudflare", "quad9", "google"}
	}
	events := make(chan control.TestEvent, len(upstreams)+1)
	events <- control.TestEvent{Upstreams: upstreams}
	for _, u := range upstreams {
		events <- control.TestEvent{Result: new(NewProviderTest(u))}
	}
	close(events)
	return events, nil
}

// NewProviderTest is a result without a fault.
func NewProviderTest(upstream string) control.ProviderTest {
	expires := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	return control.ProviderTest{
		Upstream: upstream, Name: upstream, Address: "9.9.9.9:853", ConnectMS: 24.5, FirstMS: 12.1, WarmMS: 11.2,
		TLS: "TLS 1.3", KeyExchange: "X25519MLKEM768", Resumed: true, Issuer: "DigiCert", Expires: &expires, NSID: "lon-1", Validates: true,
	}
}

// Check implements control.Controller.
func (e *Engine) Check(context.Context) []control.CheckRow {
	if e.CheckFunc != nil {
		return e.CheckFunc()
	}
	return []control.CheckRow{
		{ID: "certificate", Result: control.CheckOK, Title: "Certificate and name", Sentence: "one.one.one.one is signed by DigiCert and holds until 2 January 2027."},
		{ID: "leak", Result: control.CheckFailed, Title: "Leak test", Sentence: "A name looked up on this computer did not come to DoT Proxy; it asks another server, not encrypted.",
			Fix: &control.Fix{Label: "Use as this computer’s DNS", Command: control.FixSystemDNS}},
	}
}
