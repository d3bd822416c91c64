package words

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// update writes the English catalogue anew; forms for one are written by hand.
var update = flag.Bool("update", false, "write keys that the English catalogue lacks")

func read(t *testing.T, name string) map[string]entry {
	t.Helper()
	list, err := entries(File(name))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestEnglishIsComplete: the English catalogue has what the program says, and
// nothing else.
func TestEnglishIsComplete(t *testing.T) {
	have, want := read(t, "en"), map[string]bool{}
	for key := range said(t) {
		want[key] = false
	}
	maps.Copy(want, marked(t))
	if *update {
		write(t, have, want)
		return
	}
	for key, plural := range want {
		switch e, ok := have[key]; {
		case !ok:
			t.Errorf("the catalogues lack %q; go test ./app/words -update adds it to the English one", key)
		case plural && (e["one"] == "" || e["other"] != key):
			t.Errorf("%q has no forms for one and several", key)
		case !plural && (len(e) != 1 || e["other"] != key):
			t.Errorf("%q is %q in English", key, e)
		}
	}
	for key := range have {
		if _, ok := want[key]; !ok {
			t.Errorf("nothing says %q any more", key)
		}
	}
}

func write(t *testing.T, have map[string]entry, want map[string]bool) {
	t.Helper()
	list := map[string]any{}
	for key, plural := range want {
		switch {
		case plural && have[key]["one"] != "":
			list[key] = have[key]
		case plural:
			list[key] = entry{"one": "", "other": key}
		default:
			list[key] = key
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(list); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(Folder, "en.json"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTranslationsAreComplete: every language has every text, with the same
// placeholders and all the forms that it tells numbers apart by.
func TestTranslationsAreComplete(t *testing.T) {
	english := read(t, "en")
	forms := map[string][]string{"de": {"one", "other"}, "es": {"one", "other"}, "fr": {"one", "other"}, "zh-Hans": {"other"}, "ja": {"other"}}
	for _, name := range Languages()[1:] {
		t.Run(name, func(t *testing.T) {
			list := read(t, name)
			for key, original := range english {
				translation, ok := list[key]
				if !ok {
					t.Errorf("%q is missing", key)
					continue
				}
				wanted := []string{"other"}
				if len(original) > 1 {
					wanted = forms[name]
				}
				if got := slices.Sorted(maps.Keys(translation)); !slices.Equal(got, wanted) {
					t.Errorf("%q has the forms %q, not %q", key, got, wanted)
				}
				for form, text := range translation {
					checkText(t, key, form, text)
				}
			}
			for key := range list {
				if _, ok := english[key]; !ok {
					t.Errorf("%q is no text of the program", key)
				}
			}
		})
	}
}

// checkText looks at one translation.
func checkText(t *testing.T, key, form, text string) {
	t.Helper()
	if strings.TrimSpace(text) == "" || strings.TrimSpace(text) != text && strings.TrimSpace(key) == key {
		t.Errorf("%q is %q", key, text)
	}
	if _, err := template.New("").Parse(text); err != nil {
		t.Errorf("%q: %v", key, err)
	}
	names := func(s string) []string { return slices.Sorted(slices.Values(placeholder.FindAllString(s, -1))) }
	got, want := names(text), names(key)
	if form == "one" { // may say "one" in words
		got, want = without(got, "{{.N}}"), without(want, "{{.N}}")
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q: the translation %q has the placeholders %v", key, text, got)
	}
	for _, wrong := range []string{"!", "Oops", "  "} {
		if strings.Contains(text, wrong) && !strings.Contains(key, wrong) {
			t.Errorf("%q: %q contains %q", key, text, wrong)
		}
	}
}

func without(list []string, name string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == name })
}

// TestFilesFitFyne: Fyne's lang reads the same files with the same library.
func TestFilesFitFyne(t *testing.T) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	for _, name := range Languages() {
		file, err := bundle.ParseMessageFileBytes(File(name), name+".json")
		if err != nil || file.Tag.String() != name || len(file.Messages) != len(read(t, "en")) {
			t.Errorf("%s: %v, %d messages for %v", name, err, len(file.Messages), file.Tag)
		}
	}
}
