package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"dotproxy/app/control"
)

func (c *command) statusCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "status", Short: "Say what the engine does", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.client().Status(cmd.Context())
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(s)
			}
			if err := c.printState(s); err != nil {
				return err
			}
			return c.printDetails(s)
		},
	})
}

// title is the state in a word or two.
func title(s control.Status) string {
	text := map[control.State]string{
		control.Stopped: "Stopped", control.Starting: "Starting…", control.Protected: "Protected",
		control.Degraded: "On backup", control.Failed: "Not protected",
		control.Paused: "Paused", control.SignIn: "Sign-in needed",
	}[s.State]
	switch s.Variant {
	case control.VariantNotInUse:
		text = "Running, not in use"
	case control.VariantFromMemory:
		text = "Known names only"
	}
	if s.Leaks() {
		text = "Leak found"
	}
	if s.Demo {
		text += " (demo)"
	}
	return text
}

// printState prints title, sentence, hint and a problem that these do not tell.
func (c *command) printState(s control.Status) error {
	lines := []string{title(s), s.Sentence}
	if s.Hint != "" {
		lines = append(lines, s.Hint)
	}
	if p := s.Problem; p != nil && p.Message != s.Sentence {
		lines = append(lines, p.Error())
	}
	_, err := fmt.Fprintln(c.stdout, strings.Join(lines, "\n"))
	return err
}

func (c *command) printDetails(s control.Status) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	if len(s.Listen) > 0 {
		by := s.PortBy.Words()
		if by != "" {
			by = " (port allowed " + by + ")"
		}
		fmt.Fprintf(w, "\n%s\t%s%s\n", listenLabel(s), strings.Join(s.Listen, ", "), by)
	}
	if s.SystemDNS {
		fmt.Fprintf(w, "Asked by\tthis computer, on %s\n", strings.Join(s.Networks, ", "))
	}
	for i, u := range s.Upstreams {
		label := ""
		if i == 0 {
			label = "Upstreams"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", label, u.Address, u.Name, upstreamText(u))
	}
	if n := s.Counters.Queries; n > 0 {
		fmt.Fprintf(w, "Queries\t%d, %d %% from cache, %d failed, median %s\n",
			n, 100*s.Counters.Cached/n, s.Counters.Failures, control.Latency(s.Counters.MedianMS))
	}
	return w.Flush()
}

// listenLabel tells addresses that are open from those that would be.
func listenLabel(s control.Status) string {
	closed := s.State == control.Stopped
	if s.State == control.Failed && s.Problem != nil {
		switch s.Problem.Code {
		case control.CodePortInUse, control.CodePermission, control.CodeAddress, control.CodeSettings:
			closed = true
		}
	}
	if closed {
		return "Addresses"
	}
	return "Listens on"
}

// upstreamText says how one address of a provider does.
func upstreamText(u control.Upstream) string {
	switch {
	case u.Error != "":
		return u.Error
	case u.Connected && u.MedianMS > 0:
		return "connected, " + u.TLS + ", " + control.Latency(u.MedianMS)
	case u.Connected:
		return "connected, " + u.TLS
	case u.TLS != "":
		return "idle, connects at the next query"
	}
	return "not connected"
}
