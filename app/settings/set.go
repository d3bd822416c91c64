package settings

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"dotproxy/app/control"

	"github.com/pelletier/go-toml/v2"
)

// ErrUnknownKey says that there is no such setting.
var ErrUnknownKey = errors.New("there is no such setting")

// Keys lists the keys that Set takes, save those within tables of names.
func Keys() []string { return slices.Sorted(maps.Keys(takes)) }

// TOML returns settings without comments: all of them, or those keys alone.
func TOML(s control.Settings, only ...string) (string, error) {
	s = s.Clone()
	if len(only) == 0 {
		text, err := toml.Marshal(s)
		return string(text), err
	}
	some := map[string]any{}
	for _, key := range only {
		some[key] = field(&s, key).Interface()
	}
	text, err := toml.Marshal(some)
	return string(text), err
}

// field returns a setting by its key, which is known.
func field(s *control.Settings, key string) reflect.Value {
	v := reflect.ValueOf(s).Elem()
	for f := range v.Type().Fields() {
		if f.Tag.Get("toml") == key {
			return v.FieldByIndex(f.Index)
		}
	}
	panic("settings: the key " + key + " has no field")
}

// Set returns s with one setting changed. The key may name one within a table
// (“rate_limit.burst”, “routes.home.arpa”). The value is written as in the
// file, or bare: a text without quotation marks, a list as its parts with
// commas between. An empty list takes a route or an override away. The values
// are not judged (control.Settings.Check) but for their type. Errors wrap
// ErrUnknownKey or are one sentence without a full stop.
func Set(s control.Settings, key, value string) (control.Settings, error) {
	s = s.Clone()
	key, entry, _ := strings.Cut(key, ".")
	name := key
	if entry != "" {
		name += "." + entry
	}
	if _, known := takes[key]; !known {
		return s, fmt.Errorf("%s: %w", control.Quote(name), ErrUnknownKey)
	}
	if !utf8.ValidString(entry) || !utf8.ValidString(value) {
		return s, fmt.Errorf("%s is no text in UTF-8", control.Quote(name+" "+value))
	}
	to := field(&s, key)
	switch {
	case entry == "":
		if to.Kind() == reflect.Map {
			to.SetZero() // the whole table is replaced
		}
	case to.Kind() == reflect.Map:
		err := setEntry(to, key, entry, value)
		return s, err
	case takes[name] == "":
		return s, fmt.Errorf("%s: %w", control.Quote(name), ErrUnknownKey)
	default:
		to = inner(to, entry)
	}
	if !decode(to, value) {
		return s, fmt.Errorf("%s is not what %s takes, which is %s", control.Quote(value), name, takes[name])
	}
	return s.Clone(), nil
}

// inner returns a field of a table, by its key, which is known.
func inner(table reflect.Value, key string) reflect.Value {
	for f := range table.Type().Fields() {
		if f.Tag.Get("toml") == key {
			return table.FieldByIndex(f.Index)
		}
	}
	panic("settings: the key " + key + " has no field")
}

// setEntry changes one list in a table of lists.
func setEntry(table reflect.Value, key, entry, value string) error {
	list := reflect.New(table.Type().Elem()).Elem()
	if !decode(list, value) {
		return fmt.Errorf("%s is not what %s takes, which is %s", control.Quote(value), key, takes[key])
	}
	if list.Len() == 0 {
		list = reflect.Value{} // takes it away
	}
	table.SetMapIndex(reflect.ValueOf(entry), list)
	return nil
}

// decode reads a value into a setting as it stands, as a text, or as a list of
// texts, whichever has the setting's type first.
func decode(to reflect.Value, value string) bool {
	value = strings.TrimSpace(value)
	var parts []string
	for part := range strings.SplitSeq(value, ",") {
		parts = append(parts, strings.TrimSpace(part))
	}
	text, textErr := toml.Marshal(map[string]string{"v": value})
	list, listErr := toml.Marshal(map[string][]string{"v": parts})
	if textErr != nil || listErr != nil {
		return false
	}
	for _, doc := range []string{"v = " + value + "\n", string(text), string(list)} {
		if decodeDoc(to, doc) {
			return true
		}
	}
	return false
}

// decodeDoc reads a document with the key v alone.
func decodeDoc(to reflect.Value, doc string) bool {
	var all map[string]any
	if toml.Unmarshal([]byte(doc), &all) != nil || len(all) != 1 {
		return false
	}
	into := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "V", Type: to.Type(), Tag: `toml:"v"`}}))
	into.Elem().Field(0).Set(to)
	d := toml.NewDecoder(strings.NewReader(doc))
	d.DisallowUnknownFields()
	if d.Decode(into.Interface()) != nil {
		return false
	}
	to.Set(into.Elem().Field(0))
	return true
}
