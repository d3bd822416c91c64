package words

import (
	"strings"
	"testing"
)

// in uses a language for a test.
func in(t *testing.T, names ...string) {
	t.Helper()
	Use(names...)
	t.Cleanup(func() { Use() })
}

func TestLanguageIsChosen(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{
		{nil, "en"},
		{[]string{"de-AT"}, "de"},
		{[]string{"es-419"}, "es"},
		{[]string{"fr-CA", "en"}, "fr"},
		{[]string{"zh-CN"}, "zh-Hans"},
		{[]string{"zh-SG"}, "zh-Hans"},
		{[]string{"zh-TW"}, "en"},
		{[]string{"zh-TW", "ja"}, "ja"},
		{[]string{"pl", "de"}, "de"},
		{[]string{"pl"}, "en"},
		{[]string{"en-GB", "de"}, "en"},
		{[]string{"no such language", "ja-JP"}, "ja"},
		{[]string{""}, "en"},
	} {
		if in(t, c.names...); Language() != c.want {
			t.Errorf("%q: %s, not %s", c.names, Language(), c.want)
		}
	}
}

func TestSystemsLanguage(t *testing.T) {
	t.Cleanup(func() { Use() })
	for _, c := range []struct{ lang, language, want string }{
		{"de_DE.UTF-8", "", "de"},
		{"de_DE.UTF-8", "fr:de", "fr"},
		{"ja_JP.UTF-8", "", "ja"},
		{"C", "fr", "en"},
		{"", "", "en"},
	} {
		t.Setenv("LC_ALL", "")
		t.Setenv("LC_MESSAGES", "")
		t.Setenv("LANG", c.lang)
		t.Setenv("LANGUAGE", c.language)
		if UseSystem(); Language() != c.want {
			t.Errorf("LANG=%q LANGUAGE=%q: %s, not %s", c.lang, c.language, Language(), c.want)
		}
	}
}

