package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"dotproxy/app/control"
	"dotproxy/resolver/provider"
)

// networksCommand is about rules that hold on one network alone.
func (c *command) networksCommand() *cobra.Command {
	cmd := c.withJSON(&cobra.Command{
		Use: "networks", Short: "Have other providers asked on some networks",
		Long: `A rule has other providers asked on one network, which is told by its name and
its router's address. Both can be imitated by whoever makes a network.`,
		Example: "  dot-proxy networks\n  dot-proxy networks use quad9\n  dot-proxy networks forget Office",
		Args:    networksVerb,
		RunE: func(cmd *cobra.Command, _ []string) error {
			here, s, err := c.hereAndSettings(cmd.Context())
			if err != nil {
				return err
			}
			return c.printNetworks(cmd.Context(), here, s)
		},
	})
	cmd.AddCommand(c.networksUse(), c.networksPause(), c.networksForget())
	return cmd
}

func networksVerb(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{quote(args[0]) + " is not what dot-proxy networks takes, which is use, pause, forget or nothing."}
}

func (c *command) networksUse() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "use UPSTREAM...", Short: "Ask these providers on the present network", Example: "  dot-proxy networks use quad9",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{"dot-proxy networks use needs a provider, such as quad9; dot-proxy providers lists them."}
			}
			for _, text := range args {
				if _, err := provider.Parse(text); err != nil {
					return usageError{err.Error() + "."}
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.addRule(cmd.Context(), control.NetworkRule{Upstreams: args})
		},
	})
}

func (c *command) networksPause() *cobra.Command {
	confirmed := false
	cmd := c.withJSON(&cobra.Command{
		Use: "pause", Short: "Do not encrypt DNS on the present network", Args: noArgs,
		Long: "Ask the present network's own server whenever the computer is on it, not\nencrypted.\n\n" + control.PauseWarning,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !confirmed {
				return usageError{control.PauseWarning + " Add --confirm if you accept that."}
			}
			return c.addRule(cmd.Context(), control.NetworkRule{Pause: true, Confirmed: true})
		},
	})
	cmd.Flags().BoolVar(&confirmed, "confirm", false, "accept that DNS is not encrypted there")
	return cmd
}

func (c *command) networksForget() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "forget NAME", Short: "Remove the rules for networks of a name",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{"dot-proxy networks forget needs the name of one network; dot-proxy networks shows them."}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.changeRules(cmd.Context(), func(_ control.Network, s control.Settings) (control.Settings, error) {
				n := len(s.Networks)
				s.Networks = slices.DeleteFunc(s.Networks, func(r control.NetworkRule) bool { return r.Name == args[0] })
				if len(s.Networks) == n {
					return s, usageError{"There is no rule for " + quote(args[0]) + "; dot-proxy networks shows them."}
				}
				return s, nil
			})
		},
	})
}

// addRule makes a rule for the present network.
func (c *command) addRule(ctx context.Context, r control.NetworkRule) error {
	return c.changeRules(ctx, func(here control.Network, s control.Settings) (control.Settings, error) {
		if here.Name == "" || here.Gateway == "" {
			if status, err := c.client().Status(ctx); err == nil && status.Demo {
				return s, errors.New("The demo does not look at what network this computer is on, so no rule was made. End it and start DoT Proxy without --demo.")
			}
			return s, errors.New("This computer is on no network that has a name and a router, so no rule was made. Connect to the network first.")
		}
		r.Name, r.Gateway = here.Name, here.Gateway
		return s.WithRule(r), nil
	})
}

func (c *command) changeRules(ctx context.Context, change func(control.Network, control.Settings) (control.Settings, error)) error {
	here, s, err := c.hereAndSettings(ctx)
	if err != nil {
		return err
	}
	if s, err = change(here, s.Clone()); err != nil {
		return err
	}
	if err := c.client().Apply(ctx, s); err != nil {
		return errors.New(err.Error()) // the command line is fine; the engine refuses
	}
	return c.printNetworks(ctx, here, s)
}

func (c *command) hereAndSettings(ctx context.Context) (control.Network, control.Settings, error) {
	here, err := c.client().Network(ctx)
	if err != nil {
		return here, control.Settings{}, err
	}
	s, err := c.client().Settings(ctx)
	return here, s, err
}

// networksShown is what --json prints.
type networksShown struct {
	Here  control.Network       `json:"here"`
	Rules []control.NetworkRule `json:"rules"`
}

// place says where the computer is; a demo does not look.
func (c *command) place(ctx context.Context, here control.Network) (string, error) {
	if here.Name != "" && here.Gateway != "" {
		return fmt.Sprintf("This network is %s, router %s.", quote(here.Name), here.Gateway), nil
	}
	status, err := c.client().Status(ctx)
	switch {
	case err != nil:
		return "", err
	case status.Demo:
		return "The demo does not look at what network this computer is on.", nil
	}
	return "This computer is on no network that has a name and a router.", nil
}

func (c *command) printNetworks(ctx context.Context, here control.Network, s control.Settings) error {
	if c.json {
		return c.printJSON(networksShown{here, s.Clone().Networks})
	}
	place, err := c.place(ctx, here)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, place)
	if len(s.Networks) == 0 {
		_, err := fmt.Fprintln(c.stdout, "There are no rules for networks.")
		return err
	}
	fmt.Fprintln(c.stdout)
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, " \tNETWORK\tROUTER\tASKS")
	for _, r := range s.Networks {
		mark, asks := " ", strings.Join(r.Upstreams, ", ")
		if r.Is(here) {
			mark = "*"
		}
		if r.Pause {
			asks = "the network’s own server, not encrypted"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", mark, r.Name, r.Gateway, asks)
	}
	return w.Flush()
}
