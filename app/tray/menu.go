// Package tray is the icon in the panel: a client of the control API that keeps
// an engine running. What the menu says is decided by Build, which draws
// nothing; bar.go is all that touches the systray library.
package tray

import (
	"strings"

	"dotproxy/app/control"
)

// MaxProviders is how many providers the menu offers at most.
const MaxProviders = 8

// ID names an entry of the menu, and with it what a click on it does.
type ID string

// The entries, in the menu's order. Separators stand where Layout says.
const (
	// Line1 and Line2 say the state; they cannot be clicked.
	Line1     ID = "line1"
	Line2     ID = "line2"
	Start     ID = "start"
	TryAgain  ID = "try again"
	Cancel    ID = "cancel"
	Stop      ID = "stop"
	Providers ID = "providers"
	// More stands below Providers and opens the window.
	More   ID = "more"
	Open   ID = "open"
	Recent ID = "recent"
	Close  ID = "close"
	Quit   ID = "quit"

	// separator is only a place in Layout.
	separator ID = ""
)

// Layout is the order of the entries from top to bottom; an empty ID is a
// separator.
var Layout = []ID{
	Line1, Line2, separator,
	Start, TryAgain, Cancel, Stop, separator,
	Providers, separator,
	Open, Recent, separator,
	Close, Quit,
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
	// Items holds every ID of Layout, and More.
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
	// System marks the system's engine, which a service manager keeps and which
	// the tray therefore does not end.
	System bool
	// Notice says why the last click did nothing, or why no engine could be
	// started. It takes the second line.
	Notice string
}

// Build makes the menu of a view.
func Build(v View) Menu {
	m := Menu{Icon: iconOf(v), Items: make(map[ID]Item, len(Layout))}
	line1, line2 := lines(v)
	if v.Notice != "" {
		line2 = shorten(v.Notice)
	}
	m.Items[Line1] = Item{Title: line1, Visible: true}
	m.Items[Line2] = Item{Title: line2, Visible: line2 != ""}
	can := actions(v)
	for id, title := range map[ID]string{Start: "Start", TryAgain: "Try again", Cancel: "Cancel", Stop: "Stop"} {
		m.Items[id] = Item{Title: title, Enabled: true, Visible: can[id]}
	}
	m.Providers = providerItems(v)
	m.Items[Providers] = Item{Title: providersTitle(v), Enabled: v.Link == Connected && len(m.Providers) > 0, Visible: true}
	m.Items[More] = Item{Title: "More…", Enabled: true, Visible: len(m.Providers) < len(v.Providers) && !v.Status.Demo}
	m.Items[Open] = Item{Title: "Open DoT Proxy…", Enabled: true, Visible: true}
	m.Items[Recent] = Item{Title: "Recent queries…", Enabled: true, Visible: true}
	m.Items[Close] = Item{Title: "Close tray, stay protected", Enabled: true, Visible: true}
	m.Items[Quit] = Item{Title: "Quit", Enabled: true, Visible: !v.System}
	return m
}

func iconOf(v View) control.State {
	switch {
	case v.Link == Launching:
		return control.Starting
	case v.Link == Gone:
		return control.Failed
	case v.Link == Forbidden:
		return control.Stopped // nothing is known of its state
	case v.Status.Variant == control.VariantNotInUse:
		return control.Degraded
	}
	return v.Status.State
}

// actions are the entries that change the state and make sense now.
func actions(v View) map[ID]bool {
	switch v.Link {
	case Launching:
		return nil
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
		return map[ID]bool{TryAgain: true}
	}
	return map[ID]bool{Stop: true}
}

func providersTitle(v View) string {
	if v.Status.ProviderName == "" {
		return "Provider"
	}
	return "Provider: " + shorten(v.Status.ProviderName)
}

// providerItems offers the first providers the engine knows. The current one is
// always among them, even if it is none of those that are known.
func providerItems(v View) []ProviderItem {
	s := v.Status
	var items []ProviderItem
	seen := s.Provider == ""
	for _, p := range v.Providers {
		if s.Demo {
			break // the demo asks only its own server
		}
		current := p.ID == s.Provider
		free := MaxProviders - len(items)
		if free == 0 || free == 1 && !seen && !current {
			continue
		}
		seen = seen || current
		items = append(items, providerItem(p.Name, p.ID, current))
	}
	if !seen {
		items = append(items, providerItem(customTitle(s), s.Provider, true))
	}
	return items
}

// customTitle is the current provider's name, and in short what the options
// behind the ? of its text demand, to tell it from the one without them.
func customTitle(s control.Status) string {
	_, options, found := strings.Cut(s.Provider, "?")
	switch {
	case !found:
		return s.ProviderName
	case strings.HasPrefix(options, "pin-sha256=") || strings.Contains(options, "&pin-sha256="):
		return s.ProviderName + ", certificate pinned"
	}
	return s.ProviderName + ", with options"
}

func providerItem(title, upstream string, current bool) ProviderItem {
	return ProviderItem{Item: Item{Title: shorten(title), Enabled: true, Checked: current, Visible: true}, Upstream: upstream}
}

// maxTitle is how many letters a line of a menu has at most.
const maxTitle = 60

// shorten makes a line of a sentence: one line, without its full stop.
func shorten(text string) string {
	text = strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ".")
	if letters := []rune(text); len(letters) > maxTitle {
		return strings.TrimSpace(string(letters[:maxTitle-1])) + "…"
	}
	return text
}
