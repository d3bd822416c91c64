package guard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/systemdns"
	"dotproxy/app/systemdns/internal/step"
)

// ways are the mechanisms of a system.
type ways struct {
	detect func(context.Context) (systemdns.Mechanism, error)
	byName func(string) (systemdns.Mechanism, bool)
}

// keeper changes this computer's DNS, keeps it so and puts it back. Its methods
// may be called at any time; one is done after the other.
type keeper struct {
	ways    ways
	journal journal
	owner   Owner
	unit    bootUnit
	lookup  func(ctx context.Context, name string)
	log     *slog.Logger
	// changed is told of each new state, and must not wait.
	changed func()

	state atomic.Pointer[State]
	mu    sync.Mutex // guards what follows
	// mech and entry are what is in effect; mech nil means nothing.
	mech   systemdns.Mechanism
	entry  Entry
	fights fights
	// covered is when Apply was last asked for networks that came up.
	covered time.Time
	// note is something to know while all is well.
	note error
	stop context.CancelFunc // ends keeping
}

// State is what was done last.
func (k *keeper) State() State {
	if s := k.state.Load(); s != nil {
		return *s
	}
	return State{Phase: Off}
}

func (k *keeper) report(s State) {
	before := k.State()
	k.state.Store(&s)
	if !before.equal(s) {
		k.changed()
	}
}

// lost says what a damaged journal means, nil where none was.
func (k *keeper) lost() *control.Problem {
	if k.note == nil {
		return nil
	}
	return notSet("What this computer’s DNS was before is not known: "+k.note.Error()+".", "Look whether names are found once DoT Proxy has ended.")
}

// reportSet reports that all is well. The lock is held.
func (k *keeper) reportSet() {
	s := State{Phase: Set, Mechanism: k.mech.Name(), Networks: k.mech.Networks(k.entry.Backup), Problem: k.lost()}
	if known, ok := k.mech.(systemdns.Remembers); ok {
		s.Servers = known.Servers(k.entry.Backup)
	}
	k.report(s)
}

// set points this computer's DNS at t. Where it returns an error things are as
// they were, or the journal stays and the error says so.
func (k *keeper) set(ctx context.Context, t systemdns.Target, p proof) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.setLocked(ctx, t, p)
	if err != nil {
		k.log.Warn("the system's DNS was not set", "error", err)
		k.report(State{Phase: Failed, Problem: problemOf(err)})
		return err
	}
	k.log.Info("the system's DNS is set", "mechanism", k.mech.Name(), "target", t.Addrs)
	k.fights = fights{}
	k.reportSet()
	k.keep()
	return nil
}

func (k *keeper) setLocked(ctx context.Context, t systemdns.Target, p proof) error {
	m, err := k.ways.detect(ctx)
	if err != nil {
		return err
	}
	if err := m.Allowed(ctx); err != nil {
		return err
	}
	adopted, err := k.adopt(ctx, m, t)
	if err != nil {
		return err
	}
	if adopted {
		err = k.uphold(ctx)
	} else if err = k.begin(ctx, m, t); err == nil {
		err = k.apply(ctx)
	}
	if err == nil {
		err = k.prove(ctx, p)
	}
	if err == nil || k.mech == nil {
		return err
	}
	if undone := k.undo(ctx); undone != nil {
		return errors.Join(err, undone)
	}
	return err
}

// prove verifies the change. Without a network there is nothing to see: it is
// made on the next one that comes up.
func (k *keeper) prove(ctx context.Context, p proof) error {
	if hold, err := k.mech.Holds(ctx, k.entry.Backup, k.entry.Target); err != nil || hold == systemdns.Away {
		return err
	}
	err := verify(ctx, p, k.lookup)
	step.At("verified")
	return err
}

// adopt takes over what stands in the journal, where it is the same change;
// another one is put back first.
func (k *keeper) adopt(ctx context.Context, m systemdns.Mechanism, t systemdns.Target) (bool, error) {
	if k.mech == nil {
		if err := k.find(); err != nil || k.mech == nil {
			return false, err
		}
	}
	same := k.mech.Name() == m.Name() && slices.Equal(k.entry.Target.Addrs, t.Addrs)
	if same && !k.forgotten() {
		k.entry.Owner = k.owner
		return true, k.journal.write(k.entry)
	}
	return false, k.undo(ctx)
}

// forgotten tells whether a restart of the computer undid the change.
func (k *keeper) forgotten() bool { return k.mech.Volatile() && k.entry.Owner.Boot != k.owner.Boot }

// find takes mech and entry from a journal without a living owner.
func (k *keeper) find() error {
	e, err := k.journal.load()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if damaged, ok := errors.AsType[*damagedError](err); ok {
		k.log.Error("the journal is damaged", "kept", damaged.path, "error", err)
		k.note = damaged
		return nil
	}
	if err != nil {
		return err
	}
	if e.Owner != k.owner && e.Owner.alive() {
		return errHeld
	}
	m, ok := k.ways.byName(e.Mechanism)
	if !ok {
		return fmt.Errorf("the journal names %q, which is unknown here", e.Mechanism)
	}
	k.mech, k.entry = m, e
	return nil
}

// begin reads what is set now and writes it down.
func (k *keeper) begin(ctx context.Context, m systemdns.Mechanism, t systemdns.Target) error {
	b, err := m.Read(ctx, t)
	if err != nil {
		return err
	}
	e := Entry{Version: entryVersion, Mechanism: m.Name(), Owner: k.owner, Target: t, Backup: b}
	if err := k.journal.write(e); err != nil {
		return fmt.Errorf("its journal cannot be written: %w", err)
	}
	k.mech, k.entry = m, e
	if m.Volatile() {
		return nil
	}
	if err := k.unit.install(); err != nil {
		k.log.Warn("nothing puts the system's DNS back when the computer starts", "error", err)
	}
	step.At("unit installed")
	return nil
}

// apply makes the change, and keeps what the mechanism then covers.
func (k *keeper) apply(ctx context.Context) error {
	b, err := k.mech.Apply(ctx, k.entry.Backup, k.entry.Target)
	step.At("applied")
	k.covered = time.Now()
	if len(b) > 0 && !bytes.Equal(b, k.entry.Backup) {
		k.entry.Backup = b
		err = errors.Join(err, k.journal.write(k.entry))
	}
	return err
}

// uphold makes the change again where it is not in effect. What somebody else
// set meanwhile is what to go back to from now on, unless it leads to an
// address of this computer.
func (k *keeper) uphold(ctx context.Context) error {
	hold, err := k.mech.Holds(ctx, k.entry.Backup, k.entry.Target)
	if err != nil {
		return err
	}
	if hold == systemdns.Foreign {
		switch b, err := k.mech.Read(ctx, k.entry.Target); {
		case err == nil:
			k.entry.Backup = b
			if err := k.journal.write(k.entry); err != nil {
				return err
			}
		case !errors.Is(err, systemdns.ErrLoopback):
			return err
		}
	}
	return k.apply(ctx)
}
