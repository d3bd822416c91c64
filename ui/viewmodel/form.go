package viewmodel

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// NoBackup is the text of FieldBackups where there is none.
func NoBackup() string { return words.T("None") }

// Form is the settings as they are typed, which wait for Apply, and as they are
// switched, which act one after the other. It belongs to one goroutine.
type Form struct {
	base      control.Settings
	texts     map[Field]string // of what is saved
	typed     map[Field]string
	turns     []turn
	refused   map[Field]string
	providers []control.Provider
	demo      bool
	bundle    bundleCheck
	undo      undo
	now       now
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
	if !f.undo.after.Equal(f.base) {
		f.Dismiss() // it would take back more than was saved here
	}
	f.texts = map[Field]string{FieldBundle: s.CABundle, FieldPrivacy: string(s.LogPrivacy), FieldProvider: "", FieldBackups: NoBackup()}
	for field, at := range numbers {
		f.texts[field] = strconv.Itoa(*at(&s))
	}
	for field, at := range lists {
		f.texts[field] = strings.Join(*at(&s), ", ")
	}
	for field, at := range tables {
		f.texts[field] = tableText(*at(&s))
	}
	if len(s.Upstreams) > 0 {
		f.texts[FieldProvider] = f.upstreamText(s.Upstreams[0])
	}
	if len(s.Upstreams) > 1 {
		var names []string
		for _, u := range s.Upstreams[1:] {
			names = append(names, f.upstreamText(u))
		}
		f.texts[FieldBackups] = strings.Join(names, ", ")
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
	return f.texts[field]
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
	text, saved := strings.TrimSpace(text), f.texts[field]
	if field == FieldBackups && text == "" {
		text = NoBackup()
	}
	if at, ok := tables[field]; ok {
		_, wrong := tableRows(field, text)
		return wrong == "" && maps.EqualFunc(tableOf(field, text), *at(&f.base), slices.Equal)
	}
	return text == saved
}

// Revert forgets what was typed.
func (f *Form) Revert() {
	clear(f.typed)
	clear(f.refused)
}

// Refuse marks the field that the engine's problem is about, and tells
// whether there is one.
func (f *Form) Refuse(p *control.Problem) bool {
	field := fieldOf(p)
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
	f.refused[field] = f.atLine(field, p)
	return true
}

// Settings are the settings as typed, what was not typed in as it is saved; a
// number that is none is -1, which no setting may be.
func (f *Form) Settings() control.Settings {
	s := f.base.Clone()
	for field, text := range f.typed {
		if at, ok := numbers[field]; ok {
			*at(&s) = number(text)
		}
		if at, ok := lists[field]; ok {
			*at(&s) = splitList(text)
		}
		if at, ok := tables[field]; ok {
			*at(&s) = tableOf(field, text)
		}
	}
	s.CABundle = strings.TrimSpace(f.Value(FieldBundle))
	s.LogPrivacy = control.LogPrivacy(f.Value(FieldPrivacy))
	s.Upstreams = f.upstreams()
	return s
}

func (f *Form) upstreams() []string {
	var first, others []string
	if list := slices.Clone(f.base.Upstreams); len(list) > 0 {
		first, others = list[:1:1], list[1:]
	}
	if f.changed(FieldProvider) {
		first = []string{f.upstream(strings.TrimSpace(f.Value(FieldProvider)))}
	}
	if f.changed(FieldBackups) {
		others = nil
		for _, text := range f.backups() {
			others = append(others, f.upstream(text))
		}
	}
	return append(first, others...)
}

func (f *Form) backups() []string {
	list := splitList(f.Value(FieldBackups))
	return slices.DeleteFunc(list, func(t string) bool { return strings.EqualFold(t, NoBackup()) })
}

// upstream is what the settings hold for a name or address typed, options and
// all.
func (f *Form) upstream(text string) string {
	server, _, _ := strings.Cut(text, "?")
	for _, p := range f.providers {
		if strings.EqualFold(p.Name, server) || strings.EqualFold(p.ID, server) {
			return p.ID + text[len(server):]
		}
	}
	return text
}

// upstreamText is an upstream as it is typed: a known provider by its name.
func (f *Form) upstreamText(upstream string) string {
	server, _, _ := strings.Cut(upstream, "?")
	return nameOf(server, f.providers) + keepComma(upstream)[len(server):]
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
	text := words.N("{{.N}} changes", len(f.typed))
	wrong := f.Wrong()
	if len(wrong) == 0 {
		return text
	}
	var names []string
	for _, field := range wrong {
		names = append(names, field.Label())
	}
	return words.T("{{.Changes}}, {{.Wrong}} to correct: {{.Names}}", "Changes", text, "Wrong", len(wrong), "Names", words.List(names))
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
