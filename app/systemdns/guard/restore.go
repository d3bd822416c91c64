package guard

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"dotproxy/app/systemdns"
	"dotproxy/app/systemdns/internal/step"
)

// The patience with putting things back, also where everything is ending, and
// with a mechanism that only then shows what it has done.
const (
	restorePatience = 10 * time.Second
	lookAgain       = 100 * time.Millisecond
	maxLooks        = 20
)

// restore puts things back: what this keeper changed, or what a journal without
// a living owner tells. It is complete when it returns nil.
func (k *keeper) restore(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var err error
	if k.mech == nil {
		err = k.find()
	}
	if err == nil && k.mech != nil {
		err = k.undo(ctx)
	}
	if err != nil {
		k.log.Error("the system's DNS was not put back", "error", err)
		k.report(State{Phase: Failed, Problem: notRestored(err)})
		return err
	}
	k.report(State{Phase: Off, Problem: k.lost()})
	return nil
}

// undo puts back what is in effect and forgets it. It does not end with ctx:
// that may have ended because everything does.
func (k *keeper) undo(ctx context.Context) error {
	if k.stop != nil {
		k.stop()
		k.stop = nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restorePatience)
	defer cancel()
	if !k.forgotten() {
		if err := k.mech.Restore(ctx, k.entry.Backup, k.entry.Target); err != nil {
			return err
		}
		step.At("restored")
		if err := k.seeRestored(ctx); err != nil {
			return err
		}
	}
	if !k.mech.Volatile() {
		if err := k.unit.remove(); err != nil {
			k.log.Warn("the boot unit stays", "error", err)
		}
		step.At("unit removed")
	}
	if err := k.journal.remove(); err != nil {
		return err
	}
	k.log.Info("the system's DNS is as it was", "mechanism", k.mech.Name())
	k.mech, k.entry = nil, Entry{}
	return nil
}

var errStays = errors.New("it still leads here")

// seeRestored looks until the change is no longer in effect.
func (k *keeper) seeRestored(ctx context.Context) error {
	pause := time.NewTicker(lookAgain)
	defer pause.Stop()
	for range maxLooks {
		hold, err := k.mech.Holds(ctx, k.entry.Backup, k.entry.Target)
		if err != nil {
			return err
		}
		if hold != systemdns.Ours {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
	}
	return errStays
}

// orphan tells whether a journal is there whose owner is gone.
func (j journal) orphan() bool {
	e, err := j.read()
	if err != nil {
		return errors.Is(err, errDamaged)
	}
	return !e.Owner.alive()
}

// held tells whether a journal is there whose owner lives.
func (j journal) held() bool {
	e, err := j.read()
	return err == nil && e.Owner.alive()
}

// absent tells whether there is no journal.
func (j journal) absent() bool {
	_, err := j.read()
	return errors.Is(err, fs.ErrNotExist)
}
