package viewmodel

import (
	"maps"
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// tableText writes a table for a field of several lines: "key = value, value",
// sorted by key.
func tableText(table map[string][]string) string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(table)) {
		values := make([]string, 0, len(table[key]))
		for _, v := range table[key] {
			values = append(values, keepComma(v))
		}
		lines = append(lines, key+" = "+strings.Join(values, ", "))
	}
	return strings.Join(lines, "\n")
}

// keepComma writes a comma in a server's options, such as in a path, with
// percent-encoding, since a bare one parts two values.
func keepComma(value string) string {
	server, options, ok := strings.Cut(value, "?")
	if !ok {
		return value
	}
	return server + "?" + strings.ReplaceAll(options, ",", "%2C")
}

// row is one line of a table as it is typed.
type row struct {
	line   int // from 1
	key    string
	values []string
}

// tableRows reads the lines of a field that are not empty; wrong says which one
// cannot be read, and why.
func tableRows(field Field, text string) (list []row, wrong string) {
	seen := map[string]int{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		// Spaces tell the sign from one in a name; values may have it as well.
		key, rest, ok := strings.Cut(line, " = ")
		if !ok {
			key, rest, ok = strings.Cut(line, "=")
		}
		r := row{line: n, key: strings.TrimSpace(key), values: splitList(rest)}
		first := seen[sameName(r.key)]
		switch {
		case !ok || r.key == "" || len(r.values) == 0:
			return list, words.Join(words.T("Line {{.Number}}, {{.Line}}, is not complete.", "Number", n, "Line", control.Quote(line)), words.T(tableForms[field]))
		case first > 0:
			return list, words.T("Lines {{.First}} and {{.Second}} are both about {{.Name}}. Put them into one.", "First", first, "Second", n, "Name", control.Quote(r.key))
		}
		seen[sameName(r.key)] = n
		list = append(list, r)
	}
	return list, ""
}

var tableForms = map[Field]string{
	FieldOverrides: words.Mark("Type name = address, as in nas.home.arpa = 192.168.1.10, or name = NXDOMAIN."),
	FieldRoutes:    words.Mark("Type domain = server, as in home.arpa = 192.168.1.1."),
}

// sameName is a name as DNS compares it.
func sameName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// tableOf is the table of a field's text, as far as it can be read.
func tableOf(field Field, text string) map[string][]string {
	list, _ := tableRows(field, text)
	table := make(map[string][]string, len(list))
	for _, r := range list {
		table[r.key] = r.values
	}
	return table
}

// atLine puts the line of a problem's entry before its sentence.
func (f *Form) atLine(field Field, p *control.Problem) string {
	if _, ok := tables[field]; ok && p.Entry != "" {
		list, _ := tableRows(field, f.Value(field))
		for _, r := range list {
			if sameName(r.key) == sameName(p.Entry) {
				return words.T("Line {{.Number}}: {{.Error}}", "Number", r.line, "Error", Told(p))
			}
		}
	}
	return Told(p)
}
