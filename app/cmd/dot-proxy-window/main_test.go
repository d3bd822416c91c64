package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		list   []string
		status int
		says   string
	}{
		{[]string{"--help"}, 0, "--control PATH"},
		{[]string{"--view", "nowhere"}, 2, "“nowhere” is no view; --view takes home, queries, providers, check, settings."},
		{[]string{"--port", "53"}, 2, "--help lists the flags."},
		{[]string{"home"}, 2, "“home” is not known here"},
	} {
		var stderr bytes.Buffer
		if got := run(c.list, &stderr); got != c.status || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%v: status %d, %q", c.list, got, stderr.String())
		}
	}
	a, err := parse([]string{"--control=/run/x.sock", "--view=queries"}, nil)
	if err != nil || a != (arguments{"/run/x.sock", "queries"}) {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestWithoutDisplay(t *testing.T) {
	if err := checkDisplay(func(string) string { return "" }); err != errNoDisplay {
		t.Errorf("got %v", err)
	}
	if err := checkDisplay(func(string) string { return ":0" }); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestFyneFindsItsEnvironment(t *testing.T) {
	if os.Getenv("FYNE_CACHE") == "" {
		t.Error("FYNE_CACHE is not set")
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if v == "C" || v == "POSIX" {
				t.Errorf("%s=%s makes Fyne log an error", name, v)
			}
			return
		}
	}
	t.Error("there is no language")
}
