package viewmodel

import (
	"slices"
	"testing"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

func connected(s control.Status) View { return View{Link: Connected, Status: s} }

func failedBy(code string) View {
	p := &control.Problem{Code: code, Message: "It failed.", Hint: "Mend it."}
	return connected(control.Status{State: control.Failed, Sentence: p.Message, Hint: p.Hint, Problem: p})
}

func TestHeaderOfEachState(t *testing.T) {
	status := func(s control.State) View {
		return connected(control.Status{State: s, Sentence: "What is.", Hint: "What to do."})
	}
	notInUse := status(control.Protected)
	notInUse.Status.Variant = control.VariantNotInUse
	inUse, backup, leak := status(control.Protected), status(control.Degraded), status(control.Protected)
	inUse.Status.SystemDNS, backup.Status.SystemDNS = true, true
	leak.Status.Problem = &control.Problem{Code: control.CodeLeak, Message: "Wi-Fi still asks 192.168.1.1, not encrypted.", Entry: "Wi-Fi"}
	somewhere := leak
	somewhere.Status.Problem = &control.Problem{Code: control.CodeLeak, Message: "This computer still asks another DNS server, not encrypted."}
	paused, pausedHere := pausedFor(252*time.Second), pausedFor(time.Hour)
	pausedHere.Status.PauseEndsWithNetwork = true
	fromMemory := status(control.Degraded)
	fromMemory.Status.Variant = control.VariantFromMemory
	for name, c := range map[string]struct {
		view        View
		icon, title string
		tone        Tone
		buttons     []Button
	}{
		"stopped":          {status(control.Stopped), "stopped", "Stopped", Neutral, []Button{{"Start", Start, true}}},
		"starting":         {status(control.Starting), "starting", "Starting…", Neutral, []Button{{"Cancel", Stop, false}}},
		"protected":        {status(control.Protected), "protected", "Protected", Good, []Button{{"Stop", Stop, false}}},
		"in use":           {inUse, "protected", "Protected", Good, []Button{{"Pause", Pause, false}, {"Stop", Stop, false}}},
		"not in use":       {notInUse, "degraded", "Running, not in use", Warn, []Button{{"Turn on", TurnOn, true}, {"Stop", Stop, false}}},
		"a leak somewhere": {somewhere, "degraded", "Leak found", Warn, []Button{{"Repair", Cover, true}, {"Stop", Stop, false}}},
		"leak":             {leak, "degraded", "Leak found", Warn, []Button{{"Use on Wi-Fi too", Cover, true}, {"Stop", Stop, false}}},
		"backup":           {backup, "degraded", "On backup", Warn, []Button{{"Pause", Pause, false}, {"Stop", Stop, false}}},
		"paused":           {paused, "paused", "Paused, 4:12 left", Warn, []Button{{"Resume now", Resume, true}, {"Stop", Stop, false}}},
		"paused until the network changes": {pausedHere, "paused", "Paused until the network changes", Warn,
			[]Button{{"Resume now", Resume, true}, {"Stop", Stop, false}}},
		"sign-in":    {status(control.SignIn), "portal", "Sign-in needed", Warn, []Button{{"Open sign-in page", SignIn, true}, {"Stop", Stop, false}}},
		"memory":     {fromMemory, "degraded", "Known names only", Warn, []Button{{"Stop", Stop, false}}},
		"degraded":   {status(control.Degraded), "degraded", "On backup", Warn, []Button{{"Stop", Stop, false}}},
		"port taken": {failedBy(control.CodePortInUse), "failed", "Not protected", Bad, []Button{{"Try again", Start, true}}},
		"no answer":  {failedBy(control.CodeNoAnswer), "failed", "Not protected", Bad, []Button{{"Try again", Restart, true}}},
		"unknown":    {status("dreaming"), "degraded", "dreaming", Warn, []Button{{"Stop", Stop, false}}},
		"looking":    {View{}, "starting", "Looking for the engine…", Neutral, nil},
		"launching":  {View{Link: Launching}, "starting", "Starting…", Neutral, nil},
		"gone":       {View{Link: Gone}, "stopped", "Stopped", Neutral, []Button{{"Start", Launch, true}}},
		"not launched": {View{Link: Gone, Problem: &control.Problem{Message: "No program."}}, "failed", "Not protected", Bad,
			[]Button{{"Try again", Launch, true}}},
		"refused": {View{Link: Refused, Problem: &control.Problem{Message: "Not yours."}}, "degraded", "No access", Warn, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := HeaderOf(c.view)
			if h.Icon != c.icon || h.Title != c.title || h.Tone != c.tone || !slices.Equal(h.Buttons, c.buttons) {
				t.Errorf("got %+v", h)
			}
			if h.Short == "" {
				t.Error("nothing to stand at the foot of a small rail")
			}
		})
	}
}

// pausedFor is a pause of ten minutes with so much left.
func pausedFor(left time.Duration) View {
	until := controltest.Since.Add(10 * time.Minute)
	v := connected(control.Status{State: control.Paused, Since: controltest.Since, PausedUntil: &until})
	v.Now = until.Add(-left)
	return v
}

