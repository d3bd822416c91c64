package main

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"dotproxy/app/control"
	"dotproxy/app/control/controltest"
)

// asked are queries of which each filter under test lets some through.
func asked() []control.Query {
	make := func(name, kind, rcode string, source control.Source, ms float64, client string) control.Query {
		q := controltest.NewQuery(name)
		q.Type, q.RCode, q.Source, q.MS, q.Client = kind, rcode, source, ms, client
		return q
	}
	list := []control.Query{
		make("www.example.com.", "A", "NOERROR", control.SourceUpstream, 250, "127.0.0.1"),
		make("example.com.", "AAAA", "SERVFAIL", control.SourceUpstream, 100, "::1"),
		make("notexample.com.", "HTTPS", "NXDOMAIN", control.SourceCache, 0.02, "192.168.1.7"),
		make("nas.home.arpa.", "TYPE65280", "REFUSED", control.SourceOverride, 0.01, "fd00::7"),
		make("lan.", "A", "NOERROR", control.SourceRoute, 3, "127.0.0.1"),
		make("", "MX", "NOERROR", control.SourceCoalesced, 5, ""),
	}
	list[4].Encrypted = false
	return list
}

func TestQueryFilters(t *testing.T) {
	engine := controltest.New()
	for _, q := range asked() {
		engine.Answer(q)
	}
	path, _ := controltest.Serve(t, engine)
	for _, c := range []struct{ flags, want string }{
		{"--name EXAMPLE", "www.example.com example.com notexample.com"},
		{"--name .example.com", "www.example.com example.com"},
		{"--name *.example.com.", "www.example.com example.com"},
		{"--name nas.home.arpa.", "nas.home.arpa"},
		{"--type aaaa,type65280", "example.com nas.home.arpa"},
		{"--type 65", "!"},
		{"--rcode nxdomain,REFUSED", "notexample.com nas.home.arpa"},
		{"--failed", "example.com nas.home.arpa"},
		{"--source cache,own", "notexample.com nas.home.arpa"},
		{"--source override,coalesced", "nas.home.arpa hidden"},
		{"--source clear", "lan"},
		{"--source shared", "hidden"},
		{"--slow 100", "www.example.com"},
		{"--slow 1", "www.example.com example.com lan hidden"},
		{"--client 127.0.0.1", "www.example.com lan"},
		{"--client 192.168.0.0/16", "notexample.com"},
		{"--client fd00::/8 --type TYPE65280", "nas.home.arpa"},
		{"--name example --failed --slow 50", "example.com"},
		{"--name example -n 1", "notexample.com"},
		{"--name gogle", ""},
	} {
		flags := strings.Fields(c.flags)
		status, out, errs := runAt(path, append([]string{"queries"}, flags...)...)
		if c.want == "!" {
			if status != statusUsage || strings.Count(errs, "\n") != 1 {
				t.Errorf("%s: status %d, %q", c.flags, status, errs)
			}
			continue
		}
		var names []string
		for line := range strings.Lines(out) {
			if f := strings.Fields(line); f[0] != "TIME" && line != "No query matches.\n" {
				names = append(names, f[1])
			}
		}
		if got := strings.Join(names, " "); status != statusOK || got != c.want || (c.want == "") != strings.Contains(out, "No query matches.") {
			t.Errorf("%s: status %d %s\n%s", c.flags, status, errs, out)
		}
		if _, out, _ := runAt(path, append([]string{"queries", "--json"}, flags...)...); strings.Count(out, "\n") != len(names) {
			t.Errorf("%s: as JSON\n%s", c.flags, out)
		}
	}
}

// TestBadFilters are refused before anybody is asked.
func TestBadFilters(t *testing.T) {
	for flag, want := range map[string]string{
		"--type AAAAA":         "“AAAAA” is not a record type such as AAAA or TYPE65, which --type needs.",
		"--type TYPE65x":       "“TYPE65x” is not a record type such as AAAA or TYPE65, which --type needs.",
		"--type A,,B":          "“A,,B” is not a record type such as AAAA or TYPE65, which --type needs.",
		"--rcode OK":           "“OK” is not a response code such as NXDOMAIN, which --rcode needs.",
		"--source dns":         "“dns” is not one of upstream, cache, stale, local, own, route, shared, blocked, clear, which --source needs.",
		"--slow 0":             "“0” is not a number of milliseconds, 1 or more, which --slow needs.",
		"--slow x":             "“x” is not a number of milliseconds, 1 or more, which --slow needs.",
		"--client example.com": "“example.com” is not an IP address or a prefix such as 192.168.1.0/24, which --client needs.",
		"--color blue":         "“blue” is not one of auto, always and never, which --color needs.",
	} {
		args := append([]string{"queries", "-f"}, strings.Fields(flag)...)
		if status, out, errs := runAt("/nowhere/c.sock", args...); status != statusUsage || out != "" || errs != "dot-proxy: "+want+"\n" {
			t.Errorf("%s: status %d, %q, %q", flag, status, out, errs)
		}
	}
}

