package settings

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"dotproxy/app/control"
)

func TestWrittenSettingsAreReadAgain(t *testing.T) {
	want := family()
	want.KeepStatistics, want.Routes["home.arpa"] = true, []string{"192.168.1.1"}
	var b strings.Builder
	if err := Write(&b, want); err != nil {
		t.Fatal(err)
	}
	if got, err := Read("mine.toml", strings.NewReader(b.String())); err != nil || !got.Equal(want) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestReadRefusesTheWholeFile(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"port = 5353\nprot = 1\n", "mine.toml, line 2: unknown key “prot”."},
		{"port = 5353\ncache_mib = 99999\n", "mine.toml, line 2: the cache cannot be 99999 MiB large."},
		{"port = \"x\"\n", "mine.toml, line 1: the key “port” takes a whole number."},
		{"port = = 1\n", "mine.toml, line 1: "},
		{"", "mine.toml: there is no setting in it."},
		{"# nothing\n\n", "mine.toml: there is no setting in it."},
		{strings.Repeat("#", maxSize+1), "mine.toml: it is larger than 1 MiB."},
	} {
		s, err := Read("/home/me/mine.toml", strings.NewReader(c.text))
		p, ok := errors.AsType[*control.Problem](err)
		if !ok || !strings.HasPrefix(p.Message, c.says) || !strings.HasSuffix(p.Hint, "Nothing was changed.") || s.Port != 0 {
			t.Errorf("%.20q: %+v, %v", c.text, s, err)
		}
	}
	if _, err := Read("mine.toml", iotest.ErrReader(errors.New("input/output error"))); err == nil || !strings.Contains(err.Error(), "input/output error") {
		t.Errorf("an unreadable file: %v", err)
	}
}
