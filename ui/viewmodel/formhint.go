package viewmodel

import (
	"net/netip"
	"slices"
	"strings"

	"dotproxy/app/control"
)

// Hint is the line under a field's label while nothing is wrong with it.
func (f *Form) Hint(field Field) string {
	if now := f.nowHint(field); now != "" {
		return now
	}
	switch field {
	case FieldListen:
		return f.listenHint()
	case FieldAccess:
		return f.accessHint()
	case FieldBundle:
		return f.BundleHint()
	case FieldProvider:
		return f.providerHint()
	case FieldBackups:
		return f.backupsHint()
	case FieldPrivacy:
		return privacyHints[control.LogPrivacy(f.Value(FieldPrivacy))]
	case SwitchPersist:
		return f.persistHint()
	case SwitchRace:
		return f.raceHint()
	}
	return hints[field]
}

var hints = map[Field]string{
	FieldPort:        "53 is the port of DNS",
	FieldPerSecond:   "Queries a second; 0 means no limit",
	FieldCache:       "MiB of memory for answers; 0 turns it off",
	FieldStale:       "Hours to keep them for when no provider can answer; 0 means never",
	SwitchHosts:      "Answers names from this computer’s hosts file",
	FieldOverrides:   "One a line: name = address, address or name = NXDOMAIN. *.name is all below it.",
	FieldRoutes:      "One a line: domain = server. A bare IP means DNS that is not encrypted, for this computer only.",
	SwitchLocal:      "Its own names go to this network’s server: not encrypted, for this computer only",
	SwitchCanary:     "Without it some browsers ask servers of their own",
	SwitchRebinding:  "Stops answers that give a public name a private address",
	SwitchSubnet:     "Asks providers to tell nobody what network a query comes from",
	SwitchKeep:       "Today’s counters outlive a restart, in a file with numbers only",
	FieldMinTTL:      "Seconds; 0 keeps answers for as long as they say",
	FieldMaxTTL:      "Seconds; 86400 is a day",
	FieldBurst:       "What a client may ask before its limit counts",
	SwitchLoopback:   "Else programs on this computer may ask without limit",
	FieldBlockAfter:  "Queries over the limit; 0 means never",
	FieldBlockWindow: "Seconds",
	FieldBlockFor:    "Seconds",
}

// Warns tells whether a field's hint is a warning.
func (f *Form) Warns(field Field) bool {
	switch field {
	case FieldListen:
		if f.nowHint(field) != "" {
			return f.beyondNow()
		}
		return f.ListensBeyond()
	case FieldAccess:
		return f.ListensBeyond() && slices.Contains(splitList(f.Value(field)), control.AccessAny)
	case FieldRoutes:
		return f.routesPlain()
	case SwitchPersist:
		return f.On(field) && !f.persists()
	case SwitchLocal:
		return f.On(field)
	}
	return false
}

func (f *Form) accessHint() string {
	switch {
	case !f.ListensBeyond():
		return "Who else may ask; now only this computer can"
	case f.Warns(FieldAccess):
		return "Anyone who reaches this computer can ask."
	}
	return "Who else may ask: addresses, prefixes such as 192.168.1.0/24, private, or any"
}

// providerHint says the short of a text whose options the input has no room for.
func (f *Form) providerHint() string {
	text := f.upstream(strings.TrimSpace(f.Value(FieldProvider)))
	if strings.Contains(text, "?") {
		return labelOf(text, f.providers)
	}
	return "Choose one, or type a server such as 9.9.9.9#dns.quad9.net"
}

func (f *Form) backupsHint() string {
	if f.On(SwitchRace) {
		return "Asked together with " + f.providerLabel()
	}
	return "Asked in this order, only when " + f.providerLabel() + " does not answer"
}

// providerLabel is the short name of the provider typed.
func (f *Form) providerLabel() string {
	server, _, _ := strings.Cut(f.Value(FieldProvider), "?")
	return nameOf(f.upstream(server), f.providers)
}

// persists tells whether the log's privacy lets the cache be saved.
func (f *Form) persists() bool { return f.Value(FieldPrivacy) == string(control.LogFull) }

func (f *Form) persistHint() string {
	switch {
	case f.persists():
		return "Keeps answers across restarts, in a file; not while names are hidden"
	case f.Value(FieldPrivacy) == string(control.LogOff):
		return "Not saved while the query log is off"
	}
	return "Not saved while names are hidden"
}

func (f *Form) raceHint() string {
	text := "The first answer counts; each provider then sees every query"
	if len(f.backups()) == 0 {
		text += ". There is no backup to ask."
	}
	return text
}

// routesPlain tells whether a domain goes to a server in clear text.
func (f *Form) routesPlain() bool {
	for _, servers := range tableOf(FieldRoutes, f.Value(FieldRoutes)) {
		for _, s := range servers {
			if _, plain := control.PlainServer(s); plain {
				return true
			}
		}
	}
	return false
}

var privacyHints = map[control.LogPrivacy]string{
	control.LogFull:      "In memory, gone when the engine ends",
	control.LogHideNames: "Neither names, answers nor clients are kept",
	control.LogOff:       "Nothing is kept",
}

// listenHint warns where other computers can ask.
func (f *Form) listenHint() string {
	for _, text := range splitList(f.Value(FieldListen)) {
		if a, err := netip.ParseAddr(text); err == nil && !a.Unmap().IsLoopback() {
			return "Other devices on the network can ask. Continue only on a network you run."
		}
	}
	return "Who can ask: only this computer"
}

// ListensBeyond tells whether the hint of FieldListen is a warning.
func (f *Form) ListensBeyond() bool { return strings.HasPrefix(f.listenHint(), "Other") }

// ProviderNames are the known providers' names, in the engine's order.
func (f *Form) ProviderNames() []string {
	names := make([]string, 0, len(f.providers))
	for _, p := range f.providers {
		names = append(names, p.Name)
	}
	return names
}

// Level is one choice of the query log's privacy.
type Level struct {
	Label string
	Value control.LogPrivacy
}

// Levels are the choices from most to least.
func Levels() []Level {
	return []Level{{"Full", control.LogFull}, {"Hide names", control.LogHideNames}, {"Off", control.LogOff}}
}
