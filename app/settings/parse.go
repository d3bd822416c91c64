package settings

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
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

	"race":                 trueOrFalse,
	"hide_subnet":          trueOrFalse,
	"cache_min_ttl":        "a whole number of seconds",
	"cache_max_ttl":        "a whole number of seconds",
	"stale_hours":          "a whole number of hours",
	"cache_persist":        trueOrFalse,
	"canary":               trueOrFalse,
	"hosts":                trueOrFalse,
	"rebinding_protection": trueOrFalse,
	"local_network":        trueOrFalse,
	"system_dns":           trueOrFalse,
	"keep_statistics":      trueOrFalse,
	"access":               `a list of prefixes, addresses, "private" and "any"`,
	"networks":             "a list of rules for networks, which dot-proxy networks makes",
	"networks.name":        "the name of a network in quotation marks",
	"networks.gateway":     "the address of a router in quotation marks",
	"networks.upstreams":   `a list of providers such as ["quad9"]`,
	"networks.pause":       trueOrFalse,
	"networks.confirmed":   trueOrFalse,
	"routes":               `a table of domains and lists of servers, such as "home.arpa" = ["192.168.1.1"]`,
	"overrides":            `a table of names and lists of addresses, such as "nas.home.arpa" = ["192.168.1.10"]`,
	"rate_limit":           "a table",

	"rate_limit.per_second":   "a whole number",
	"rate_limit.burst":        "a whole number",
	"rate_limit.loopback":     trueOrFalse,
	"rate_limit.block_after":  "a whole number",
	"rate_limit.block_window": "a whole number of seconds",
	"rate_limit.block_for":    "a whole number of seconds",
}

const trueOrFalse = "true or false"

// tables is what of the settings has keys within.
type tables struct {
	Routes    struct{} `toml:"routes"`
	Overrides struct{} `toml:"overrides"`
	RateLimit struct{} `toml:"rate_limit"`
	// Networks is a list of tables.
	Networks []struct{} `toml:"networks"`
}

// fault is the first thing wrong with a text.
type fault struct {
	line int // 0: none in particular
	key  string
	// entry is the key in the table that key names, empty for none.
	entry string
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
	if wrong := inlineKeys(text, at); wrong != nil {
		return control.Settings{}, nil, wrong
	}
	return s, at, nil
}

// inlineKeys refuses unknown keys in a table within braces, about which the
// strict decoder says nothing.
func inlineKeys(text []byte, at lines) *fault {
	var all struct {
		RateLimit map[string]any   `toml:"rate_limit"`
		Networks  []map[string]any `toml:"networks"`
	}
	if err := toml.Unmarshal(text, &all); err != nil {
		return decodeFault(err)
	}
	for _, key := range slices.Sorted(maps.Keys(all.RateLimit)) {
		if _, known := takes["rate_limit."+key]; !known {
			return &fault{line: at.of("rate_limit", key), key: "rate_limit", entry: key, what: "unknown key " + control.Quote("rate_limit."+key)}
		}
	}
	for _, rule := range all.Networks {
		for _, key := range slices.Sorted(maps.Keys(rule)) {
			if _, known := takes["networks."+key]; !known {
				return &fault{line: at.of("networks", key), key: "networks", entry: key, what: "unknown key " + control.Quote("networks."+key)}
			}
		}
	}
	return nil
}

// lines tells on which line each key stands, those of tables as
// {"routes", "home.arpa"}, all others with an empty second part.
type lines map[[2]string]int

// of returns the line of a table's key, or where it has none the table's.
func (l lines) of(key, entry string) int {
	if line := l[[2]string{key, entry}]; line > 0 {
		return line
	}
	return l[[2]string{key}]
}

// keys finds all keys and refuses unknown ones.
func keys(text []byte) (lines, *fault) {
	at := lines{}
	err := eachKey(text, &struct{}{}, func(key []string, line int) *fault {
		if _, known := takes[key[0]]; !known {
			return &fault{line: line, key: key[0], what: "unknown key " + control.Quote(strings.Join(key, "."))}
		}
		if at[[2]string{key[0]}] == 0 {
			at[[2]string{key[0]}] = line
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return at, eachKey(text, &tables{}, func(key []string, line int) *fault {
		if len(key) < 2 {
			return nil
		}
		if _, known := takes[key[0]+"."+key[1]]; (key[0] == "rate_limit" || key[0] == "networks") && !known {
			return &fault{line: line, key: key[0], entry: key[1], what: "unknown key " + control.Quote(strings.Join(key, "."))}
		}
		if pair := [2]string{key[0], key[1]}; at[pair] == 0 {
			at[pair] = line
		}
		return nil
	})
}

// eachKey calls do for each key that a struct has no field for: decoded
// strictly, it is reported as unknown, with its line.
func eachKey(text []byte, into any, do func(key []string, line int) *fault) *fault {
	d := toml.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	missing, ok := errors.AsType[*toml.StrictMissingError](err)
	if !ok {
		if err != nil {
			return decodeFault(err)
		}
		return nil
	}
	for i := range missing.Errors {
		line, _ := missing.Errors[i].Position()
		if f := do(missing.Errors[i].Key(), line); f != nil {
			return f
		}
	}
	return nil
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
	name := f.key
	if len(de.Key()) > 1 && (f.key == "rate_limit" || f.key == "networks") {
		f.entry = de.Key()[1]
		name += "." + f.entry
	}
	if kind, known := takes[name]; known {
		f.what = "the key " + control.Quote(name) + " takes " + kind
	}
	return f
}

// check looks at the values. more says what else is wrong with them, beside
// what Settings.Check says.
func check(s control.Settings, at lines, more func(control.Settings) *control.Problem) *fault {
	problems := s.Check()
	if more != nil {
		if p := more(s); p != nil {
			problems = append(problems, p)
		}
	}
	var first *fault
	for _, p := range problems {
		f := &fault{line: at.of(p.Field, p.Entry), key: p.Field, entry: p.Entry, what: lowerFirst(strings.TrimSuffix(p.Message, ".")), hint: p.Hint}
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
	return &control.Problem{Code: control.CodeSettings, Field: f.key, Entry: f.entry, Message: where + ": " + f.what + ".", Hint: f.hint}
}

// lowerFirst fits a sentence to follow a colon; names such as PEM stay.
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(r) && (unicode.IsLower(next) || next == ' ') {
		return string(unicode.ToLower(r)) + s[n:]
	}
	return s
}
