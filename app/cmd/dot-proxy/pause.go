package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"dotproxy/app/control"
)

// untilNetwork is the word for a pause that the next change of the network ends.
const untilNetwork = "network"

func (c *command) pauseCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "pause DURATION|network", Short: "Put this computer's old DNS back for a while, not encrypted",
		Long: `Puts this computer's old DNS back for a while: DNS is not encrypted meanwhile.
It ends by itself, at the latest after a day, also across a restart.`,
		Example:   "  dot-proxy pause 5m\n  dot-proxy pause 1h\n  dot-proxy pause network   until the network changes",
		ValidArgs: []string{"5m", "15m", "1h", untilNetwork},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{"dot-proxy pause needs one duration, such as 5m or 1h, or the word network."}
			}
			_, err := parsePause(args[0])
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := parsePause(args[0])
			if err != nil {
				return err
			}
			return c.steer(cmd.Context(), func(ctx context.Context) error { return c.client().Pause(ctx, p) })
		},
	})
}

// parsePause reads what pause is told.
func parsePause(text string) (control.Pause, error) {
	if text == untilNetwork {
		return control.Pause{UntilNetworkChange: true}, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return control.Pause{}, usageError{quote(text) + " is no duration; pause for 5m, 1h, or until the network changes with the word network."}
	}
	if d < time.Second || d > control.MaxPause*time.Second {
		return control.Pause{}, usageError{"A pause cannot take " + quote(text) + ". Pause for a second at least and a day at most."}
	}
	return control.Pause{Seconds: int(d.Round(time.Second).Seconds())}, nil
}

func (c *command) resumeCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "resume", Short: "End a pause before its time", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.steer(cmd.Context(), c.client().Resume) },
	})
}

func (c *command) signInCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "sign-in", Short: "Let this computer reach the sign-in page of its network",
		Long: `Answers this computer's queries through the network's own DNS server, not
encrypted, until the network lets everything through, for five minutes at most.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.steer(cmd.Context(), c.client().SignIn) },
	})
}
