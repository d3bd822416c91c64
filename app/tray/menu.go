// Package tray is the icon in the panel: a client of the control API that keeps
// an engine running. What the menu says is decided by Build, which draws
// nothing; bar.go is all that touches the systray library.
package tray

import (
	"strings"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// MaxProviders is how many providers the menu offers at most.
const MaxProviders = 8

// ID names an entry of the menu, and with it what a click on it does.
type ID string

// The entries, in the menu's order. Separators stand where Layout says.
const (
	// Line1 and Line2 say the state; they cannot be clicked.
	Line1 ID = "line1"
	Line2 ID = "line2"
	Pause ID = "pause"
	// These stand below Pause; PauseHint cannot be clicked.
	PauseHint    ID = "pause hint"
	Pause5       ID = "pause 5"
	Pause15      ID = "pause 15"
	Pause60      ID = "pause 60"
	PauseNetwork ID = "pause network"
	Resume       ID = "resume"
	TurnOn       ID = "turn on"
	SignIn       ID = "sign in"
	Start        ID = "start"
	TryAgain     ID = "try again"
	Cancel       ID = "cancel"
	Stop         ID = "stop"
	Fix          ID = "fix"
	Providers    ID = "providers"
	// Add and More stand below Providers and open the window.
	Add  ID = "add"
	More ID = "more"
	// UseHere has a tick where this computer's DNS shall point to the engine.
	UseHere ID = "use here"
	Open    ID = "open"
	Recent  ID = "recent"
	Check   ID = "check"
	// AtLogin has a tick where the next login starts the tray.
	AtLogin ID = "at login"
	Close   ID = "close"
	Quit    ID = "quit"

	// separator is only a place in Layout.
	separator ID = ""
)

// Layout is the order of the entries from top to bottom; an empty ID is a
// separator.
var Layout = []ID{
	Line1, Line2, separator,
	Pause, Resume, TurnOn, SignIn, Start, TryAgain, Cancel, Stop, Fix, separator,
	Providers, UseHere, separator,
	Open, Recent, Check, AtLogin, separator,
	Close, Quit,
}

// Below is what stands below an entry, in order; below Providers it follows the
// providers themselves.
var Below = map[ID][]ID{
	Pause:     {PauseHint, Pause5, Pause15, Pause60, PauseNetwork},
	Providers: {Add, More},
}

// titles are those that never change.
var titles = map[ID]string{
	Pause: words.Mark("Pause"), PauseHint: words.Mark("DNS is not encrypted meanwhile"), Pause5: words.Mark("5 minutes"), Pause15: words.Mark("15 minutes"), Pause60: words.Mark("1 hour"),
	PauseNetwork: words.Mark("Until the network changes"), Resume: words.Mark("Resume now"), TurnOn: words.Mark("Turn on"), SignIn: words.Mark("Open sign-in page"),
	Start: words.Mark("Start"), TryAgain: words.Mark("Try again"), Cancel: words.Mark("Cancel"), Stop: words.Mark("Stop"), Fix: words.Mark("Fix this…"),
	Add: words.Mark("Add…"), More: words.Mark("More…"), UseHere: words.Mark("Use as this computer’s DNS"),
	Open: words.Mark("Open DoT Proxy…"), Recent: words.Mark("Recent queries…"), Check: words.Mark("Check…"), AtLogin: words.Mark("Start at login"),
}

// Item is one entry as it shall look.
type Item struct {
	Title   string
	Enabled bool
	Checked bool
	Visible bool
}

// ProviderItem is an entry of the provider menu. Upstream is what to use when
// it is clicked.
type ProviderItem struct {
	Item
	Upstream string
}

// Menu is the whole tray as it shall look.
type Menu struct {
	// Icon is the state whose icon to show.
	Icon control.State
	// Items holds every ID of Layout and Below.
	Items map[ID]Item
	// Providers are the entries below Providers, at most MaxProviders; exactly
	// one is checked while a provider is known.
	Providers []ProviderItem
}

// Link is how the tray and an engine stand to one another.
type Link int

// The values of Link.
const (
	// Launching: an engine is being looked for or started for the first time.
	Launching Link = iota
	// Connected: an engine answers.
	Connected
	// Gone: no engine answers.
	Gone
	// Forbidden: an engine answers, but not to this user.
	Forbidden
)

// View is all that the menu is made from.
type View struct {
	Link Link
	// Status is the last one seen; it counts only while Connected, its provider
	// also afterwards.
	Status    control.Status
	Providers []control.Provider
	// Settings are those of the engine, nil while they are not known.
	Settings *control.Settings
	// Custom are the upstreams used last that are none of the known providers.
	Custom []Custom
	// System marks the system's engine, which a service manager keeps and which
	// the tray therefore does not end.
	System bool
	// Notice says why the last click did nothing, or why no engine could be
	// started. It takes the second line.
	Notice string
	// AtLogin tells whether the next login starts the tray, nil where that
	// cannot be found out.
	AtLogin *bool
	// Now is the time for which a pause is counted down.
	Now time.Time
}

// Build makes the menu of a view.
func Build(v View) Menu {
	m := Menu{Icon: iconOf(v), Items: make(map[ID]Item, len(Layout))}
	m.Providers = providerItems(v)
	visible := visibleItems(v, m.Providers)
	for id, title := range titles {
		m.Items[id] = Item{Title: words.T(title), Enabled: id != PauseHint, Visible: visible[id]}
	}
	line1, line2 := lines(v)
	if v.Notice != "" {
		line2 = shorten(words.Said(v.Notice))
	}
	m.Items[Line1] = Item{Title: line1, Visible: true}
	m.Items[Line2] = Item{Title: line2, Visible: line2 != ""}
	m.Items[Providers] = Item{Title: providersTitle(v), Enabled: visible[Providers], Visible: true}
	m.tick(UseHere, wantsHere(v))
	m.tick(AtLogin, v.AtLogin != nil && *v.AtLogin)
	m.Items[Close] = Item{Title: closeTitle(v), Enabled: true, Visible: true}
	m.Items[Quit] = Item{Title: quitTitle(v), Enabled: true, Visible: !v.System}
	return m
}

func (m Menu) tick(id ID, on bool) {
	i := m.Items[id]
	i.Checked = on
	m.Items[id] = i
}

// visibleItems are those of titles, and Providers, that make sense now.
func visibleItems(v View, providers []ProviderItem) map[ID]bool {
	can := actions(v)
	can[Open], can[Recent], can[Check] = true, true, true
	can[AtLogin] = v.AtLogin != nil
	if v.Link == Connected {
		can[Providers] = len(providers) > 0
		can[UseHere] = !v.Status.Demo // the demo never becomes a computer's DNS
		can[Add] = !v.Status.Demo
		can[More] = hasMore(v, providers) && !v.Status.Demo
	}
	for _, id := range Below[Pause] {
		can[id] = can[Pause]
	}
	return can
}

// wantsHere tells whether this computer's DNS shall point to the engine, which
// it does not while paused or stopped.
func wantsHere(v View) bool {
	if v.Settings != nil {
		return v.Settings.SystemDNS
	}
	return v.Status.SystemDNS
}

// closeTitle promises protection only where there is some.
func closeTitle(v View) string {
	s := v.Status
	if v.Link == Connected && s.Variant != control.VariantNotInUse && !s.Leaks() && (s.State == control.Protected || s.State == control.Degraded) {
		return words.T("Close tray, stay protected")
	}
	return words.T("Close tray")
}

// quitTitle promises to put back only what was changed; after a pause or a
// sign-in the change would be made again.
func quitTitle(v View) string {
	interrupted := v.Status.State == control.Paused || v.Status.State == control.SignIn && wantsHere(v)
	if v.Link == Connected && (v.Status.SystemDNS || interrupted) {
		return words.T("Quit and put DNS back")
	}
	return words.T("Quit")
}

func iconOf(v View) control.State {
	switch {
	case v.Link == Launching:
		return control.Starting
	case v.Link == Gone:
		return control.Failed
	case v.Link == Forbidden:
		return control.Stopped // nothing is known of its state
	case v.Status.Variant == control.VariantNotInUse, v.Status.Leaks():
		return control.Degraded
	}
	return v.Status.State
}

// actions are the entries that change the state and make sense now.
func actions(v View) map[ID]bool {
	switch v.Link {
	case Launching:
		return map[ID]bool{}
	case Gone:
		return map[ID]bool{Start: true}
	case Forbidden:
		return map[ID]bool{TryAgain: true}
	}
	switch v.Status.State {
	case control.Stopped:
		return map[ID]bool{Start: true}
	case control.Starting:
		return map[ID]bool{Cancel: true}
	case control.Failed:
		return map[ID]bool{TryAgain: true, Fix: true}
	case control.Paused:
		return map[ID]bool{Resume: true, Stop: true}
	case control.SignIn:
		return map[ID]bool{SignIn: true, Stop: true}
	}
	if v.Status.Variant == control.VariantNotInUse {
		return map[ID]bool{TurnOn: true, Stop: true}
	}
	// Only what was pointed here can be put back for a while.
	return map[ID]bool{Pause: v.Status.SystemDNS, Stop: true, Fix: v.Status.Leaks()}
}

// maxTitle is how many letters a line of a menu has at most.
const maxTitle = 60

// shorten makes a line of a sentence: one line, without its full stop.
func shorten(text string) string {
	text = strings.TrimRight(strings.Join(strings.Fields(text), " "), ".。")
	if letters := []rune(text); len(letters) > maxTitle {
		return strings.TrimSpace(string(letters[:maxTitle-1])) + "…"
	}
	return text
}
