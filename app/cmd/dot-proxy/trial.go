package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"dotproxy/app/control"
)

// testProviders shows how providers answer, the quickest first; on a terminal
// also how far the test is.
func (c *command) testProviders(ctx context.Context, upstreams []string) error {
	var results []control.ProviderTest
	total := 0
	for e, err := range c.client().TestProviders(ctx, upstreams) {
		if err != nil {
			c.progress("")
			return err
		}
		if e.Upstreams != nil {
			total = len(e.Upstreams)
		}
		if e.Result != nil {
			results = append(results, *e.Result)
		}
		c.progress(fmt.Sprintf("%d of %d tested …", len(results), total))
	}
	c.progress("")
	if ctx.Err() != nil {
		return ctx.Err()
	}
	slices.SortStableFunc(results, slower)
	if c.json {
		return c.printJSON(results)
	}
	return printTests(c.stdout, results)
}

// slower sorts what failed behind what answered.
func slower(a, b control.ProviderTest) int {
	if failed := (a.Error != "") != (b.Error != ""); failed {
		if a.Error != "" {
			return 1
		}
		return -1
	}
	switch {
	case a.WarmMS < b.WarmMS:
		return -1
	case a.WarmMS > b.WarmMS:
		return 1
	}
	return 0
}

// progress writes over the line of before, on a terminal alone.
func (c *command) progress(text string) {
	if f, ok := c.stderr.(*os.File); ok && columnsOf(f) > 0 {
		fmt.Fprint(f, "\r\x1b[K"+text)
	}
}

func printTests(out io.Writer, results []control.ProviderTest) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PROVIDER\tCONNECT\tFIRST\tWARM\tTLS\tSERVER")
	for _, r := range results {
		if r.Error != "" {
			fmt.Fprintf(w, "%s\t%s\t–\t–\t%s\n", r.Name, milliseconds(r.ConnectMS), r.Error)
			continue
		}
		tls := strings.TrimSpace(r.TLS + " " + r.KeyExchange)
		if r.Resumed {
			tls += ", resumes"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Name, milliseconds(r.ConnectMS), milliseconds(r.FirstMS), milliseconds(r.WarmMS), tls, r.NSID)
	}
	return w.Flush()
}

func milliseconds(ms float64) string {
	switch {
	case ms == 0:
		return "–"
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// checkCommand looks at what a user relies on.
func (c *command) checkCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "check", Short: "Look at certificate, encryption, leaks and the rest", Args: noArgs,
		Long: "Look at what you rely on: the provider's certificate and encryption, whether this\ncomputer really asks here, IPv6, the backup, the port and the clock. The status is\n1 where something failed.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows, err := c.client().Check(cmd.Context())
			if err != nil {
				return err
			}
			if c.json {
				err = c.printJSON(rows)
			} else {
				err = printCheck(c.stdout, rows)
			}
			if err == nil && slices.ContainsFunc(rows, func(r control.CheckRow) bool { return r.Result == control.CheckFailed }) {
				err = errSilent
			}
			return err
		},
	})
}

// checkWords are how a result is shown.
var checkWords = map[string]string{
	control.CheckOK: "ok", control.CheckWarning: "note", control.CheckFailed: "FAILED", control.CheckUnknown: "–",
}

func printCheck(out io.Writer, rows []control.CheckRow) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\n", checkWords[r.Result], r.Title, r.Sentence)
		if r.Fix != nil {
			fmt.Fprintf(w, "\t\t%s: %s\n", r.Fix.Label, r.Fix.Command)
		}
	}
	return w.Flush()
}