func TestColors(t *testing.T) {
	engine := controltest.New()
	for _, q := range asked() {
		engine.Answer(q)
	}
	path, _ := controltest.Serve(t, engine)
	_, out, _ := runAt(path, "queries", "--color", "always")
	for _, want := range []string{red + "SERVFAIL" + reset, yellow + "not encrypted" + reset, dim + "hidden" + reset, yellow + "250 ms" + reset} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %q", want, out)
		}
	}
	for _, flags := range [][]string{{}, {"--color", "never"}, {"--color", "always", "--json"}} {
		if _, out, _ := runAt(path, append([]string{"queries"}, flags...)...); strings.Contains(out, "\x1b") {
			t.Errorf("%v: %q", flags, out)
		}
	}
}

func TestTerminalOfAFile(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	none := func(string) string { return "" }
	if got := terminalOf(f, "auto", none); got.color || got.columns() != 0 {
		t.Errorf("a file has colour %v, %d columns", got.color, got.columns())
	}
	if !terminalOf(f, "always", none).color {
		t.Error("always is not always")
	}
}

// TestTheTableFits: no line is wider than the terminal, and the name keeps its
// share by the other columns' going.
func TestTheTableFits(t *testing.T) {
	q := controltest.NewQuery(strings.Repeat("a", 60) + "." + strings.Repeat("b", 60) + ".example.com.")
	q.RCode, q.Type, q.Encrypted, q.MS = "SERVFAIL", "TYPE65280", false, 12345
	for _, c := range []struct {
		terminal int
		with     string
	}{
		{300, "SERVFAIL,not encrypted,12.3 s,TYPE"}, {100, "SERVFAIL,not encrypted,12.3 s,TYPE"}, {80, "SERVFAIL,not encrypted,12.3 s,TYPE"},
		{60, "SERVFAIL,not encrypted,TYPE"}, {40, "SERVFAIL,not encrypted"}, {25, "SERVFAIL"}, {10, ""},
	} {
		var b strings.Builder
		out := bufio.NewWriter(&b)
		newTable(c.terminal).write(out, false, func(col *column) (string, string) { return col.cell(&q) })
		_ = out.Flush()
		line := strings.TrimSuffix(b.String(), "\n")
		if n := utf8.RuneCountInString(line); n > c.terminal {
			t.Errorf("%d columns: %d in %q", c.terminal, n, line)
		}
		if c.terminal >= 40 && (!strings.Contains(line, "aaa…") && c.terminal < 200 || !strings.Contains(line, "e.com")) {
			t.Errorf("%d columns: %q lost an end of the name", c.terminal, line)
		}
		for _, word := range []string{"SERVFAIL", "not encrypted", "12.3 s", "TYPE"} {
			if c.terminal > 10 && strings.Contains(c.with, word) != strings.Contains(line, word) {
				t.Errorf("%d columns: %q in %q", c.terminal, word, line)
			}
		}
	}
	var b strings.Builder
	out := bufio.NewWriter(&b)
	newTable(0).write(out, false, func(col *column) (string, string) { return col.cell(&q) })
	if _ = out.Flush(); !strings.Contains(b.String(), control.HostName(q.Name)+"  TYPE65280") {
		t.Errorf("written to a file: %q", b.String())
	}
}

func TestTheTableFollowsItsTerminal(t *testing.T) {
	width := 120
	var b strings.Builder
	p := &queryPrinter{out: bufio.NewWriter(&b), to: terminal{columns: func() int { return width }}}
	for _, width = range []int{120, 60} {
		if err := p.print(asked()[:2]...); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 5 || strings.Contains(lines[3], " ms") || !strings.Contains(lines[1], " ms") {
		t.Errorf("%q", lines)
	}
}
