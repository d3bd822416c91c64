package control

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Launch starts `dot-proxy serve --supervised args…` in a session of its own,
// so that it outlives its starter, and waits until its control socket answers.
// The program is the one beside this executable, else the one in PATH. Its log
// goes to engine.log in the user's cache folder; the one before is kept as
// engine.log.old. The caller must Wait for the process that is returned. Errors
// are *Problem; an engine that ended at once is quoted, and one that does not
// answer until ctx ends is killed.
func Launch(ctx context.Context, args ...string) (*os.Process, error) {
	program, err := FindProgram("dot-proxy")
	if err != nil {
		return nil, err
	}
	return launch(ctx, program, append([]string{"serve", "--supervised"}, args...))
}

func launch(ctx context.Context, program string, args []string) (*os.Process, error) {
	log, err := engineLog()
	if err != nil {
		return nil, &Problem{Code: CodeInternal, Message: "The engine’s log cannot be written: " + reason(err) + ".", Hint: "Make room in your cache folder, or allow writing to it.", cause: err}
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	ended, err := startDetached(cmd)
	if err != nil {
		return nil, &Problem{Code: CodeInternal, Message: "The engine could not be started: " + reason(err) + ".", Hint: "Install DoT Proxy again.", cause: err}
	}
	defer ended.Close()
	path, _ := ListenPath(controlFlag(args))
	return awaitEngine(ctx, cmd, NewClient(path), ended, log.Name())
}

// awaitEngine polls until the engine that answers is the process of cmd: an
// older one may still hold the socket while the new one is refused.
func awaitEngine(ctx context.Context, cmd *exec.Cmd, c *Client, ended exitWatch, log string) (*os.Process, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if s, err := c.Status(ctx); err == nil && s.PID == cmd.Process.Pid {
			return cmd.Process, nil
		}
		select {
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			return nil, &Problem{Code: CodeNoEngine, Message: "The engine was started but does not answer.", Hint: "Its log is " + log + ".", cause: ctx.Err()}
		case <-ended.Done():
			_ = cmd.Wait()
			return nil, endedProblem(log)
		case <-tick.C:
		}
	}
}

// endedProblem quotes the last line that a failed engine wrote.
func endedProblem(log string) *Problem {
	p := &Problem{Code: CodeNoEngine, Message: "The engine ended as soon as it was started.", Hint: "Its log is " + log + "."}
	text, err := os.ReadFile(log)
	if err != nil {
		return p
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	if last := strings.TrimSpace(string(lines[len(lines)-1])); last != "" {
		p.Message = "The engine ended as soon as it was started: " + Quote(last) + "."
	}
	return p
}

// engineLog opens an empty log. A file and not a pipe: the engine lives on when
// its starter is gone.
func engineLog() (*os.File, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	dir = filepath.Join(dir, "dot-proxy")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "engine.log")
	// It fails for the first log, and on Windows while another engine writes to
	// it; that one's lines then stand above ours.
	_ = os.Rename(path, path+".old")
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// controlFlag returns the value of --control in args.
func controlFlag(args []string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--control="); ok {
			return value
		}
		if arg == "--control" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}