func TestForms(t *testing.T) {
	for _, c := range []struct{ language, one, many string }{
		{"en", "1 record", "1,200 records"},
		{"de", "1 Eintrag", "1.200 Einträge"},
	} {
		in(t, c.language)
		if one, many := N("{{.N}} records", 1), N("{{.N}} records", 1200); one != c.one || many != c.many {
			t.Errorf("%s: %q and %q", c.language, one, many)
		}
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct{ language, stop, use, latency, list, joined, unknown string }{
		{"en", "Stop", "Use on Wi-Fi too", "1.2 ms", "a, b", "A. B.", "No catalogue has this"},
		{"de", "Stoppen", "Auch für Wi-Fi", "1,2 ms", "a, b", "A. B.", "No catalogue has this"},
		{"ja", "停止", "Wi-Fi", "1.2 ms", "a、b", "A.B.", "No catalogue has this"},
	} {
		in(t, c.language)
		got := []string{T("Stop"), T("Use on {{.Network}} too", "Network", "Wi-Fi"), Decimal("1.2 ms"), List([]string{"a", "b"}), Join("A.", "", "B."), T("No catalogue has this")}
		for i, want := range []string{c.stop, c.use, c.latency, c.list, c.joined, c.unknown} {
			if !strings.Contains(got[i], want) {
				t.Errorf("%s: %q, not %q", c.language, got[i], want)
			}
		}
	}
}

// TestWhatTheEngineSays: sentences with names and numbers in them, two at a
// time, and one within another.
func TestWhatTheEngineSays(t *testing.T) {
	in(t, "de")
	for _, c := range []struct {
		english string
		kept    []string
		gone    string
	}{
		{"Your DNS goes to Cloudflare over TLS 1.3.", []string{"Cloudflare", "TLS 1.3"}, "goes to"},
		{"Port 53 is taken by dnsmasq (process 812). Stop dnsmasq, or choose another port.", []string{"53", "dnsmasq", "812"}, "choose"},
		{"Since 10:02. Certificate of one.one.one.one verified.", []string{"10:02", "one.one.one.one"}, "verified"},
		{"Your DNS goes to Quad9 over TLS 1.3, by the rule for “Home”.", []string{"Quad9", "TLS 1.3", "Home"}, "by the rule"},
		{"Cloudflare does not answer; your DNS goes to Quad9 over TLS 1.3.", []string{"Cloudflare", "Quad9"}, "does not answer"},
		{"No provider answers on port 853 (Mine: it refuses connections). This network may block it; choose a provider on port 443.", []string{"853", "Mine", "443"}, "refuses"},
		{"TLS 1.3 with X25519MLKEM768, which quantum computers cannot undo. A lost connection is taken up again at once.", []string{"X25519MLKEM768"}, "quantum"},
		{"DoT Proxy listens on 127.0.0.1:53 and [::1]:53 (process 99).", []string{"127.0.0.1:53", "[::1]:53", "99"}, "listens"},
	} {
		got := Said(c.english)
		for _, part := range c.kept {
			if !strings.Contains(got, part) {
				t.Errorf("%q lost %q: %q", c.english, part, got)
			}
		}
		if strings.Contains(got, c.gone) {
			t.Errorf("%q stays English: %q", c.english, got)
		}
	}
	for _, same := range []string{"", "example.com", "Something that nobody says.", "{{.A", "{{"} {
		if got := Said(same); got != same {
			t.Errorf("%q became %q", same, got)
		}
	}
}

// TestDaysAreTranslated: no month stays English within a sentence.
func TestQuotationMarksOfTheLanguage(t *testing.T) {
	defer Use()
	for name, marks := range map[string]string{
		"en": "“Café”", "de": "„Café“", "es": "«Café»", "fr": "«\u202fCafé\u202f»", "zh-Hans": "“Café”", "ja": "「Café」",
	} {
		Use(name)
		if got := T("On this network: {{.Network}}", "Network", "“Café”"); !strings.HasSuffix(got, marks) {
			t.Errorf("%s says %q", name, got)
		}
		for _, text := range []string{"“a” and “b”", "“open", "shut”"} { // not one word in marks
			if got := T("On this network: {{.Network}}", "Network", text); !strings.HasSuffix(got, text) {
				t.Errorf("%s makes of %q %q", name, text, got)
			}
		}
	}
}

func TestDaysAreTranslated(t *testing.T) {
	for english, want := range map[string]string{
		"Since 22 November, 10:02.": "Seit 10:02 (22.11.).", "Since 29 February, 00:05.": "Seit 00:05 (29.02.).",
		"one.one.one.one is signed by DigiCert and holds until 2 January 2027.":                                                             "02.01.2027",
		"It is 10:02 on 3 January 2020 here, at which the provider’s certificate does not hold. Set the clock, or choose another provider.": "10:02 am 03.01.2020",
	} {
		in(t, "de")
		if got := Said(english); !strings.Contains(got, want) {
			t.Errorf("%q became %q", english, got)
		}
	}
}

// TestNamesAreNotTranslated: what a network or a program is called stays as it
// is, though a text of the window is the same or it looks like a template.
func TestNamesAreNotTranslated(t *testing.T) {
	in(t, "de")
	for _, name := range []string{"Home", "Check", `{{printf "%0999d" 1}}`, "{{.A}}", "Café {{1}}"} {
		for _, form := range []string{"%s still asks 192.168.1.1, not encrypted.", "Use DoT Proxy on %s too.", "Port 53 is taken by %s (process 812)."} {
			english := strings.Replace(form, "%s", name, 1)
			if got := Said(english); !strings.Contains(got, name) || got == english {
				t.Errorf("%q became %q", english, got)
			}
		}
	}
	if got := Said("Encryption"); got == "Encryption" {
		t.Error("the title of a row stays English")
	}
	if name := `{{printf "%09d" 1}}`; Said(name) != name {
		t.Errorf("%q became %q", name, Said(name))
	}
}

// FuzzSaid: whatever an engine says, something is shown.
func FuzzSaid(f *testing.F) {
	for _, seed := range []string{"Your DNS goes to A over B.", "{{.A}} does not answer.", "Port . . . is taken by  .", "\x00. A", "{{1}} does not answer.", "Home still asks {{.A}}, not encrypted."} {
		f.Add(seed)
	}
	Use("de")
	f.Cleanup(func() { Use() })
	f.Fuzz(func(t *testing.T, text string) {
		if got := Said(text); strings.TrimSpace(text) != "" && got == "" {
			t.Errorf("%q became nothing", text)
		}
	})
}
