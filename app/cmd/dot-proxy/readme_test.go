package main

import (
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestReadmeFlags: the README's table and --help name the same flags.
func TestReadmeFlags(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := map[string]bool{}
	row := regexp.MustCompile("(?m)^\\| (?:`(-[a-z])`, )?`(--[a-z-]+)`")
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		readme[strings.TrimPrefix(m[1]+" "+m[2], " ")] = true
	}
	root := newRoot(io.Discard, io.Discard)
	root.InitDefaultHelpFlag()
	help := map[string]bool{}
	add := func(f *pflag.Flag) {
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + " " + name
		}
		if !f.Hidden {
			help[name] = true
		}
	}
	root.LocalFlags().VisitAll(add)
	if !maps.Equal(readme, help) {
		t.Errorf("README: %v\n --help: %v", slices.Sorted(maps.Keys(readme)), slices.Sorted(maps.Keys(help)))
	}
}

// TestHelpOrder: the flags that most people need come first.
func TestHelpOrder(t *testing.T) {
	var first []string
	root := newRoot(io.Discard, io.Discard)
	root.Flags().VisitAll(func(f *pflag.Flag) { first = append(first, f.Shorthand) })
	if want := []string{"p", "c", "d", "l"}; !slices.Equal(first[:4], want) {
		t.Errorf("flags begin with %v, want %v", first, want)
	}
}

// TestReadmeCommands: every command that the README shows exists, with its flags.
func TestReadmeCommands(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, line := range regexp.MustCompile(`(?m)^dot-proxy( [^#\n]*[^# \n])?`).FindAllString(string(text), -1) {
		line, _, _ = strings.Cut(line, "  ")
		root := newRoot(io.Discard, io.Discard)
		cmd, args, err := root.Find(strings.Fields(line)[1:])
		if err == nil {
			err = cmd.ParseFlags(args)
		}
		if err == nil {
			err = cmd.ValidateArgs(cmd.Flags().Args())
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		found++
	}
	if found == 0 {
		t.Error("the README shows no command")
	}
}
