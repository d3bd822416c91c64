package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestParse(t *testing.T) {
	tests := []struct {
		args    string
		control string
		engine  []string
		wrong   string // part of the sentence
	}{
		{args: ""},
		{args: "--control /x/y.sock", control: "/x/y.sock"},
		{args: "--control=/x/y.sock", control: "/x/y.sock"},
		{args: "-- --demo -p 5353", engine: []string{"--demo", "-p", "5353"}},
		{args: "--control /x -- -d quad9", control: "/x", engine: []string{"-d", "quad9"}},
		{args: "--", engine: nil},
		{args: "--demo", wrong: "--demo"},
		{args: "-p 5353", wrong: "stand after --"},
		{args: "quad9", wrong: "“quad9” is too much"},
		{args: "quad9 -- --demo", wrong: "“quad9” is too much"},
		{args: "--control=", wrong: "--control needs"},
		{args: "--control", wrong: "--control"},
		{args: "-- --control /x", wrong: "before --"},
		{args: "-- --control=/x", wrong: "before --"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			o, err := parse(strings.Fields(tt.args))
			if tt.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wrong) {
					t.Errorf("error %v, want one with %q", err, tt.wrong)
				}
				return
			}
			if err != nil || o.Control != tt.control || !slices.Equal(o.EngineArgs, tt.engine) {
				t.Errorf("got %+v, %v", o, err)
			}
		})
	}
	if _, err := parse([]string{"--help"}); !errors.Is(err, pflag.ErrHelp) {
		t.Errorf("--help gives %v", err)
	}
	if !strings.Contains(usage, "--control PATH") {
		t.Error("the help does not name --control")
	}
}
