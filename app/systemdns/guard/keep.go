package guard

import (
	"context"
	"time"

	"dotproxy/app/systemdns"
)

// The times of keeping.
const (
	// lookAnyway is how often the change is looked at when nothing was told.
	lookAnyway = 30 * time.Second
	// coverPause is the shortest time between two looks for new networks: what
	// the mechanism itself does is news too.
	coverPause = 2 * time.Second
	// settlePause is how long a file must be left alone before it is looked at:
	// it may be written in steps. D-Bus tells of what is whole, and there each
	// moment counts in which names are asked elsewhere.
	settlePause = 100 * time.Millisecond
	// settleRounds bounds how often settlePause begins again.
	settleRounds = 5
	// watchPause is how long a watch that ended stays away.
	watchPause = time.Second
)

// keep begins to watch over the change, until k.stop is called. The lock is
// held.
func (k *keeper) keep() {
	if k.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	k.stop = cancel
	news := make(chan struct{}, 1)
	go watch(ctx, k.mech, func() {
		select {
		case news <- struct{}{}:
		default: // there is news already
		}
	})
	go k.look(ctx, news, !k.mech.Volatile())
}

// watch has the mechanism tell of changes, and again where it stopped.
func watch(ctx context.Context, m systemdns.Mechanism, changed func()) {
	for ctx.Err() == nil {
		_ = m.Watch(ctx, changed) // look is not bound to it
		select {
		case <-ctx.Done():
		case <-time.After(watchPause):
			changed()
		}
	}
}

// look looks at the change whenever there is news; with file, when it has
// settled.
func (k *keeper) look(ctx context.Context, news <-chan struct{}, file bool) {
	tick := time.NewTicker(lookAnyway)
	defer tick.Stop()
	later := time.NewTimer(coverPause)
	defer later.Stop()
	cover := false // there was news, so that there may be new networks
	for {
		select {
		case <-ctx.Done():
			return
		case <-news:
			if file {
				settle(ctx, news)
			}
			cover = true
		case <-tick.C:
		case <-later.C:
		}
		again := k.check(ctx, cover)
		if again > 0 {
			later.Reset(again)
		}
		cover = cover && again > 0
	}
}

// settle returns when there was no news for a while.
func settle(ctx context.Context, news <-chan struct{}) {
	for range settleRounds {
		select {
		case <-ctx.Done():
			return
		case <-time.After(settlePause):
			return
		case <-news:
		}
	}
}

// check sees to it that the change is in effect, and with cover also on networks
// that came up. It returns when to do what it did not do now, zero for no such
// need.
func (k *keeper) check(ctx context.Context, cover bool) (again time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if ctx.Err() != nil || k.mech == nil {
		return 0
	}
	hold, err := k.mech.Holds(ctx, k.entry.Backup, k.entry.Target)
	if err == nil && (hold == systemdns.Ours || hold == systemdns.Away) {
		if !cover {
			k.reportSet()
			return 0
		}
		if wait := coverPause - time.Since(k.covered); wait > 0 {
			return wait
		}
		err = k.apply(ctx)
	} else if !k.fights.again(time.Now()) {
		k.giveUp(ctx)
		return 0
	} else if err == nil {
		k.log.Warn("the system's DNS was changed by somebody else, or lost", "foreign", hold == systemdns.Foreign)
		err = k.uphold(ctx)
	}
	if ctx.Err() != nil {
		return 0
	}
	if err != nil {
		k.log.Warn("the system's DNS is not kept", "error", err)
		k.report(State{Phase: Failed, Mechanism: k.mech.Name(), Problem: problemOf(err)})
		return coverPause
	}
	k.reportSet()
	return 0
}

// giveUp leaves the DNS to another program. What is still ours is put back, so
// that nothing leads to where nobody answers.
func (k *keeper) giveUp(ctx context.Context) {
	name := k.mech.Name()
	if err := k.undo(ctx); err != nil {
		k.log.Error("the system's DNS was not put back", "error", err)
		k.report(State{Phase: Failed, Mechanism: name, Problem: notRestored(err)})
		return
	}
	k.report(State{Phase: Failed, Mechanism: name, Problem: fought()})
}
