package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"dotproxy/app/control"
)

func (c *command) blockedCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "blocked", Short: "Show the clients that are blocked for asking too much", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := c.client().Blocked(cmd.Context())
			if err != nil {
				return err
			}
			return c.printBlocked(list)
		},
	})
}

func (c *command) unblockCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "unblock CLIENT", Short: "End the block of a client before its time",
		Example: "  dot-proxy unblock 192.0.2.7",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{"dot-proxy unblock needs one client, such as 192.0.2.7; dot-proxy blocked lists them."}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.client().Release(cmd.Context(), args[0]); err != nil {
				return err
			}
			list, err := c.client().Blocked(cmd.Context())
			if err != nil {
				return err
			}
			return c.printBlocked(list)
		},
	})
}

func (c *command) printBlocked(list []control.Blocked) error {
	if c.json {
		return c.printJSON(list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(c.stdout, "Nobody is blocked.")
		return err
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CLIENT\tUNTIL\tDROPPED")
	for _, b := range list {
		fmt.Fprintf(w, "%s\t%s\t%d\n", b.Client, b.Until.Local().Format("15:04:05"), b.Dropped)
	}
	return w.Flush()
}
