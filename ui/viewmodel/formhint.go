package viewmodel

import (
	"net/netip"
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
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
		return words.T(privacyHints[control.LogPrivacy(f.Value(FieldPrivacy))])
	case SwitchPersist:
		return f.persistHint()
	case SwitchRace:
		return f.raceHint()
	}
	return words.T(hints[field])
}

var hints = map[Field]string{
	FieldPort:        words.Mark("53 is the port of DNS"),
	FieldPerSecond:   words.Mark("Queries a second; 0 means no limit"),
	FieldCache:       words.Mark("MiB of memory for answers; 0 turns it off"),
	FieldStale:       words.Mark("Hours to keep them for when no provider can answer; 0 means never"),
	SwitchHosts:      words.Mark("Answers names from this computer’s hosts file"),
	FieldOverrides:   words.Mark("One a line: name = address, address or name = NXDOMAIN. *.name is all below it."),
	FieldRoutes:      words.Mark("One a line: domain = server. A bare IP means DNS that is not encrypted, for this computer only."),
	SwitchLocal:      words.Mark("Its own names go to this network’s server: not encrypted, for this computer only"),
	SwitchCanary:     words.Mark("Without it some browsers ask servers of their own"),
	SwitchRebinding:  words.Mark("Stops answers that give a public name a private address"),
	SwitchSubnet:     words.Mark("Asks providers to tell nobody what network a query comes from"),
	SwitchKeep:       words.Mark("Today’s counters outlive a restart, in a file with numbers only"),
	FieldMinTTL:      words.Mark("Seconds; 0 keeps answers for as long as they say"),
	FieldMaxTTL:      words.Mark("Seconds; 86400 is a day"),
	FieldBurst:       words.Mark("What a client may ask before its limit counts"),
	SwitchLoopback:   words.Mark("Else programs on this computer may ask without limit"),
	FieldBlockAfter:  words.Mark("Queries over the limit; 0 means never"),
	FieldBlockWindow: words.Mark("Seconds"),
	FieldBlockFor:    words.Mark("Seconds"),
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
		return words.T("Who else may ask; now only this computer can")
	case f.Warns(FieldAccess):
		return words.T("Anyone who reaches this computer can ask.")
	}
	return words.T("Who else may ask: addresses, prefixes such as 192.168.1.0/24, private, or any")
}

// providerHint says the short of a text whose options the input has no room for.
func (f *Form) providerHint() string {
	text := f.upstream(strings.TrimSpace(f.Value(FieldProvider)))
	if strings.Contains(text, "?") {
		return labelOf(text, f.providers)
	}
	return words.T("Choose one, or type a server such as 9.9.9.9#dns.quad9.net")
}

func (f *Form) backupsHint() string {
	if f.On(SwitchRace) {
		return words.T("Asked together with {{.Provider}}", "Provider", f.providerLabel())
	}
	return words.T("Asked in this order, only when {{.Provider}} does not answer", "Provider", f.providerLabel())
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
		return words.T("Keeps answers across restarts, in a file; not while names are hidden")
	case f.Value(FieldPrivacy) == string(control.LogOff):
		return words.T("Not saved while the query log is off")
	}
	return words.T("Not saved while names are hidden")
}

func (f *Form) raceHint() string {
	if len(f.backups()) == 0 {
		return words.T("The first answer counts; each provider then sees every query. There is no backup to ask.")
	}
	return words.T("The first answer counts; each provider then sees every query")
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
	control.LogFull:      words.Mark("In memory, gone when the engine ends"),
	control.LogHideNames: words.Mark("Neither names, answers nor clients are kept"),
	control.LogOff:       words.Mark("Nothing is kept"),
}

// listenHint warns where other computers can ask.
func (f *Form) listenHint() string {
	if f.ListensBeyond() {
		return words.T("Other devices on the network can ask. Continue only on a network you run.")
	}
	return words.T("Who can ask: only this computer")
}

// ListensBeyond tells whether other computers can ask at the addresses typed.
func (f *Form) ListensBeyond() bool {
	return slices.ContainsFunc(splitList(f.Value(FieldListen)), func(text string) bool {
		a, err := netip.ParseAddr(text)
		return err == nil && !a.Unmap().IsLoopback()
	})
}

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
	return []Level{{words.T("Full"), control.LogFull}, {words.T("Hide names"), control.LogHideNames}, {words.T("Off"), control.LogOff}}
}
