package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"dotproxy/app/control"
	"dotproxy/app/daemon"
)

func (c *command) providersCommand() *cobra.Command {
	var network, test bool
	cmd := c.withJSON(&cobra.Command{
		Use: "providers", Short: "List the known providers, test them, or ask what this network offers",
		Example: "  dot-proxy providers --test\n  dot-proxy providers --test quad9 9.9.9.9#dns.quad9.net",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 && !test {
				return usageError{quote(args[0]) + " is too much: dot-proxy providers --test takes names, the list does not."}
			}
			return nil
		},
		Long: `List the known providers. With --network, ask the network's own resolvers for
encrypted ones in their place (RFC 9462); what cannot be verified is not offered.
With --test, connect to all of them, or to those that are named, and measure.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case network && test:
				return usageError{"--network and --test do not go together."}
			case network:
				return c.designated(cmd)
			case test:
				return c.testProviders(cmd.Context(), args)
			}
			list, err := c.client().Providers(cmd.Context())
			if p, ok := errors.AsType[*control.Problem](err); ok && p.Code == control.CodeNoEngine {
				list, err = daemon.KnownProviders(""), nil // they are the same without an engine
			}
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(list)
			}
			return c.printProviders(list)
		},
	})
	cmd.Flags().BoolVar(&test, "test", false, "connect to providers and measure how they answer")
	cmd.Flags().BoolVar(&network, "network", false, "ask this network for encrypted resolvers of its own")
	return cmd
}

// designated shows which encrypted resolvers the network names, and how to use
// them.
func (c *command) designated(cmd *cobra.Command) error {
	list, err := c.client().Designated(cmd.Context())
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(list)
	}
	for _, d := range list {
		line := d.Problem
		if d.Upstream != "" {
			line = "This network offers " + d.Upstream + ", verified. To ask it: dot-proxy use '" + d.Upstream + "'"
		}
		if _, err := fmt.Fprintln(c.stdout, line); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) printProviders(list []control.Provider) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, " \tID\tNAME\tBLOCKS\tVERIFIED AS")
	for _, p := range list {
		mark := " "
		if p.Current {
			mark = "*"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", mark, p.ID, p.Name, p.Filter, p.TLSName)
	}
	return w.Flush()
}
