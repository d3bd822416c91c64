package viewmodel

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"dotproxy/app/control"
)

// Error says what is wrong with a changed field and what to type instead, or
// why a switch was put back, or nothing.
func (f *Form) Error(field Field) string {
	if text := f.refused[field]; text != "" {
		return text
	}
	if !f.touched(field) {
		return ""
	}
	text := strings.TrimSpace(f.Value(field))
	if _, ok := numbers[field]; ok {
		return f.numberError(field, text)
	}
	switch field {
	case FieldProvider:
		if text == "" {
			return "There is no provider to ask. Choose one of the list."
		}
		return f.upstreamError(text)
	case FieldBackups:
		return f.backupsError()
	case FieldBundle:
		return f.bundle.of(text)
	case FieldOverrides, FieldRoutes:
		if _, wrong := tableRows(field, f.Value(field)); wrong != "" {
			return wrong
		}
	}
	return f.checkError(field)
}

// touched tells whether a field was changed, or another that bounds it.
func (f *Form) touched(field Field) bool {
	return f.changed(field) || slices.ContainsFunc(bounds[field], f.changed)
}

var bounds = map[Field][]Field{
	FieldMinTTL: {FieldMaxTTL}, FieldBurst: {FieldPerSecond}, FieldBlockWindow: {FieldBlockAfter}, FieldBlockFor: {FieldBlockAfter},
}

func (f *Form) numberError(field Field, text string) string {
	wrong := f.problemOf(field)
	switch {
	case wrong == nil:
		return ""
	case text == "":
		return numberHint(field, wrong)
	case number(text) < 0:
		return control.Quote(text) + " is not a number. " + numberHint(field, wrong)
	case wrong.Field == "rate_limit", field == FieldMinTTL:
		return control.Quote(text) + " is not possible here. " + numberHint(field, wrong)
	}
	return wrong.Message + " " + numberHint(field, wrong)
}

// numberHint says what to type in the words of the form, else in the engine's.
func numberHint(field Field, p *control.Problem) string {
	switch field {
	case FieldCache:
		return fmt.Sprintf("Enter a number of MiB from 0 (no cache) to %d.", control.MaxCacheMiB)
	case FieldStale:
		return fmt.Sprintf("Enter a number of hours from 0 (never) to %d, which is a week.", control.MaxStaleHours)
	case FieldMinTTL:
		return fmt.Sprintf("Enter a number of seconds from 0 to %d, not above the longest time.", control.MaxTTL)
	case FieldMaxTTL:
		return fmt.Sprintf("Enter a number of seconds from 1 to %d, which is a day.", control.MaxTTL)
	}
	return p.Hint
}

// problemOf is what the engine's own check says of the field alone.
func (f *Form) problemOf(field Field) *control.Problem {
	s := f.Settings()
	s.CABundle = "" // read once, by bundleCheck
	if strings.HasPrefix(string(field), "rate_limit.") {
		s.RateLimit = f.limitFor(field, s.RateLimit)
	}
	for _, p := range s.Check() {
		if fieldOf(p) == field {
			return p
		}
	}
	return nil
}

// limitFor is r with fit values for all that does not bear on field, because a
// check of r tells only the first that is wrong.
func (f *Form) limitFor(field Field, r control.RateLimit) control.RateLimit {
	s := control.Default()
	fit := &s.RateLimit
	if r.PerSecond == 0 {
		fit.PerSecond, fit.Burst = 0, 0
	}
	if r.BlockAfter == 0 {
		fit.BlockAfter, fit.BlockWindow, fit.BlockFor = 0, 0, 0
	}
	*numbers[field](&s) = number(f.Value(field))
	return s.RateLimit
}

func (f *Form) checkError(field Field) string {
	if p := f.problemOf(field); p != nil {
		return f.atLine(field, p)
	}
	return ""
}

func (f *Form) backupsError() string {
	used := []string{f.upstream(strings.TrimSpace(f.Value(FieldProvider)))}
	for _, text := range f.backups() {
		if wrong := f.upstreamError(text); wrong != "" {
			return wrong
		}
		id := f.upstream(text)
		if slices.Contains(used, id) {
			return control.Quote(text) + " is asked already. Choose another provider, or None."
		}
		used = append(used, id)
	}
	return ""
}

const forms = "Choose one of the list, or type IP#NAME, an IP address, tls://NAME or an sdns:// stamp."

// upstreamError tells what cannot be an upstream at all; the engine is the
// judge of the rest.
func (f *Form) upstreamError(text string) string {
	text, _, _ = strings.Cut(text, "?") // options
	if f.upstream(text) != text || slices.ContainsFunc(f.providers, func(p control.Provider) bool { return p.ID == text }) {
		return ""
	}
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		switch strings.ToLower(scheme) {
		case "sdns":
			return ""
		case "tls":
			text = strings.TrimSuffix(rest, "/")
		default:
			return control.Quote(text) + " is not an address of DNS over TLS. " + forms
		}
	}
	where, name, named := strings.Cut(text, "#")
	switch {
	case named && name == "":
		return control.Quote(text) + " lacks the name on its certificate. Type it after the #, as in 9.9.9.9#dns.quad9.net."
	case named && !isAddress(where):
		return control.Quote(where) + " is not an IP address. Type one before the #, as in 9.9.9.9#dns.quad9.net."
	case named || isAddress(where) || isHost(where):
		return ""
	}
	return control.Quote(text) + " is not a known provider. " + forms
}

// isAddress tells whether text is IP, IP:PORT or IP@PORT.
func isAddress(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Port() != 0
	}
	host, port, ok := strings.Cut(text, "@")
	_, err := netip.ParseAddr(host)
	return ok && err == nil && isPort(port)
}

// isHost tells whether text is a name with a dot, and perhaps a port.
func isHost(text string) bool {
	host, port, hasPort := strings.Cut(text, ":")
	if hasPort && !isPort(port) || !strings.Contains(strings.TrimSuffix(host, "."), ".") || len(host) > 254 {
		return false
	}
	if strings.Trim(host, "0123456789.") == "" {
		return false // meant for an address, but none
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool { return strings.ContainsRune(" \t/\\@[]<>\"'", r) }) {
			return false
		}
	}
	return true
}

func isPort(text string) bool {
	n := number(text)
	return n >= 1 && n <= 65535
}
