package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"dotproxy/app/autostart"
	"dotproxy/app/control"
)

// trayProgram is what start at login starts.
const trayProgram = "dot-proxy-tray"

// startAtLoginCommand is about this user's session, so it needs no engine.
func (c *command) startAtLoginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "start-at-login", Short: "Have the tray start when this user logs in, or not",
		Example: "  dot-proxy start-at-login on\n  dot-proxy start-at-login status",
		Args:    startAtLoginVerb,
		RunE:    func(*cobra.Command, []string) error { return startAtLoginVerb(nil, nil) },
	}
	e := autostart.New()
	cmd.AddCommand(
		c.loginCommand(e, "on", "Start the tray at each login of this user", func() error {
			program, err := control.FindProgram(trayProgram)
			if err != nil {
				return err
			}
			return e.On(program)
		}),
		c.loginCommand(e, "off", "Start it no longer, also where it was put in for all users", e.Off),
		c.loginCommand(e, "status", "Show whether the next login starts the tray", func() error { return nil }),
	)
	return cmd
}

// loginCommand does one thing and shows what the system says then.
func (c *command) loginCommand(e autostart.Entry, verb, short string, do func() error) *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: verb, Short: short, Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := do(); err != nil {
				return err
			}
			on, err := e.Enabled()
			if err != nil {
				return err
			}
			return c.printStartAtLogin(on)
		},
	})
}

func (c *command) printStartAtLogin(on bool) error {
	if c.json {
		return c.printJSON(map[string]bool{"start_at_login": on})
	}
	text := "The tray does not start at login."
	if on {
		text = "The tray starts at login."
	}
	_, err := fmt.Fprintln(c.stdout, text)
	return err
}

// startAtLoginVerb refuses what is no verb of start-at-login.
func startAtLoginVerb(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{"dot-proxy start-at-login needs one of on, off or status."}
	}
	return usageError{quote(args[0]) + " is not what dot-proxy start-at-login takes, which is on, off or status."}
}
