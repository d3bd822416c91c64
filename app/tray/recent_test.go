package tray

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dotproxy/app/control/controltest"
)

func using(upstream, name string) View {
	v := View{Link: Connected, Status: controltest.New().Status(), Providers: controltest.Providers()}
	v.Status.Provider, v.Status.ProviderName = upstream, name
	return v
}

func upstreamsOf(list []Custom) string {
	var texts []string
	for _, c := range list {
		texts = append(texts, c.Upstream)
	}
	return strings.Join(texts, " ")
}

func TestRecentSurvivesTheTray(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "recent.json")
	r := newRecent(path)
	for _, v := range []View{using("a", "A"), using("quad9", "Quad9"), using("b", "B"), using("a", "A"), using("a", "A")} {
		if err := r.note(v); err != nil {
			t.Fatal(err)
		}
	}
	if got := upstreamsOf(newRecent(path).list); got != "a b" {
		t.Errorf("remembered %q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	for i := range 20 {
		if err := r.note(using(fmt.Sprintf("c%d", i), "C")); err != nil {
			t.Fatal(err)
		}
	}
	if got := upstreamsOf(newRecent(path).list); got != "c19 c18 c17 c16 c15 c14 c13 c12" {
		t.Errorf("remembered %q", got)
	}
}

func TestRecentIsOnlyWhatTheUserChose(t *testing.T) {
	demo, gone, early := using("demo", "the demo"), using("a", "A"), using("a", "A")
	demo.Status.Demo, gone.Link, early.Providers = true, Gone, nil // not known yet which are custom
	r := newRecent("")
	for _, v := range []View{demo, gone, early, using("", ""), using("cloudflare", "Cloudflare")} {
		if err := r.note(v); err != nil || len(r.list) > 0 {
			t.Errorf("%v, %v", r.list, err)
		}
	}
	if err := r.note(using("a", "A")); err != nil || len(r.list) != 1 {
		t.Errorf("without a file: %v, %v", r.list, err)
	}
}

func TestRecentThatCannotBeKept(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRecent(filepath.Join(folder, "recent.json"))
	if err := r.note(using("a", "A")); err == nil {
		t.Error("no error")
	}
	if err := r.note(using("a", "A")); err != nil || len(r.list) != 1 {
		t.Errorf("said again, or not offered: %v, %v", err, r.list)
	}
}

func FuzzParseRecent(f *testing.F) {
	for _, text := range []string{"", "null", "{}", `[{"upstream":"a","name":"A"},{"upstream":"a","name":"B"},{"upstream":"","name":"C"}]`, "[" + strings.Repeat(`{"upstream":"a","name":"A"},`, 20) + "{}]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		seen := map[string]bool{}
		list := parseRecent(text)
		for _, c := range list {
			if c.Upstream == "" || c.Name == "" || seen[c.Upstream] {
				t.Errorf("%+v", list)
			}
			seen[c.Upstream] = true
		}
		if len(list) > MaxProviders {
			t.Errorf("%d of them", len(list))
		}
	})
}

func TestBrowserOfEachSystem(t *testing.T) {
	for system, want := range map[string]string{
		"linux": "xdg-open X", "freebsd": "xdg-open X", "darwin": "open X", "windows": "rundll32 url.dll,FileProtocolHandler X",
	} {
		if got := strings.Join(browserCommand(system, "X"), " "); got != want {
			t.Errorf("%s: %s", system, got)
		}
	}
}
