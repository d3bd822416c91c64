package systemdns

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"time"
)

// runner runs a program with input and returns what it printed; an error of
// exec where it failed.
type runner func(ctx context.Context, patience time.Duration, input, program string, args ...string) (string, error)

// askPatience is how long a program may take that only answers.
const askPatience = time.Second

// maxPrinted bounds what is kept of a program's output, in bytes.
const maxPrinted = 64 << 10

// execute is the runner of programs in PATH.
func execute(ctx context.Context, patience time.Duration, input, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin = strings.NewReader(input)
	cmd.WaitDelay = time.Second // a child of it may hold its output open
	printed := new(bounded)
	cmd.Stdout, cmd.Stderr = printed, printed
	err := cmd.Run()
	return printed.text.String(), err
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ text bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	b.text.Write(p[:min(len(p), maxPrinted-b.text.Len())])
	return len(p), nil
}
