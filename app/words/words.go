// Package words has the texts of window and tray in the user's language. The key
// of a text is its English form, so the code reads as the screen does; the
// engine and the command line speak English, and Said translates what the engine
// said. It is pure Go without a toolkit: the window gives the same files to
// Fyne's lang, for Fyne's own dialogs.
package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/jeandeaual/go-locale"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Files are the catalogues, one for each language in the form of go-i18n, which
// is that of Fyne's lang as well. English has the keys themselves and the forms
// for one and several.
//
//go:embed catalogue/*.json
var Files embed.FS

// Folder is where in Files the catalogues lie.
const Folder = "catalogue"

// languages are those with a catalogue, English first.
var languages = []language.Tag{
	language.English, language.German, language.Spanish, language.French, language.SimplifiedChinese, language.Japanese,
}

// Languages are the names of the catalogues: "en", "de", "es", "fr", "zh-Hans",
// "ja".
func Languages() []string {
	names := make([]string, len(languages))
	for i, tag := range languages {
		names[i] = tag.String()
	}
	return names
}

// File is the catalogue of one of Languages.
func File(name string) []byte {
	text, err := Files.ReadFile(path.Join(Folder, name+".json"))
	if err != nil {
		panic(err) // it is embedded
	}
	return text
}

// tongue is a language made ready.
type tongue struct {
	tag       language.Tag
	localizer *i18n.Localizer
	printer   *message.Printer
	mark      string   // between a number and its fraction
	plain     sync.Map // texts without placeholders
	keys      func() map[string]entry
	patterns  func() []pattern
}

var current atomic.Pointer[tongue]

func init() { Use() }

// UseSystem takes the first language of the system's settings that there is a
// catalogue for, English without one.
func UseSystem() {
	names, err := locale.GetLocales()
	if err != nil {
		names = nil
	}
	Use(names...)
}

// Use takes the first of some BCP 47 names that there is a catalogue for,
// English without one.
func Use(names ...string) { current.Store(newTongue(choose(names))) }

// choose is the catalogue for the first name that one fits. Traditional
// Chinese is not served with the simplified: its readers get what they named
// next, or English.
func choose(names []string) language.Tag {
	matcher := language.NewMatcher(languages)
	for _, name := range names {
		tag, err := language.Parse(name)
		if err != nil {
			continue
		}
		if _, i, confidence := matcher.Match(tag); confidence >= language.High {
			return languages[i]
		}
	}
	return language.English
}

// Language is the name of the catalogue in use.
func Language() string { return current.Load().tag.String() }

func newTongue(tag language.Tag) *tongue {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	bundle.MustParseMessageFileBytes(File("en"), "en.json")
	if tag != language.English {
		bundle.MustParseMessageFileBytes(File(tag.String()), tag.String()+".json")
	}
	t := &tongue{tag: tag, localizer: i18n.NewLocalizer(bundle, tag.String()), printer: message.NewPrinter(tag)}
	t.mark = strings.Trim(t.printer.Sprint(0.5), "05")
	t.keys = sync.OnceValue(englishEntries)
	t.patterns = sync.OnceValue(func() []pattern { return patternsOf(t.keys()) })
	return t
}

// T translates an English text. pairs are the names and values of its
// placeholders, as in T("Use on {{.Network}} too", "Network", "Wi-Fi"). A text
// that no catalogue has stays English.
func T(english string, pairs ...any) string {
	t := current.Load()
	if len(pairs) > 0 {
		return t.render(english, nil, values(pairs))
	}
	if found, ok := t.plain.Load(english); ok {
		return found.(string)
	}
	text := t.render(english, nil, nil)
	t.plain.Store(english, text)
	return text
}

// N translates a text about n things, in the form that the language has for
// that many. english is the form for several; its placeholder {{.N}} is n,
// written as Number does.
func N(english string, n int, pairs ...any) string {
	data := values(pairs)
	data["N"] = Number(uint64(max(n, 0)))
	return current.Load().render(english, n, data)
}

