package guard

import (
	"os"
	"path/filepath"

	"dotproxy/app/control"
)

// environment is what a process knows of itself.
type environment struct{}

func thisProcess() environment { return environment{} }

// own is the place of a guard that is this process.
func (environment) own() place {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return place{journal: journal{filepath.Join(dir, "dot-proxy"), 0o700}, socket: control.UserPath() + "-guard", uid: -1}
}

// all are the places that matter to this process.
func (e environment) all() []place { return []place{e.own()} }

func makePlace(p place) error { return os.MkdirAll(p.journal.dir, p.journal.mode) }
