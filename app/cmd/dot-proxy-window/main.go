// Command dot-proxy-window is the window of DoT Proxy: it shows what the engine
// does, and steers it over the control API.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	_ "dotproxy/app/cmd/dot-proxy-window/early" // before Fyne

	"dotproxy/app/control"
	"dotproxy/ui/window"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

// arguments are the command line's.
type arguments struct {
	control, view string
}

// run returns the exit status: 0, 1 where no window can be shown, 2 for bad
// arguments.
func run(list []string, stderr io.Writer) int {
	args, err := parse(list, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "dot-proxy-window:", err)
		return 2
	}
	if err := checkDisplay(os.Getenv); err != nil {
		fmt.Fprintln(stderr, "dot-proxy-window:", err)
		return 1
	}
	only, first := takePlace(control.UserFolder(), args.view)
	if !first {
		return 0
	}
	defer only.close()
	keepSmall()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := show(ctx, args, only); err != nil {
		fmt.Fprintln(stderr, "dot-proxy-window:", err)
		return 1
	}
	return 0
}

func parse(list []string, stderr io.Writer) (arguments, error) {
	var a arguments
	flags := flag.NewFlagSet("dot-proxy-window", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&a.control, "control", "", "")
	flags.StringVar(&a.view, "view", "", "")
	err := flags.Parse(list)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stderr, usage)
		return a, err
	case err != nil:
		return a, fmt.Errorf("%w; dot-proxy-window --help lists the flags.", err)
	case flags.NArg() > 0:
		return a, fmt.Errorf("%s is not known here; dot-proxy-window --help lists the flags.", control.Quote(flags.Arg(0)))
	case a.view != "" && !slices.Contains(window.Views(), a.view):
		return a, fmt.Errorf("%s is no view; --view takes %s.", control.Quote(a.view), strings.Join(window.Views(), ", "))
	}
	return a, nil
}

const usage = `Usage: dot-proxy-window [--control PATH] [--view VIEW]

Shows what DoT Proxy does and lets you steer it.

  --control PATH   the control socket (default: the user's, then the system's)
  --view VIEW      home, queries, providers, check or settings (default: the last)
`

// launcher starts an engine on the control socket at path.
func launcher(path string) func(context.Context) error {
	return func(ctx context.Context) error {
		var list []string
		if path != "" {
			list = []string{"--control", path}
		}
		process, err := control.Launch(ctx, list...)
		if err != nil {
			return err
		}
		go process.Wait() //nolint:errcheck // its end is seen on the socket
		return nil
	}
}
