package control_test

import (
	"strings"
	"testing"

	"dotproxy/app/control"
)

func TestSignInPage(t *testing.T) {
	const plainPage = "http://detectportal.firefox.com/"
	if got := (*control.Portal)(nil).Page().String(); got != plainPage {
		t.Errorf("without a portal: %q", got)
	}
	for text, want := range map[string]string{
		"http://portal.example/":                 "http://portal.example/",
		"https://portal.example:8443/in?a=b&c=d": "https://portal.example:8443/in?a=b&c=d",
		"http://192.0.2.1/":                      "http://192.0.2.1/",
		"http://[2001:db8::1]/":                  "http://[2001:db8::1]/",
		"":                                       plainPage,
		"file:///etc/passwd":                     plainPage,
		"javascript:alert(1)":                    plainPage,
		"ms-settings:network":                    plainPage,
		"http:///nowhere":                        plainPage,
		"http://:80/":                            plainPage,
		"http://user:secret@portal.example/":     plainPage,
		"http://portal.example/\nnext":           plainPage,
		"http://portal.example/\"$(reboot)\"":    plainPage,
		"http://portal.example/`reboot`":         plainPage,
		"-h":                                     plainPage,
		"http://portal.example/" + strings.Repeat("a", 2000): plainPage,
	} {
		if got := (&control.Portal{URL: text}).Page().String(); got != want {
			t.Errorf("%q opens %q, want %q", text, got, want)
		}
	}
}

func FuzzSignInPage(f *testing.F) {
	f.Add("http://portal.example/\"$(reboot)\"")
	f.Add("HTTPS://a@b/%zz")
	f.Fuzz(func(t *testing.T, text string) {
		page := (&control.Portal{URL: text}).Page().String()
		if !strings.HasPrefix(page, "http://") && !strings.HasPrefix(page, "https://") || strings.ContainsAny(page, " \"'`\\\n\r\t\x00") {
			t.Errorf("%q opens %q", text, page)
		}
	})
}
