package viewmodel

import (
	"net/netip"
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
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
			return words.T("There is no provider to ask. Choose one of the list.")
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
		return words.Join(words.T("{{.Text}} is not a number.", "Text", control.Quote(text)), numberHint(field, wrong))
	case wrong.Field == "rate_limit", field == FieldMinTTL:
		return words.Join(words.T("{{.Text}} is not possible here.", "Text", control.Quote(text)), numberHint(field, wrong))
	}
	return words.Join(words.Said(wrong.Message), numberHint(field, wrong))
}

// numberHint says what to type in the words of the form, else in the engine's.
func numberHint(field Field, p *control.Problem) string {
	switch field {
	case FieldCache:
		return words.T("Enter a number of MiB from 0 (no cache) to {{.Most}}.", "Most", control.MaxCacheMiB)
	case FieldStale:
		return words.T("Enter a number of hours from 0 (never) to {{.Most}}, which is a week.", "Most", control.MaxStaleHours)
	case FieldMinTTL:
		return words.T("Enter a number of seconds from 0 to {{.Most}}, not above the longest time.", "Most", control.MaxTTL)
	case FieldMaxTTL:
		return words.T("Enter a number of seconds from 1 to {{.Most}}, which is a day.", "Most", control.MaxTTL)
	}
	return words.Said(p.Hint)
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
			return words.T("{{.Text}} is asked already. Choose another provider, or None.", "Text", control.Quote(text))
		}
		used = append(used, id)
	}
	return ""
}

func forms() string {
	return words.T("Choose one of the list, or type IP#NAME, an IP address, tls://NAME or an sdns:// stamp.")
}

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
			return words.Join(words.T("{{.Text}} is not an address of DNS over TLS.", "Text", control.Quote(text)), forms())
		}
	}
	where, name, named := strings.Cut(text, "#")
	switch {
	case named && name == "":
		return words.T("{{.Text}} lacks the name on its certificate. Type it after the #, as in 9.9.9.9#dns.quad9.net.", "Text", control.Quote(text))
	case named && !isAddress(where):
		return words.T("{{.Text}} is not an IP address. Type one before the #, as in 9.9.9.9#dns.quad9.net.", "Text", control.Quote(where))
	case named || isAddress(where) || isHost(where):
		return ""
	}
	return words.Join(words.T("{{.Text}} is not a known provider.", "Text", control.Quote(text)), forms())
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
