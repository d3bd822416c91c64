package settings

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"dotproxy/app/control"

	"github.com/pelletier/go-toml/v2"
)

// takes says which kind of value each key has. It is the list of known keys.
var takes = map[string]string{
	"listen":      `a list of addresses such as ["127.0.0.1"]`,
	"port":        "a whole number",
	"upstreams":   `a list of providers such as ["quad9"]`,
	"ca_bundle":   "a file's path in quotation marks",
	"cache_mib":   "a whole number",
	"log_privacy": "one of \"full\", \"hide_names\" and \"off\"",
}

// fault is the first thing wrong with a text.
type fault struct {
	line int // 0: none in particular
	key  string
	// what is a sentence without its full stop that can follow a colon.
	what string
	hint string
}

// parse reads settings; keys that are missing have their defaults.
func parse(text []byte) (control.Settings, lines, *fault) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // Windows editors' mark
	at, wrong := keys(text)
	if wrong != nil {
		return control.Settings{}, nil, wrong
	}
	s := control.Default()
	if err := toml.Unmarshal(text, &s); err != nil {
		return control.Settings{}, nil, decodeFault(err)
	}
	return s, at, nil
}

// lines tells on which line each key stands.
type lines map[string]int

// keys finds all keys. Decoded strictly into a struct without fields, each one
// is reported as unknown, with its line.
func keys(text []byte) (lines, *fault) {
	d := toml.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(&struct{}{})
	at := lines{}
	missing, ok := errors.AsType[*toml.StrictMissingError](err)
	if !ok {
		if err != nil {
			return nil, decodeFault(err)
		}
		return at, nil
	}
	for i := range missing.Errors {
		name := strings.Join(missing.Errors[i].Key(), ".")
		first, _, _ := strings.Cut(name, ".")
		line, _ := missing.Errors[i].Position()
		if _, known := takes[first]; !known {
			return nil, &fault{line: line, key: name, what: "unknown key " + control.Quote(name)}
		}
		if at[first] == 0 {
			at[first] = line
		}
	}
	return at, nil
}

// decodeFault puts the parser's error into words.
func decodeFault(err error) *fault {
	de, ok := errors.AsType[*toml.DecodeError](err)
	if !ok {
		return &fault{what: strings.TrimPrefix(err.Error(), "toml: ")}
	}
	line, _ := de.Position()
	f := &fault{line: line, what: strings.TrimPrefix(de.Error(), "toml: ")}
	if len(de.Key()) == 0 || strings.Contains(f.what, "already defined") {
		return f
	}
	f.key = de.Key()[0]
	if kind, known := takes[f.key]; known {
		f.what = "the key " + control.Quote(f.key) + " takes " + kind
	}
	return f
}

// check looks at the values.
func check(s control.Settings, at lines, upstream func(string) error) *fault {
	problems := s.Check()
	for _, u := range s.Upstreams {
		if upstream == nil {
			break
		}
		if err := upstream(u); err != nil {
			p, ok := errors.AsType[*control.Problem](err)
			if !ok {
				p = &control.Problem{Message: err.Error()}
			}
			problems = append(problems, &control.Problem{Field: "upstreams", Message: p.Message, Hint: p.Hint})
		}
	}
	var first *fault
	for _, p := range problems {
		f := &fault{line: at[p.Field], key: p.Field, what: lowerFirst(strings.TrimSuffix(p.Message, ".")), hint: p.Hint}
		if first == nil || f.line < first.line {
			first = f
		}
	}
	return first
}

// problem says the fault of the file with that name.
func (f *fault) problem(name string) *control.Problem {
	where := name
	if f.line > 0 {
		where = fmt.Sprintf("%s, line %d", name, f.line)
	}
	return &control.Problem{Code: control.CodeSettings, Field: f.key, Message: where + ": " + f.what + ".", Hint: f.hint}
}

// lowerFirst fits a sentence to follow a colon; names such as PEM stay.
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(r) && (unicode.IsLower(next) || next == ' ') {
		return string(unicode.ToLower(r)) + s[n:]
	}
	return s
}
