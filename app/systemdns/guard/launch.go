package guard

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"dotproxy/app/control"
)

// dialPause is the time between two attempts to reach a guard that begins.
const dialPause = 20 * time.Millisecond

// startPatience is how long a guard may take to listen. Where a password is
// asked for, only the caller's context and the one who asks bound it.
const startPatience = 5 * time.Second

const logName = "guard.log"

// guardArgs make dot-proxy a guard. polkit's policy knows the first of them.
var guardArgs = []string{"system-dns", "guard"}

// launch starts a guard in a session of its own, so that it outlives the
// engine, and waits until it listens at p. prompt allows asking for the
// administrator's password where p needs that.
func launch(ctx context.Context, p place, prompt bool) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	args := append([]string{program}, guardArgs...)
	var asked *elevation
	if p.root && !privileged() {
		asked = &thisElevation
		if args, err = asked.args(p.user(), args, prompt); err != nil {
			return err
		}
	} else {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startPatience)
		defer cancel()
	}
	log, err := guardLog()
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, detached()
	cmd.Dir = filepath.VolumeName(program) + string(filepath.Separator) // not where the engine happens to be
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return await(ctx, p, ended, asked.lasts(), func(err error) error { return endedProblem(err, asked, log.Name()) })
}

// await dials until a guard answers at p. What ended may have found another
// guard that is just beginning, or have started one that lasts.
func await(ctx context.Context, p place, ended <-chan error, lasts bool, why func(error) error) error {
	tick := time.NewTicker(dialPause)
	defer tick.Stop()
	var failed error
	var end <-chan time.Time
	for {
		if conn, err := dial(ctx, p); err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			patience := 10 * dialPause
			if lasts && err == nil {
				patience = startPatience
			}
			failed, end, ended = why(err), time.After(patience), nil
		case <-end:
			return failed
		case <-tick.C:
		}
	}
}

// endedProblem says why a guard ended at once: in the last line of its log.
func endedProblem(err error, asked *elevation, log string) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && asked != nil {
		switch exit.ExitCode() {
		case asked.dismissed:
			return notSet(unchanged+": the change was not allowed.", "Try again, and enter the administrator’s password.")
		case asked.refused:
			return notSet(unchanged+": this user may not change it, or there was nobody to ask.", "Try it on this computer’s desktop, or as the administrator.")
		}
	}
	text, readErr := os.ReadFile(log)
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	if last := string(bytes.TrimPrefix(lines[len(lines)-1], []byte("dot-proxy: "))); readErr == nil && last != "" {
		if held := problemOf(errHeld); last == held.Error() {
			return held // it is all that is to be said
		}
		return notSet(unchanged+": its guard ended at once: "+control.Quote(last)+".", "Its log is "+log+".")
	}
	return notSet(unchanged+": its guard ended at once.", "Its log is "+log+".")
}

// guardLog opens an empty log beside the journal of a guard with this process's
// rights. A file and not a pipe: the guard outlives the engine.
func guardLog() (*os.File, error) {
	j := thisProcess().own().journal
	if err := os.MkdirAll(j.dir, j.mode); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(j.dir, logName), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
}
