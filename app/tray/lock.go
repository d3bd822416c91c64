package tray

import (
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// takeLock tells whether this is the user's only tray. The lock ends with the
// process, however that ends.
func takeLock(folder string) (lock *flock.Flock, mine bool, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, false, err
	}
	lock = flock.New(filepath.Join(folder, "tray.lock"), flock.SetPermissions(0o600))
	mine, err = lock.TryLock()
	return lock, mine, err
}
