package viewmodel

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"dotproxy/app/control"
)

// Error says what is wrong with a changed field and what to type instead, or
// nothing.
func (f *Form) Error(field Field) string {
	if text := f.refused[field]; text != "" {
		return text
	}
	if !f.changed(field) {
		return ""
	}
	text := strings.TrimSpace(f.Value(field))
	switch field {
	case FieldPort, FieldCache:
		return f.numberError(field, text)
	case FieldProvider:
		if text == "" {
			return "There is no provider to ask. Choose one of the list."
		}
		return f.upstreamError(text)
	case FieldBackups:
		return f.backupsError()
	case FieldBundle:
		return f.bundle.of(text)
	}
	return f.checkError(field)
}

func (f *Form) numberError(field Field, text string) string {
	if number(text) >= 0 {
		return f.checkError(field)
	}
	hint := "Enter a number from 1 to 65535; 53 is the port of DNS."
	if field == FieldCache {
		hint = "Enter a number of MiB from 0 (no cache) to " + strconv.Itoa(control.MaxCacheMiB) + "."
	}
	if text == "" {
		return hint
	}
	return control.Quote(text) + " is not a number. " + hint
}

// checkError is what the engine's own check says of the field.
func (f *Form) checkError(field Field) string {
	s := f.Settings()
	s.CABundle = "" // read once, by bundleCheck
	for _, p := range s.Check() {
		if p.Field == string(field) {
			return p.Error()
		}
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
