package viewmodel

import (
	"slices"
	"strings"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Tone is the mood of a header, a row or a mark; the window gives it a colour.
type Tone int

// The tones.
const (
	Neutral Tone = iota
	Good
	Warn
	Bad
)

// Action is what a button of the header does.
type Action int

// The actions.
const (
	// Start opens the engine's listeners.
	Start Action = iota
	// Stop closes them.
	Stop
	// Restart is Stop and Start: an engine whose listeners are open connects anew.
	Restart
	// Launch starts the engine's process.
	Launch
	// Pause asks for how long (PauseChoices).
	Pause
	// Resume ends a pause.
	Resume
	// SignIn lets the network's sign-in page through and opens it.
	SignIn
	// TurnOn points this computer's DNS here.
	TurnOn
	// Cover does so on the networks that it was not yet done on.
	Cover
)

// Button is one of at most two in a header.
type Button struct {
	Label  string
	Action Action
	// Filled marks the one that is most likely wanted.
	Filled bool
}

// Header says the state: what is, what to do about it.
type Header struct {
	// Icon names the shield: protected, degraded, paused, portal, failed, stopped
	// or starting.
	Icon  string
	Title string
	// Short is the title where there is little room, Brief where there is least.
	Short, Brief string
	// Sentence and Hint are the engine's own words wherever one is there.
	Sentence, Hint string
	Tone           Tone
	Buttons        []Button
	// Left is the share of a pause that is left, 0 for none or no known end.
	Left float64
}

func stopButton() Button  { return Button{Label: words.T("Stop"), Action: Stop} }
func startButton() Button { return Button{Label: words.T("Start"), Action: Start, Filled: true} }
func pauseButton() Button { return Button{Label: words.T("Pause"), Action: Pause} }

// briefly has the words for a rail that is too narrow for a short title.
func briefly(short string) string {
	switch short {
	case words.T("Not protected"):
		return words.T("Failure")
	case words.T("Sign-in needed"):
		return words.T("Sign in")
	case words.T("Known names"), words.T("On backup"):
		return words.T("Backup")
	case words.T("Leak found"):
		return words.T("Leak")
	}
	return short
}

// HeaderOf returns the header for what is known of the engine.
func HeaderOf(v View) Header {
	h := headerOf(v)
	h.Brief = briefly(h.Short)
	return h
}

func headerOf(v View) Header {
	switch v.Link {
	case Looking:
		return Header{Icon: "starting", Title: words.T("Looking for the engine…"), Short: words.T("Looking…")}
	case Launching:
		return Header{Icon: "starting", Title: words.T("Starting…"), Short: words.T("Starting…"), Sentence: words.T("The engine is being started."), Hint: words.T("This takes about a second.")}
	case Refused:
		return refusedHeader(v.Problem)
	case Gone:
		return goneHeader(v.Problem)
	}
	return statusHeader(v.Status, v.Now)
}

func refusedHeader(p *control.Problem) Header {
	h := Header{Icon: "degraded", Title: words.T("No access"), Short: words.T("No access"), Tone: Warn}
	if p != nil {
		h.Sentence, h.Hint = words.Said(p.Message), words.Said(p.Hint)
	}
	return h
}

// goneHeader is for no engine; p is why one could not be launched, or nil.
func goneHeader(p *control.Problem) Header {
	h := Header{Icon: "stopped", Title: words.T("Stopped"), Short: words.T("Stopped"),
		Sentence: words.T("The engine has stopped."), Hint: words.T("A tray starts it again by itself; Start does it now."),
		Buttons: []Button{{Label: words.T("Start"), Action: Launch, Filled: true}}}
	if p != nil {
		h.Icon, h.Title, h.Short, h.Tone = "failed", words.T("Not protected"), words.T("Not protected"), Bad
		h.Sentence, h.Hint = words.Said(p.Message), words.Said(p.Hint)
		h.Buttons[0].Label = words.T("Try again")
	}
	return h
}

func statusHeader(s control.Status, now time.Time) Header {
	h := Header{Icon: string(s.State), Sentence: words.Said(s.Sentence), Hint: words.Said(s.Hint)}
	switch s.State {
	case control.Stopped:
		h.Title, h.Buttons = words.T("Stopped"), []Button{startButton()}
	case control.Starting:
		h.Title, h.Buttons = words.T("Starting…"), []Button{{Label: words.T("Cancel"), Action: Stop}}
	case control.Protected:
		h.protected(s)
	case control.Degraded:
		h.Title, h.Tone, h.Buttons = words.T("On backup"), Warn, running(s)
		if s.Variant == control.VariantFromMemory {
			h.Title, h.Short = words.T("Known names only"), words.T("Known names")
		}
	case control.Paused:
		h.paused(s, now)
	case control.SignIn:
		h.Title, h.Tone = words.T("Sign-in needed"), Warn
		h.Buttons = []Button{{Label: words.T("Open sign-in page"), Action: SignIn, Filled: true}, stopButton()}
	case control.Failed:
		// A command in the hint stands among the ways to fix it.
		hint, _, _ := strings.Cut(s.Hint, "\n")
		h.Hint = words.Said(hint)
		h.Title, h.Tone = words.T("Not protected"), Bad
		h.Buttons = []Button{{Label: words.T("Try again"), Action: retryAction(s.Problem), Filled: true}}
	default:
		// An engine newer than this window.
		h.Icon, h.Title, h.Tone, h.Buttons = "degraded", string(s.State), Warn, []Button{stopButton()}
	}
	if h.Short == "" {
		h.Short = h.Title
	}
	return h
}

func (h *Header) protected(s control.Status) {
	h.Title, h.Tone, h.Buttons = words.T("Protected"), Good, running(s)
	switch {
	case s.Variant == control.VariantNotInUse:
		h.Icon, h.Title, h.Short, h.Tone = "degraded", words.T("Running, not in use"), words.T("Not in use"), Warn
		h.Hint = words.T("Turn on “Use as this computer’s DNS”.")
		h.Buttons = []Button{{Label: words.T("Turn on"), Action: TurnOn, Filled: true}, stopButton()}
	case s.Leaks():
		p := s.Problem
		h.Icon, h.Title, h.Tone, h.Sentence, h.Hint = "degraded", words.T("Leak found"), Warn, words.Said(p.Message), words.Said(p.Hint)
		h.Buttons = []Button{{Label: useToo(p.Entry), Action: Cover, Filled: true}, stopButton()}
	}
}

// useToo is the label of what covers a network that is not yet.
func useToo(network string) string {
	if network == "" {
		return words.T("Repair")
	}
	return words.T("Use on {{.Network}} too", "Network", network)
}

// running are the buttons while queries are answered. Only what was pointed
// here can be put back for a while.
func running(s control.Status) []Button {
	if !s.SystemDNS {
		return []Button{stopButton()}
	}
	return []Button{pauseButton(), stopButton()}
}

// retryAction is Start where the listeners are closed; where they are open
// Start would do nothing.
func retryAction(p *control.Problem) Action {
	if p != nil {
		switch p.Code {
		case control.CodePortInUse, control.CodePermission, control.CodeAddress, control.CodeSettings:
			return Start
		}
	}
	return Restart
}

// Foot is the line under the state's name at the foot of the rail.
func Foot(v View) string {
	switch v.Link {
	case Looking, Launching:
		return ""
	case Refused:
		return words.T("Another user’s engine")
	case Gone:
		return words.T("No engine")
	}
	s := v.Status
	if s.State == control.Failed && s.Problem != nil {
		if short, ok := shortProblems[s.Problem.Code]; ok {
			return words.T(short)
		}
	}
	name := ProviderName(s)
	if s.State == control.Protected && s.Counters.MedianMS > 0 {
		return name + ", " + Latency(s.Counters.MedianMS)
	}
	return name
}

var shortProblems = map[string]string{
	control.CodePortInUse:   words.Mark("The port is taken"),
	control.CodePermission:  words.Mark("No permission"),
	control.CodeAddress:     words.Mark("No such address"),
	control.CodeCertificate: words.Mark("Certificate refused"),
	control.CodeNoAnswer:    words.Mark("No answer"),
	control.CodeOffline:     words.Mark("No network"),
	control.CodeSettings:    words.Mark("Settings are broken"),
}

// ProviderName is what to call the current provider.
func ProviderName(s control.Status) string {
	switch {
	case s.Demo:
		return words.T("Demo")
	case s.ProviderName != "":
		return s.ProviderName
	case s.Provider != "":
		return s.Provider
	}
	return none
}

// ToggleAction is what Ctrl+S does: the header's start or stop.
func ToggleAction(h Header) (Action, bool) { return h.first(Start, Stop, Restart, Launch) }

// PauseAction is what Ctrl+P does: to ask for how long, or to end the pause.
func PauseAction(h Header) (Action, bool) { return h.first(Pause, Resume) }

// first is the action of the first button that does one of some.
func (h Header) first(some ...Action) (Action, bool) {
	i := slices.IndexFunc(h.Buttons, func(b Button) bool { return slices.Contains(some, b.Action) })
	if i < 0 {
		return 0, false
	}
	return h.Buttons[i].Action, true
}