// Mark notes that a text will be translated by T: for tables that are made
// before the language is known.
func Mark(english string) string { return english }

func values(pairs []any) map[string]any {
	data := make(map[string]any, len(pairs)/2+1)
	for i := 0; i+1 < len(pairs); i += 2 {
		data[pairs[i].(string)] = pairs[i+1]
	}
	return data
}

func (t *tongue) render(key string, count any, data map[string]any) string {
	if data == nil && !strings.Contains(key, "{{") && t.tag == language.English && count == nil {
		return key
	}
	text, err := t.localizer.Localize(&i18n.LocalizeConfig{
		DefaultMessage: &i18n.Message{ID: key, Other: key}, TemplateData: t.quoted(data), PluralCount: count,
	})
	if text == "" && err != nil {
		return key
	}
	return text
}

// quotes are what stands before and behind a word in quotation marks, where
// that is not as in English.
var quotes = map[language.Tag][2]string{
	language.German: {"„", "“"}, language.Spanish: {"«", "»"}, language.French: {"«\u202f", "\u202f»"}, language.Japanese: {"「", "」"},
}

// quoted gives values in English quotation marks those of the language.
func (t *tongue) quoted(data map[string]any) map[string]any {
	marks, ok := quotes[t.tag]
	if !ok {
		return data
	}
	for name, value := range data {
		text, _ := value.(string)
		inner, opened := strings.CutPrefix(text, "“")
		if inner, closed := strings.CutSuffix(inner, "”"); opened && closed && !strings.ContainsAny(inner, "“”") {
			data[name] = marks[0] + inner + marks[1]
		}
	}
	return data
}

// Number writes a number as the language does: "12,482".
func Number(n uint64) string { return current.Load().printer.Sprint(n) }

// Decimal puts the language's decimal mark into a number written in English.
func Decimal(text string) string {
	return strings.Replace(text, ".", current.Load().mark, 1)
}

// entry is a text of a catalogue: one form, or one for each number.
type entry map[string]string

// entries are a catalogue's texts by their keys.
func entries(catalogue []byte) (map[string]entry, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(catalogue, &raw); err != nil {
		return nil, err
	}
	list := make(map[string]entry, len(raw))
	for key, text := range raw {
		var one string
		if err := json.Unmarshal(text, &one); err == nil {
			list[key] = entry{"other": one}
			continue
		}
		forms := entry{}
		if err := json.Unmarshal(text, &forms); err != nil {
			return nil, fmt.Errorf("%q: %w", key, err)
		}
		list[key] = forms
	}
	return list, nil
}

func englishEntries() map[string]entry {
	list, err := entries(File("en"))
	if err != nil {
		panic(err) // it is embedded, and read by the tests
	}
	return list
}

// Join puts sentences one behind the other; empty ones are left out.
func Join(sentences ...string) string {
	list := slices.DeleteFunc(slices.Clone(sentences), func(s string) bool { return s == "" })
	return strings.Join(list, current.Load().between())
}

// List writes an enumeration without a last "and".
func List(items []string) string { return strings.Join(items, current.Load().comma()) }

// Sentence closes a sentence with the language's full stop.
func Sentence(text string) string {
	if current.Load().ideographic() {
		return text + "。"
	}
	return text + "."
}

// Capital begins a text with a capital letter.
func Capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToTitle(first)) + text[size:]
}

// between is what parts two sentences.
func (t *tongue) between() string {
	if t.ideographic() {
		return ""
	}
	return " "
}

func (t *tongue) comma() string {
	if t.ideographic() {
		return "、"
	}
	return ", "
}

// ideographic tells whether the language is written in characters that need no
// spaces between words.
func (t *tongue) ideographic() bool {
	return t.tag == language.SimplifiedChinese || t.tag == language.Japanese
}
