//go:build unix

package guard

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"dotproxy/app/control"
)

const socketName = "guard.sock"

// environment is what a process knows of itself.
type environment struct {
	uid    int // the effective one
	getenv func(string) string
	home   func() (string, error)
	// sockets is the folder of the user's control socket.
	sockets func() string
	// rootSockets is the folder rootSockets, but for tests.
	rootSockets string
	// serves is the user whom a root guard was told to serve.
	serves string
}

func thisProcess() environment {
	return environment{os.Geteuid(), os.Getenv, os.UserHomeDir, control.UserFolder, rootSockets, ""}
}

// own is the place of a guard that is this process: root's serves the user for
// whom it was started.
func (e environment) own() place {
	if e.uid != 0 {
		return e.user()
	}
	for _, text := range []string{e.getenv("PKEXEC_UID"), e.serves} {
		if uid, err := strconv.ParseUint(text, 10, 31); err == nil && uid != 0 {
			return rootPlace(int(uid))
		}
	}
	return place{journal: journal{rootJournal, 0o755}, socket: filepath.Join(systemSockets, socketName), root: true}
}

// user is the place of a guard without the superuser's rights. A service has
// folders of its own.
func (e environment) user() place {
	sockets, state := e.sockets(), e.getenv("XDG_STATE_HOME")
	if dir, _, _ := strings.Cut(e.getenv("RUNTIME_DIRECTORY"), ":"); filepath.IsAbs(dir) {
		sockets = dir
	}
	if dir, _, _ := strings.Cut(e.getenv("STATE_DIRECTORY"), ":"); filepath.IsAbs(dir) {
		return place{journal: journal{dir, 0o700}, socket: filepath.Join(sockets, socketName), uid: e.uid}
	}
	if !filepath.IsAbs(state) {
		state = sockets // a user without a home
		if home, err := e.home(); err == nil && filepath.IsAbs(home) {
			state = filepath.Join(home, ".local", "state")
		}
	}
	return place{journal: journal{filepath.Join(state, "dot-proxy"), 0o700}, socket: filepath.Join(sockets, socketName), uid: e.uid}
}

// rootPlace is that of a root guard that serves a user.
func rootPlace(uid int) place {
	return place{journal: journal{rootJournal, 0o755}, socket: filepath.Join(rootSockets, strconv.Itoa(uid)+".sock"), uid: uid, root: true}
}

// all are the places that matter to this process, those with more rights
// first. Root may ask the guards of all users.
func (e environment) all() []place {
	if e.uid != 0 {
		return []place{rootPlace(e.uid), e.user()}
	}
	all := []place{e.own()}
	sockets, _ := filepath.Glob(filepath.Join(e.rootSockets, "*.sock"))
	for _, path := range sockets {
		uid, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".sock"))
		if p := rootPlace(uid); err == nil && p.socket != all[0].socket {
			p.socket, p.other = path, true
			all = append(all, p)
		}
	}
	return all
}

// makePlace makes the folders of a guard that is this process. Root's are open
// to be read, and not to be written to by anybody else.
func makePlace(p place) error {
	sockets := fs.FileMode(0o700)
	if p.root {
		sockets = 0o755
	}
	if err := makeFolder(p.journal.dir, p.journal.mode); err != nil {
		return err
	}
	return makeFolder(filepath.Dir(p.socket), sockets)
}

func makeFolder(dir string, mode fs.FileMode) error {
	if err := os.MkdirAll(dir, mode); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Geteuid() && stat.Uid != 0 {
		return fmt.Errorf("the folder %s belongs to another user", dir)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return errors.New("others may write to the folder " + dir)
	}
	if int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&mode != mode {
		return os.Chmod(dir, info.Mode().Perm()|mode)
	}
	return nil
}
