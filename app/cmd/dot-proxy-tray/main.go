// Command dot-proxy-tray shows the state of DoT Proxy in the panel and keeps
// its engine running.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"dotproxy/app/control"
	"dotproxy/app/tray"
	"dotproxy/app/words"
)

const usage = `Usage: dot-proxy-tray [--control PATH] [-- FLAGS]

Shows the state of DoT Proxy in the panel and keeps its engine running. FLAGS
are those of dot-proxy serve, for an engine that is started here.

      --control PATH   path of the control socket (default: the user's, then the system's)
  -h, --help           show this help

Examples:
  dot-proxy-tray
  dot-proxy-tray -- --demo -p 5353
`

func main() {
	o, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Print(usage)
		os.Exit(0)
	case err != nil:
		fmt.Fprintln(os.Stderr, "dot-proxy-tray: "+err.Error())
		os.Exit(2)
	}
	o.Stderr = os.Stderr
	words.UseSystem()
	os.Exit(tray.Run(o))
}

// parse reads the command line.
func parse(args []string) (tray.Options, error) {
	var o tray.Options
	flags := pflag.NewFlagSet("dot-proxy-tray", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.StringVar(&o.Control, "control", "", "")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return o, err
		}
		return o, fmt.Errorf("%s; flags of the engine stand after --.", strings.TrimSuffix(err.Error(), "."))
	}
	if flags.Changed("control") && o.Control == "" {
		return o, errors.New("--control needs the path of a control socket.")
	}
	rest, dash := flags.Args(), flags.ArgsLenAtDash()
	if dash < 0 {
		dash = len(rest)
	}
	if dash > 0 {
		return o, fmt.Errorf("%s is too much; flags of the engine stand after --.", control.Quote(rest[0]))
	}
	o.EngineArgs = rest
	if slices.ContainsFunc(rest, func(w string) bool { return w == "--control" || strings.HasPrefix(w, "--control=") }) {
		return o, errors.New("--control stands before --, as the tray needs it too.")
	}
	return o, nil
}
