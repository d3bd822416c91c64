package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"dotproxy/app/control"
	"dotproxy/app/systemdns/guard"
)

// systemDNSCommand is about which server this computer's programs ask.
func (c *command) systemDNSCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "system-dns", Short: "Have this computer's programs ask here, and put that back",
		Long: `A guard changes this computer's DNS and puts it back when the engine ends,
also when it is killed. What it changes it wrote down before.`,
		Example: "  dot-proxy system-dns on\n  dot-proxy system-dns repair",
		Args:    systemDNSVerb,
		RunE:    func(*cobra.Command, []string) error { return systemDNSVerb(nil, nil) },
	}
	cmd.AddCommand(c.systemDNSOn(), c.systemDNSOff(), c.systemDNSStatus(), c.systemDNSRepair(), c.guardCommand())
	return cmd
}

// systemDNSVerb refuses what is no verb of system-dns.
func systemDNSVerb(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{"dot-proxy system-dns needs one of on, off, status or repair."}
	}
	return usageError{quote(args[0]) + " is not what dot-proxy system-dns takes, which is on, off, status or repair."}
}

func (c *command) systemDNSOn() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "on", Short: "Point this computer's DNS at the engine, and keep it so", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.steer(cmd.Context(), func(ctx context.Context) error { return c.client().SystemDNS(ctx, control.SystemDNSOn) })
		},
	})
}

func (c *command) systemDNSOff() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "off", Short: "Put this computer's DNS back", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.steerOrGuard(cmd.Context(), control.SystemDNSOff, (*guard.Client).Restore)
		},
	})
}

func (c *command) systemDNSStatus() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "status", Short: "Show whether and how this computer's DNS is set", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g := newGuardClient()
			defer g.Close()
			s, err := g.Look(cmd.Context())
			if err != nil {
				return err
			}
			return c.printSystemDNS(s)
		},
	})
}

func (c *command) systemDNSRepair() *cobra.Command {
	var boot bool
	cmd := c.withJSON(&cobra.Command{
		Use: "repair", Short: "Put right what was cut off: set it again, or back", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if boot {
				return guard.Settle(cmd.Context(), c.guardLog())
			}
			return c.steerOrGuard(cmd.Context(), control.SystemDNSRepair, (*guard.Client).Repair)
		},
	})
	cmd.Flags().BoolVar(&boot, "boot", false, "only put back what was left when the computer was cut off; for the system's start")
	return cmd
}

// guardCommand is the guard's process. Only the program itself starts it.
func (c *command) guardCommand() *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use: "guard", Short: "Change this computer's DNS for an engine", Args: noArgs, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return guard.Run(cmd.Context(), c.guardLog(), user) },
	}
	cmd.Flags().StringVar(&user, "for", "", "the user whose engine to serve")
	return cmd
}

func (c *command) guardLog() *slog.Logger { return slog.New(slog.NewTextHandler(c.stderr, nil)) }

// steerOrGuard has the engine do it or, where none runs, does it here.
func (c *command) steerOrGuard(ctx context.Context, action string, alone func(*guard.Client, context.Context) error) error {
	err := c.client().SystemDNS(ctx, action)
	if p, ok := errors.AsType[*control.Problem](err); !ok || p.Code != control.CodeNoEngine {
		return c.steer(ctx, func(context.Context) error { return err })
	}
	g := newGuardClient()
	defer g.Close()
	if err := alone(g, ctx); err != nil {
		return err
	}
	return c.printSystemDNS(g.State())
}

// newGuardClient is for changes that no engine has to confirm.
func newGuardClient() *guard.Client {
	return guard.NewClient(guard.Options{Expect: func(string) <-chan struct{} { return nil }})
}

// printSystemDNS shows what a guard reports.
func (c *command) printSystemDNS(s guard.State) error {
	if c.json {
		return c.printJSON(s)
	}
	lines := []string{map[guard.Phase]string{
		guard.Off: "This computer's DNS is not set to DoT Proxy.",
		guard.Set: "This computer's DNS is set to DoT Proxy by " + s.Mechanism + ": " + strings.Join(s.Networks, ", ") + ".",
	}[s.Phase]}
	if s.Phase == guard.Failed {
		lines = nil
	}
	if s.Problem != nil {
		lines = append(lines, s.Problem.Error())
	}
	_, err := fmt.Fprintln(c.stdout, strings.Join(lines, "\n"))
	return err
}
