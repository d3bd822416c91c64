package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dotproxy/app/control"
	"dotproxy/app/settings"
)

func (c *command) settingsCommand() *cobra.Command {
	cmd := c.withJSON(&cobra.Command{
		Use: "settings", Short: "Show the settings that are saved, or change one",
		Example: "  dot-proxy settings\n  dot-proxy settings set log_privacy off\n  dot-proxy settings set access private,192.0.2.0/24",
		Args:    knownSettingsCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.client().Settings(cmd.Context())
			if err != nil {
				return err
			}
			return c.printSettings(s)
		},
	})
	cmd.AddCommand(c.setCommand(), c.exportCommand(), c.importCommand())
	return cmd
}

// knownSettingsCommand refuses words after settings that are no command of its.
func knownSettingsCommand(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{quote(args[0]) + " is too much: dot-proxy settings prints all; dot-proxy settings set KEY VALUE changes one."}
}

func (c *command) setCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "set KEY VALUE", Short: "Change one setting, now and for the next start",
		Long: `Change one setting, now and for the next start.

VALUE is written as in settings.toml; quotation marks may be left out, and so
may the brackets of a list whose parts have commas between. KEY may name one
part of a table, as in rate_limit.burst or routes.home.arpa; [] takes a route
or an override away.`,
		Example: "  dot-proxy settings set port 5353\n  dot-proxy settings set routes.home.arpa 192.168.1.1\n  dot-proxy settings set routes.home.arpa '[]'",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{"dot-proxy settings set needs a key and a value, such as port 5353; dot-proxy settings prints them."}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return settings.Keys(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.set(cmd, args[0], args[1]) },
	})
}

func (c *command) set(cmd *cobra.Command, key, value string) error {
	// A wrong word is told from a value that is refused before anybody is asked.
	if _, err := settings.Set(control.Default(), key, value); err != nil {
		return setError(key, err)
	}
	old, err := c.client().Settings(cmd.Context())
	if err != nil {
		return err
	}
	s, err := settings.Set(old, key, value)
	if err != nil {
		return setError(key, err)
	}
	if err := c.client().Apply(cmd.Context(), s); err != nil {
		// The command line is fine; it is the engine that refuses.
		return errors.New(err.Error())
	}
	if s, err = c.client().Settings(cmd.Context()); err != nil {
		return err
	}
	key, _, _ = strings.Cut(key, ".")
	return c.printSettings(s, key)
}

// setError says what is wrong with a key or with the kind of a value.
func setError(key string, err error) error {
	if !errors.Is(err, settings.ErrUnknownKey) {
		return usageError{err.Error() + "."}
	}
	if near := nearKeys(key); near != "" {
		return usageError{quote(key) + " is not a setting; did you mean " + near + "?"}
	}
	return usageError{quote(key) + " is not a setting; dot-proxy settings prints all."}
}

// nearKeys are the settings that a word may have been meant for.
func nearKeys(word string) string {
	all := &cobra.Command{SuggestionsMinimumDistance: 3}
	for _, key := range settings.Keys() {
		all.AddCommand(&cobra.Command{Use: key, Run: func(*cobra.Command, []string) {}})
	}
	return strings.Join(all.SuggestionsFor(word), " or ")
}

func (c *command) printSettings(s control.Settings, only ...string) error {
	if c.json {
		return c.printJSON(s)
	}
	text, err := settings.TOML(s, only...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(c.stdout, text)
	return err
}
