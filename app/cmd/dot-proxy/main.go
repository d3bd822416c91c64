// Command dot-proxy is the engine of DoT Proxy and its command line: it answers
// this computer's DNS queries by asking a provider over TLS.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"dotproxy/app/control"
)

// defaultListen are the addresses to listen on where nothing else is said,
// joined by commas. The container image is built with others:
//
//	go build -ldflags "-X main.defaultListen=0.0.0.0,::"
var defaultListen = "127.0.0.1,::1"

// The statuses that the program ends with.
const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns the status to end with.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	root := newRoot(stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return statusOK
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(stderr, "dot-proxy: "+text)
	}
	return statusOf(err)
}

// usageError is a command line that cannot be understood.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// statusOf tells a value that the user must correct from something that failed.
func statusOf(err error) int {
	if _, ok := errors.AsType[usageError](err); ok {
		return statusUsage
	}
	if p, ok := errors.AsType[*control.Problem](err); ok {
		switch p.Code {
		case control.CodeBadValue, control.CodeBadRequest, control.CodeAddress, control.CodeSettings:
			return statusUsage
		}
	}
	return statusFailed
}

// quote puts a value of the command line into a sentence.
func quote(text string) string { return control.Quote(strings.TrimSpace(text)) }
