package viewmodel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dotproxy/app/control"
)

// Field is one value of the settings form.
type Field string

// The fields, named as in a problem's Field where there is one like it.
const (
	FieldPort     Field = "port"
	FieldListen   Field = "listen"
	FieldBundle   Field = "ca_bundle"
	FieldProvider Field = "provider"
	FieldBackups  Field = "backups"
	FieldCache    Field = "cache_mib"
	FieldPrivacy  Field = "log_privacy"
)

// Fields are all fields from top to bottom.
func Fields() []Field {
	return []Field{FieldPort, FieldListen, FieldProvider, FieldBackups, FieldBundle, FieldPrivacy, FieldCache}
}

// Label is what the field is called.
func (f Field) Label() string { return labels[f] }

var labels = map[Field]string{
	FieldPort: "Port", FieldListen: "Addresses", FieldBundle: "Certificates trusted", FieldProvider: "Provider",
	FieldBackups: "Backup providers", FieldCache: "Cache", FieldPrivacy: "Query log",
}

// NoBackup is the text of FieldBackups where there is none.
const NoBackup = "None"

// Form is the settings as they are typed. They wait for Apply. It belongs to
// one goroutine.
type Form struct {
	base      control.Settings
	saved     map[Field]string
	typed     map[Field]string
	refused   map[Field]string
	providers []control.Provider
	demo      bool
	bundle    bundleCheck
}

// NewForm returns a form with the default settings.
func NewForm() *Form {
	f := &Form{typed: map[Field]string{}, refused: map[Field]string{}}
	f.Load(control.Default(), nil, false)
	return f
}

// Load takes over what the engine has saved; fields that were typed in keep
// what was typed. In a demo provider and certificates cannot be changed.
func (f *Form) Load(s control.Settings, providers []control.Provider, demo bool) {
	f.base, f.providers, f.demo = s.Clone(), providers, demo
	f.saved = map[Field]string{
		FieldPort:     strconv.Itoa(s.Port),
		FieldListen:   strings.Join(s.Listen, ", "),
		FieldBundle:   s.CABundle,
		FieldProvider: "",
		FieldBackups:  NoBackup,
		FieldCache:    strconv.Itoa(s.CacheMiB),
		FieldPrivacy:  string(s.LogPrivacy),
	}
	if len(s.Upstreams) > 0 {
		f.saved[FieldProvider] = nameOf(s.Upstreams[0], providers)
	}
	if len(s.Upstreams) > 1 {
		var names []string
		for _, u := range s.Upstreams[1:] {
			names = append(names, nameOf(u, providers))
		}
		f.saved[FieldBackups] = strings.Join(names, ", ")
	}
	for field := range f.typed {
		if f.same(field, f.typed[field]) {
			delete(f.typed, field)
		}
	}
}

// Demo tells whether provider and certificates are the demo's own.
func (f *Form) Demo() bool { return f.demo }

// Value is the field's text, as typed or as saved.
func (f *Form) Value(field Field) string {
	if text, ok := f.typed[field]; ok {
		return text
	}
	return f.saved[field]
}

// Set takes what was typed into a field.
func (f *Form) Set(field Field, text string) {
	if text == f.Value(field) {
		return
	}
	delete(f.refused, field)
	if f.same(field, text) {
		delete(f.typed, field)
		return
	}
	f.typed[field] = text
}

// same tells whether text means what is saved.
func (f *Form) same(field Field, text string) bool {
	text, saved := strings.TrimSpace(text), f.saved[field]
	if field == FieldBackups && text == "" {
		text = NoBackup
	}
	return text == saved
}

// Revert forgets what was typed.
func (f *Form) Revert() {
	clear(f.typed)
	clear(f.refused)
}

// Saved tells the form that the engine took s, which it was given.
func (f *Form) Saved(s control.Settings) {
	f.Revert()
	f.bundle = bundleCheck{}
	f.Load(s, f.providers, f.demo)
}

// Refuse marks the field that the engine's problem is about, and tells
// whether there is one.
func (f *Form) Refuse(p *control.Problem) bool {
	field := Field(p.Field)
	if p.Field == "upstreams" || p.Field == "upstream" {
		field = FieldProvider
		for _, text := range splitList(f.Value(FieldBackups)) {
			if strings.Contains(p.Message, "“"+f.upstream(text)+"”") {
				field = FieldBackups
			}
		}
	}
	if _, ok := labels[field]; !ok {
		return false
	}
	f.refused[field] = p.Error()
	return true
}

// Settings are the settings as typed; a number that is none is -1, which no
// setting may be.
func (f *Form) Settings() control.Settings {
	s := f.base.Clone()
	s.Port = number(f.Value(FieldPort))
	s.Listen = splitList(f.Value(FieldListen))
	s.CABundle = strings.TrimSpace(f.Value(FieldBundle))
	s.CacheMiB = number(f.Value(FieldCache))
	s.LogPrivacy = control.LogPrivacy(f.Value(FieldPrivacy))
	if !f.changed(FieldProvider) && !f.changed(FieldBackups) {
		return s
	}
	s.Upstreams = []string{f.upstream(strings.TrimSpace(f.Value(FieldProvider)))}
	for _, text := range f.backups() {
		s.Upstreams = append(s.Upstreams, f.upstream(text))
	}
	return s
}

func (f *Form) backups() []string {
	list := splitList(f.Value(FieldBackups))
	return slices.DeleteFunc(list, func(t string) bool { return strings.EqualFold(t, NoBackup) })
}

// upstream is what the settings hold for a name or address typed.
func (f *Form) upstream(text string) string {
	for _, p := range f.providers {
		if strings.EqualFold(p.Name, text) || strings.EqualFold(p.ID, text) {
			return p.ID
		}
	}
	return text
}

func (f *Form) changed(field Field) bool { _, ok := f.typed[field]; return ok }

// Changes are the fields whose text is not what is saved.
func (f *Form) Changes() []Field {
	return slices.DeleteFunc(Fields(), func(field Field) bool { return !f.changed(field) })
}

// Wrong are the changed fields that cannot be applied, from top to bottom.
func (f *Form) Wrong() []Field {
	return slices.DeleteFunc(Fields(), func(field Field) bool { return f.Error(field) == "" })
}

// CanApply tells whether there is something to apply and nothing to correct.
func (f *Form) CanApply() bool { return len(f.typed) > 0 && len(f.Wrong()) == 0 }

// Summary counts changes and errors: "2 changes, 1 to correct: Port".
func (f *Form) Summary() string {
	text := Plural(len(f.typed), "change", "changes")
	wrong := f.Wrong()
	if len(wrong) == 0 {
		return text
	}
	var names []string
	for _, field := range wrong {
		names = append(names, field.Label())
	}
	return fmt.Sprintf("%s, %d to correct: %s", text, len(wrong), strings.Join(names, ", "))
}

// number reads digits; anything else is -1.
func number(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// splitList splits at commas and spaces around them; empty parts are dropped.
func splitList(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}
