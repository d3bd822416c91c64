package viewmodel

import (
	"net/netip"
	"strings"

	"dotproxy/app/control"
)

// Hint is the line under a field's label while nothing is wrong with it.
func (f *Form) Hint(field Field) string {
	switch field {
	case FieldPort:
		return "53 is the port of DNS"
	case FieldListen:
		return f.listenHint()
	case FieldBundle:
		return f.BundleHint()
	case FieldProvider:
		return "Choose one, or type a server such as 9.9.9.9#dns.quad9.net"
	case FieldBackups:
		return "Asked in this order, only when " + f.Value(FieldProvider) + " does not answer"
	case FieldCache:
		return "MiB of memory for answers; 0 turns it off"
	case FieldPrivacy:
		return privacyHints[control.LogPrivacy(f.Value(FieldPrivacy))]
	}
	return ""
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