func TestCountdown(t *testing.T) {
	for left, want := range map[time.Duration]string{
		252 * time.Second:                       "Paused, 4:12 left",
		251*time.Second + time.Millisecond:      "Paused, 4:12 left",
		9 * time.Second:                         "Paused, 0:09 left",
		0:                                       "Paused, 0:00 left",
		-time.Minute:                            "Paused, 0:00 left",
		time.Hour:                               "Paused, 1:00:00 left",
		23*time.Hour + 5*time.Minute:            "Paused, 23:05:00 left",
		59*time.Minute + 59*time.Second + 1e6*1: "Paused, 1:00:00 left",
	} {
		if got := HeaderOf(pausedFor(left)).Title; got != want {
			t.Errorf("%v: %q, want %q", left, got, want)
		}
	}
	for left, want := range map[time.Duration]float64{5 * time.Minute: 0.5, -time.Second: 0, time.Hour: 1} {
		if got := HeaderOf(pausedFor(left)).Left; got != want {
			t.Errorf("%v: the ring shows %v, want %v", left, got, want)
		}
	}
	if !pausedFor(time.Minute).Counts() || connected(control.Status{State: control.Protected}).Counts() {
		t.Error("only a pause with an end counts down")
	}
}

func TestPauseHasAnEnd(t *testing.T) {
	for _, c := range PauseChoices() {
		if p := c.Pause.Check(); p != nil || c.Pause.Seconds == 0 && !c.Pause.UntilNetworkChange {
			t.Errorf("%s: %+v, %v", c.Label, c.Pause, p)
		}
	}
}

func TestHeaderSpeaksTheEnginesWords(t *testing.T) {
	h := HeaderOf(connected(control.Status{State: control.Degraded, Sentence: "What is.", Hint: "What to do."}))
	if h.Sentence != "What is." || h.Hint != "What to do." {
		t.Errorf("got %q, %q", h.Sentence, h.Hint)
	}
	h = HeaderOf(View{Link: Gone})
	if h.Sentence != "The engine has stopped." {
		t.Errorf("without an engine: %q", h.Sentence)
	}
	h = HeaderOf(View{Link: Gone, Problem: &control.Problem{Message: "The program was not found.", Hint: "Install it."}})
	if h.Sentence != "The program was not found." || h.Hint != "Install it." {
		t.Errorf("after a launch that failed: %q, %q", h.Sentence, h.Hint)
	}
}

func TestFoot(t *testing.T) {
	protected := control.Status{State: control.Protected, Provider: "cloudflare", ProviderName: "Cloudflare", Counters: control.Counters{MedianMS: 11.2}}
	demo := protected
	demo.Demo = true
	for _, c := range []struct {
		view View
		want string
	}{
		{connected(protected), "Cloudflare, 11 ms"},
		{connected(demo), "Demo, 11 ms"},
		{connected(control.Status{State: control.Stopped, ProviderName: "Quad9", Counters: control.Counters{MedianMS: 3}}), "Quad9"},
		{connected(control.Status{State: control.Protected, Provider: "9.9.9.9#dns.quad9.net"}), "9.9.9.9#dns.quad9.net"},
		{failedBy(control.CodePortInUse), "The port is taken"},
		{failedBy(control.CodeInternal), "–"},
		{View{Link: Gone}, "No engine"},
		{View{Link: Refused}, "Another user’s engine"},
		{View{}, ""},
	} {
		if got := Foot(c.view); got != c.want {
			t.Errorf("%+v: %q, want %q", c.view, got, c.want)
		}
	}
}

func TestToggle(t *testing.T) {
	for _, c := range []struct {
		view View
		want Action
		ok   bool
	}{
		{connected(control.Status{State: control.Stopped}), Start, true},
		{connected(control.Status{State: control.Protected}), Stop, true},
		{View{Link: Gone}, Launch, true},
		{pausedFor(time.Minute), Stop, true},
		{connected(control.Status{State: control.Protected, SystemDNS: true}), Stop, true},
		{View{Link: Launching}, 0, false},
	} {
		if got, ok := ToggleAction(HeaderOf(c.view)); got != c.want || ok != c.ok {
			t.Errorf("%+v: %v, %v", c.view.Link, got, ok)
		}
	}
}

func TestPauseKey(t *testing.T) {
	for _, c := range []struct {
		view View
		want Action
		ok   bool
	}{
		{connected(control.Status{State: control.Protected, SystemDNS: true}), Pause, true},
		{connected(control.Status{State: control.Protected}), 0, false},
		{pausedFor(time.Minute), Resume, true},
		{connected(control.Status{State: control.Stopped}), 0, false},
	} {
		if got, ok := PauseAction(HeaderOf(c.view)); got != c.want || ok != c.ok {
			t.Errorf("%s: %v, %v", c.view.Status.State, got, ok)
		}
	}
}
