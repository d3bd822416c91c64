package guard

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gofrs/flock"
)

// place is where a guard keeps its journal and listens.
type place struct {
	journal journal
	// socket is the path of its unix socket, or the name of its pipe.
	socket string
	// uid is the user whom it serves, besides root; on Windows that is sid.
	uid int
	sid string
	// root tells whether the superuser's rights are needed to be there.
	root bool
	// other is true for a guard that serves another user: it can be asked, and
	// not be started.
	other bool
}

// left tells whether a journal without an owner is there for this process to
// settle.
func (p place) left() bool { return !p.other && p.journal.orphan() }

// user names whom the guard serves.
func (p place) user() string {
	if p.sid != "" {
		return p.sid
	}
	return strconv.Itoa(p.uid)
}

// lockPatience is how long one waits for a guard that is ending.
const lockPatience = 3 * time.Second

// lock takes the place: for a guard's life, or while things are put back. It
// returns errHeld where another process has it.
func (p place) lock(ctx context.Context) (unlock func(), err error) {
	if err := makePlace(p); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(p.journal.dir, lockName))
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	switch ok, err := lock.TryLockContext(ctx, 25*time.Millisecond); {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, errHeld
	case err != nil || !ok:
		return nil, err
	}
	return func() { _ = lock.Unlock() }, nil
}
