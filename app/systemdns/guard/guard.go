package guard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"dotproxy/app/systemdns"
)

// Run is a guard: it serves engines until none wants anything any more, or ctx
// ends, and puts things back then. user is whose engines a guard with the
// superuser's rights serves, where the system does not tell: a number, or on
// Windows a SID; empty otherwise. It returns an error where it cannot begin,
// or where things could not be put back.
func Run(ctx context.Context, log *slog.Logger, user string) error {
	// A second signal must not end it in the middle of its work.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	e := thisProcess()
	e.serves = user
	p := e.own()
	unlock, err := p.lock(ctx)
	if err != nil {
		return begun(err)
	}
	defer unlock()
	l, err := listen(p)
	if err != nil {
		return begun(err)
	}
	return newServer(newKeeper(p, log)).serve(ctx, l)
}

// begun says why a guard could not begin.
func begun(err error) error {
	if errors.Is(err, errHeld) {
		return problemOf(err)
	}
	return fmt.Errorf("the guard of this computer's DNS cannot begin: %w", err)
}

func newKeeper(p place, log *slog.Logger) *keeper {
	k := &keeper{
		ways: ways{systemdns.Detect, systemdns.ByName}, journal: p.journal, owner: me(), lookup: Lookup,
		log: log, changed: func() {},
	}
	if program, err := os.Executable(); err == nil && p.root {
		k.unit = bootUnit{"/", program}
	}
	return k
}

// Settle puts back, in this process, what a guard with this process's rights
// left when the computer was cut off. It does nothing where there is nothing
// to do.
func Settle(ctx context.Context, log *slog.Logger) error {
	p := thisProcess().own()
	if p.journal.absent() {
		return nil
	}
	unlock, err := p.lock(ctx)
	if err == nil {
		defer unlock()
		err = newKeeper(p, log).restore(ctx)
	}
	if err != nil {
		return notRestored(err)
	}
	return nil
}
