package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"dotproxy/app/control"
)

// queryFlags choose and colour queries.
type queryFlags struct {
	filter control.QueryFilter
	slow   number
	color  colorWhen
}

// add declares the flags in the order in which help shows them.
func (f *queryFlags) add(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.filter.Name, "name", "", "only names with `TEXT` in them; .example.com stands for it and all below it")
	set.Var(&words{want: "a record type such as AAAA or TYPE65", read: f.addType}, "type", "only these record `TYPES`, with commas between")
	set.Var(&words{want: "a response code such as NXDOMAIN", read: f.addRCode}, "rcode", "only these `RESULTS`, with commas between")
	set.BoolVar(&f.filter.Failed, "failed", false, "only what failed: SERVFAIL and REFUSED")
	set.Var(&words{want: "one of " + sourceWords(), read: f.addSource}, "source", "only what these `SOURCES` answered, with commas between:\n"+sourceWords())
	f.slow = number{want: "a number of milliseconds, 1 or more"}
	set.Var(&threshold{&f.slow}, "slow", fmt.Sprintf("only what took more than `MS` milliseconds (the window's Slow is %d)", control.SlowMS))
	set.Var(&words{want: "an IP address or a prefix such as 192.168.1.0/24", read: f.setClient}, "client", "only what this `CLIENT`, an address or a prefix, asked")
	set.Var(&f.color, "color", "colours: `WHEN` auto (in a terminal, unless NO_COLOR is set), always or never")
	complete(cmd, "source", strings.Split(sourceWords(), ", ")...)
	complete(cmd, "color", colorWords...)
	complete(cmd, "rcode", "NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED")
	complete(cmd, "type", "A", "AAAA", "HTTPS", "MX", "TXT", "PTR", "SRV", "NS", "SOA")
}

func complete(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values, cobra.ShellCompDirectiveNoFileComp
	})
}

// chosen is the filter of the flags, and whether it leaves anything out.
func (f *queryFlags) chosen(set *pflag.FlagSet) (control.QueryFilter, bool) {
	f.filter.OverMS = float64(f.slow.value)
	some := slices.ContainsFunc([]string{"name", "type", "rcode", "failed", "source", "slow", "client"}, set.Changed)
	return f.filter, some
}

var errWord = errors.New("not such a word")

func (f *queryFlags) addType(word string) error {
	word = strings.ToUpper(word)
	number, known := dns.StringToType[word]
	if !known {
		if _, err := fmt.Sscanf(word, "TYPE%d", &number); err != nil || fmt.Sprintf("TYPE%d", number) != word {
			return errWord
		}
	}
	f.filter.Types = append(f.filter.Types, dns.Type(number).String())
	return nil
}

func (f *queryFlags) addRCode(word string) error {
	word = strings.ToUpper(word)
	if _, known := dns.StringToRcode[word]; !known {
		return errWord
	}
	f.filter.RCodes = append(f.filter.RCodes, word)
	return nil
}

// sources are what --source takes: the words of the table and the window's
// chips. An empty source stands for clear text.
var sources = []struct {
	word   string
	source control.Source
}{
	{"upstream", control.SourceUpstream}, {"cache", control.SourceCache}, {"stale", control.SourceStale}, {"local", control.SourceLocal},
	{"own", control.SourceOverride}, {"route", control.SourceRoute}, {"shared", control.SourceCoalesced}, {"blocked", control.SourceBlocked}, {"clear", ""},
}

func sourceWords() string {
	var list []string
	for _, s := range sources {
		list = append(list, s.word)
	}
	return strings.Join(list, ", ")
}

func (f *queryFlags) addSource(word string) error {
	word = strings.ToLower(word)
	for _, s := range sources {
		switch {
		case word != s.word && (s.source == "" || word != string(s.source)):
			continue
		case s.source == "":
			f.filter.Clear = true
		default:
			f.filter.Sources = append(f.filter.Sources, s.source)
		}
		return nil
	}
	return errWord
}

func (f *queryFlags) setClient(word string) error {
	prefix, err := netip.ParsePrefix(word)
	if err != nil {
		addr, err := netip.ParseAddr(word)
		if err != nil {
			return errWord
		}
		addr = addr.Unmap().WithZone("")
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	f.filter.Client = prefix.Masked()
	return nil
}

// words is a flag that takes words with commas between.
type words struct {
	want string
	text string
	read func(word string) error
}

// Set implements pflag.Value.
func (w *words) Set(text string) error {
	w.text = text
	for word := range strings.SplitSeq(text, ",") {
		if err := w.read(strings.TrimSpace(word)); err != nil {
			return err
		}
	}
	return nil
}

// String implements pflag.Value.
func (w *words) String() string { return w.text }

// Type implements pflag.Value.
func (w *words) Type() string { return "words" }

// Want says what kind of value the flag takes.
func (w *words) Want() string { return w.want }

// threshold is a number above 0.
type threshold struct{ *number }

// Set implements pflag.Value.
func (t *threshold) Set(text string) error {
	if err := t.number.Set(text); err != nil || t.value < 1 {
		return errNumber
	}
	return nil
}

// String implements pflag.Value: none unless it was given.
func (t *threshold) String() string {
	if t.number == nil || t.value == 0 {
		return ""
	}
	return t.number.String()
}

// colorWhen is a flag that says when to colour.
type colorWhen string

var colorWords = []string{"auto", "always", "never"}

// Set implements pflag.Value.
func (c *colorWhen) Set(text string) error {
	if !slices.Contains(colorWords, text) {
		return errWord
	}
	*c = colorWhen(text)
	return nil
}

// String implements pflag.Value.
func (c *colorWhen) String() string { return string(*c) }

// Type implements pflag.Value.
func (c *colorWhen) Type() string { return "when" }

// Want says what kind of value the flag takes.
func (c *colorWhen) Want() string { return "one of auto, always and never" }
