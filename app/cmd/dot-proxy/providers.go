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
	return c.withJSON(&cobra.Command{
		Use: "providers", Short: "List the known providers", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
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
