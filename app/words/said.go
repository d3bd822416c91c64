package words

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"
)

// remembered is how many sentences of the engine are kept translated.
const remembered = 1000

// Said translates what the engine says. The engine speaks English, in sentences
// that the catalogue has with placeholders: what stands in their places is
// found and put into the translation. A sentence that no catalogue has stays
// English; of several, each is looked up by itself.
func Said(text string) string {
	t := current.Load()
	if text == "" || t.tag == language.English {
		return text
	}
	parts := sentences(text)
	list, all := t.sayEach(parts)
	if all || len(parts) == 1 {
		return strings.Join(list, t.between())
	}
	if found, ok := t.said(text); ok { // what looked like an end was none
		return found
	}
	return strings.Join(list, " ")
}

// sayEach translates sentences; all tells whether every one is known.
func (t *tongue) sayEach(parts []string) (list []string, all bool) {
	all = true
	for _, s := range parts {
		found, ok := t.said(s)
		if !ok {
			found, all = s, false
		}
		list = append(list, found)
	}
	return list, all
}

// sentenceEnd is a full stop before a capital letter.
var sentenceEnd = regexp.MustCompile(`\. ["“]?\p{Lu}`)

// sentences part a text where a sentence seems to end.
func sentences(text string) (list []string) {
	for {
		at := sentenceEnd.FindStringIndex(text)
		if at == nil {
			return append(list, text)
		}
		end := at[0] + 1
		list, text = append(list, text[:end]), strings.TrimSpace(text[end:])
	}
}

// memory is bounded: sentences with numbers are many.
var memory struct {
	sync.Mutex
	of   *tongue
	said map[string]string
}

func (t *tongue) said(text string) (string, bool) {
	memory.Lock()
	defer memory.Unlock()
	if memory.of != t || len(memory.said) >= remembered {
		memory.of, memory.said = t, map[string]string{}
	}
	if found, ok := memory.said[text]; ok {
		return found, found != ""
	}
	found, known := t.match(text, 0)
	memory.said[text] = found
	return found, known > 0
}

// englishDates are how the engine writes a day; the catalogues have their own
// layouts by them.
var englishDates = [...]string{"2 January 2006", "2 January, 15:04", "15:04 on 2 January 2006"}

// deep bounds how far what stands in a placeholder is translated in turn.
const deep = 3

// match translates a text by the keys that say most of it; known is how many
// bytes of it they say, 0 for none.
func (t *tongue) match(text string, depth int) (best string, known int) {
	if t.fixed(text, depth) {
		return t.render(text, nil, nil), len(text)
	}
	for _, layout := range englishDates {
		if day, err := time.Parse(layout, text); err == nil {
			return day.Format(t.render(layout, nil, nil)), len(text)
		}
	}
	for _, p := range t.patterns() {
		if found, n := t.try(p, text, depth); n > known {
			best, known = found, n
		}
	}
	if known == 0 && depth > 0 {
		return t.matchStopped(text, depth)
	}
	return best, known
}

// fixed tells whether a text is in the catalogue as it stands. Any other may
// hold what a network or a program is called, which must never be read as
// a template; and within a sentence a word alone is such a name: a network may be
// called “Home”, as a view of the window is.
func (t *tongue) fixed(text string, depth int) bool {
	if strings.Contains(text, "{{") || depth > 0 && !strings.Contains(text, " ") {
		return false
	}
	_, known := t.keys()[text]
	return known
}

// matchStopped translates what is a sentence of its own elsewhere.
func (t *tongue) matchStopped(text string, depth int) (string, int) {
	if depth > deep || strings.HasSuffix(text, ".") {
		return "", 0
	}
	found, known := t.match(text+".", deep+1)
	return strings.TrimSuffix(strings.TrimSuffix(found, "."), "。"), known
}

// try translates a text by one pattern.
func (t *tongue) try(p pattern, text string, depth int) (translated string, known int) {
	if !strings.HasPrefix(text, p.prefix) {
		return "", 0
	}
	found := p.form.FindStringSubmatch(text)
	if found == nil || p.part && strings.HasSuffix(text, ".") {
		return "", 0
	}
	known = p.weight
	data := make(map[string]any, len(p.names))
	for i, name := range p.names {
		value := found[i+1]
		if depth < deep {
			if inner, n := t.match(value, depth+1); n > 0 {
				value, known = inner, known+n
			}
		}
		data[name] = value
	}
	return t.render(p.key, nil, data), known
}

// pattern finds a sentence with placeholders.
type pattern struct {
	key    string
	prefix string // before the first placeholder
	weight int    // letters that are not placeholders
	form   *regexp.Regexp
	names  []string
	part   bool // of a sentence: it has no full stop
}

var placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

// leastWeight keeps what is hardly more than placeholders from fitting all.
const leastWeight = 3

// patternsOf are the keys with placeholders, those that say most first.
func patternsOf(all map[string]entry) (list []pattern) {
	for key, forms := range all {
		for _, english := range forms {
			if p := patternOf(key, english); len(p.names) > 0 && p.weight >= leastWeight && p.spoken() {
				list = append(list, p)
			}
		}
	}
	slices.SortFunc(list, func(a, b pattern) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), strings.Compare(a.key, b.key))
	})
	return list
}

// spoken tells whether the engine says it: the placeholders of its sentences
// are A, B and so on, while those of the window's own texts have names.
func (p pattern) spoken() bool {
	return !slices.ContainsFunc(p.names, func(name string) bool { return len(name) > 1 })
}

func patternOf(key, english string) pattern {
	p := pattern{key: key}
	var form strings.Builder
	form.WriteString(`(?s)^`)
	rest := english
	for {
		at := placeholder.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		form.WriteString(regexp.QuoteMeta(rest[:at[0]]) + `(.+?)`)
		if len(p.names) == 0 {
			p.prefix = rest[:at[0]]
		}
		p.weight += len(rest[:at[0]])
		p.names = append(p.names, rest[at[2]:at[3]])
		rest = rest[at[1]:]
	}
	p.weight += len(rest)
	p.part = !strings.HasSuffix(english, ".")
	p.form = regexp.MustCompile(form.String() + regexp.QuoteMeta(rest) + `$`)
	return p
}
