package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"dotproxy/app/control"
)

// command is what all verbs share.
type command struct {
	stdout, stderr io.Writer
	// control is the path of the control socket, empty for the usual ones.
	control string
	json    bool
}

func (c *command) client() *control.Client { return control.NewClient(c.control) }

const examples = `  dot-proxy -p 5353                        answer on port 5353, ask Cloudflare
  dot-proxy -d quad9                       ask Quad9
  dot-proxy -d 9.9.9.9#dns.quad9.net       ask a server by its address and name
  dot-proxy -d 10.0.0.53 -c company.pem    ask a server of one's own
  dot-proxy --demo -p 5353                 see it work without a network
  dot-proxy status                         what the engine does now
  dot-proxy queries -f                     watch what is asked`

// newRoot builds the whole command line.
func newRoot(stdout, stderr io.Writer) *cobra.Command {
	c := &command{stdout: stdout, stderr: stderr}
	var flags serveFlags
	var wantVersion bool
	root := &cobra.Command{
		Use:   "dot-proxy [flags]",
		Short: "Encrypt DNS: answer queries here and ask a provider over TLS",
		Long: `DoT Proxy answers DNS queries on this computer and asks a DNS-over-TLS
provider, whose certificate it verifies. Without a command it serves.`,
		Example:                    examples,
		SilenceUsage:               true,
		SilenceErrors:              true,
		Args:                       knownCommand,
		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wantVersion {
				return c.printVersion()
			}
			return c.serve(cmd.Context(), &flags)
		},
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(flagError)
	root.Flags().SortFlags = false
	flags.add(root.Flags())
	completeFlags(root)
	root.Flags().BoolVar(&wantVersion, "version", false, "")
	_ = root.Flags().MarkHidden("version")
	root.PersistentFlags().StringVar(&c.control, "control", "", "`PATH` of the control socket (default: the user's, then the system's)")
	root.AddCommand(c.serveCommand(), c.statusCommand(), c.startCommand(), c.stopCommand(), c.useCommand(), c.pauseCommand(), c.resumeCommand(), c.signInCommand(), c.systemDNSCommand(), c.startAtLoginCommand(), c.settingsCommand(),
		c.queriesCommand(), c.blockedCommand(), c.unblockCommand(), c.providersCommand(), c.networksCommand(), c.checkCommand(), c.healthCommand(), c.quitCommand(), c.versionCommand())
	return root
}

// withJSON adds --json to a command that prints something.
func (c *command) withJSON(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}

// knownCommand refuses words after dot-proxy that are no command of its.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := quote(args[0]) + " is not a command of dot-proxy; dot-proxy --help lists them."
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text = quote(args[0]) + " is not a command of dot-proxy; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{text}
}

// noArgs refuses words after a command that takes none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{quote(args[0]) + " is too much: " + cmd.CommandPath() + " takes no words after it."}
	}
	return nil
}

// flagError says in one sentence what is wrong with a flag.
func flagError(cmd *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := "--" + e.GetSpecifiedName()
		if e.GetSpecifiedShortnames() != "" {
			name = "-" + e.GetSpecifiedName()
		}
		return usageError{quote(name) + " is not a flag of " + cmd.CommandPath() + "; " + cmd.CommandPath() + " --help lists them."}
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		name := "--" + e.GetSpecifiedName()
		if e.GetSpecifiedShortnames() != "" {
			name = "-" + e.GetSpecifiedName()
		}
		return usageError{quote(name) + " needs a value after it."}
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		why := "cannot be read"
		if v, ok := e.GetFlag().Value.(interface{ Want() string }); ok {
			why = "is not " + v.Want()
		}
		return usageError{fmt.Sprintf("%s %s, which --%s needs.", quote(e.GetValue()), why, e.GetFlag().Name)}
	}
	return usageError{strings.TrimSuffix(err.Error(), ".") + "."}
}
