package autostart

import (
	"strings"
)

// desktopEntry is the file that starts program, or the one that hides an entry
// for all users (Desktop Entry Specification 1.5).
func desktopEntry(program string, hidden bool) []byte {
	lines := []string{
		"[Desktop Entry]", "Type=Application", "Name=DoT Proxy", "Comment=Encrypts the DNS queries of this computer",
		"Icon=" + ID, "Terminal=false",
	}
	if hidden {
		lines = append(lines, "Hidden=true")
	} else {
		lines = append(lines, "TryExec="+escapeValue(program), "Exec="+escapeValue(quoteArg(program)), "X-GNOME-Autostart-enabled=true")
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// escapeValue writes a value of type string: backslashes are doubled.
func escapeValue(text string) string { return strings.ReplaceAll(text, `\`, `\\`) }

// unescapeValue undoes the escapes that a value of type string knows; any other
// stays as it is.
func unescapeValue(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\s`, " ", `\n`, "\n", `\t`, "\t", `\r`, "\r").Replace(text)
}

const (
	// reserved are the characters for which an argument of Exec stands in quotes.
	reserved = " \t\n\"'\\><~|&;$*?#()`"
	// escaped are those of them that need a backslash within.
	escaped = "\"`$\\"
)

// quoteArg writes one argument of the key Exec.
func quoteArg(arg string) string {
	arg = strings.ReplaceAll(arg, "%", "%%") // else a field code
	if arg != "" && !strings.ContainsAny(arg, reserved) {
		return arg
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range arg {
		if strings.ContainsRune(escaped, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}

// splitExec reads a value of the key Exec; the first argument is the program. It
// is not ok where that is none, or where a quote has no end.
func splitExec(value string) (args []string, ok bool) {
	for rest := strings.TrimLeft(value, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		var arg string
		if rest[0] == '"' {
			if arg, rest, ok = cutQuoted(rest[1:]); !ok {
				return nil, false
			}
		} else {
			arg, rest, _ = strings.Cut(rest, " ")
		}
		args = append(args, strings.ReplaceAll(arg, "%%", "%"))
	}
	return args, len(args) > 0 && args[0] != ""
}

// cutQuoted reads up to the quote that ends an argument.
func cutQuoted(text string) (arg, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:], true
		case c == '\\' && i+1 < len(text) && strings.IndexByte(escaped, text[i+1]) >= 0:
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// parseDesktop reads the keys of the group [Desktop Entry]; of a key that stands
// twice the first counts, and what is no line of such a file is passed over.
func parseDesktop(text []byte) map[string]string {
	keys := map[string]string{}
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch key, value, found := strings.Cut(line, "="); {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			inside = line == "[Desktop Entry]"
		case inside && found:
			key = strings.TrimSpace(key)
			if _, twice := keys[key]; !twice {
				keys[key] = unescapeValue(strings.TrimSpace(value))
			}
		}
	}
	return keys
}
