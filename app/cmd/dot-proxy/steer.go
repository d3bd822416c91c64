package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"dotproxy/app/control"
)

// settlePatience is how long a command waits to see what came of it.
const settlePatience = 6 * time.Second

func (c *command) startCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "start", Short: "Open the listeners of a running engine", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.steer(cmd.Context(), c.client().Start) },
	})
}

func (c *command) stopCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "stop", Short: "Close the listeners; the engine's process stays", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.steer(cmd.Context(), c.client().Stop) },
	})
}

func (c *command) useCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "use UPSTREAM", Short: "Ask another provider, now and after the next start",
		Example: "  dot-proxy use quad9\n  dot-proxy use 9.9.9.9#dns.quad9.net", ValidArgsFunction: completeProvider,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{"dot-proxy use needs one provider, such as quad9; dot-proxy providers lists them."}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.steer(cmd.Context(), func(ctx context.Context) error { return c.client().Use(ctx, args[0]) })
		},
	})
}

func (c *command) quitCommand() *cobra.Command {
	return &cobra.Command{
		Use: "quit", Short: "End the engine's process", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.client().Quit(cmd.Context())
		},
	}
}

// steer does one thing and shows what came of it.
func (c *command) steer(ctx context.Context, do func(context.Context) error) error {
	if err := do(ctx); err != nil {
		return err
	}
	s, err := c.settled(ctx)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(s)
	}
	return c.printState(s)
}

// settled returns the status once it is no longer starting, or as it is when
// patience ends.
func (c *command) settled(ctx context.Context) (control.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	var last control.Status
	for e, err := range c.client().Events(ctx) {
		if err != nil {
			return last, err
		}
		if e.Name != control.EventStatus {
			continue
		}
		if last = *e.Status; last.State != control.Starting {
			break
		}
	}
	return last, nil
}

func (c *command) printJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
