package autostart

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/natefinch/atomic"
)

// xdg is the way of Linux desktops: a file in the user's autostart folder, which
// wins over one of the same name that an administrator or a package put in for
// all users (Desktop Application Autostart Specification).
type xdg struct{ env environment }

const desktopFile = ID + ".desktop"

// userFile is the file of this user, empty without a home.
func (x xdg) userFile() string {
	folder := x.env.getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(folder) { // a relative one counts as unset
		if x.env.home == "" {
			return ""
		}
		folder = filepath.Join(x.env.home, ".config")
	}
	return filepath.Join(folder, "autostart", desktopFile)
}

// systemFile is the entry for all users that counts, nil where there is none.
func (x xdg) systemFile() ([]byte, error) {
	folders := x.env.getenv("XDG_CONFIG_DIRS")
	if folders == "" {
		folders = "/etc/xdg"
	}
	for _, folder := range filepath.SplitList(folders) {
		if !filepath.IsAbs(folder) {
			continue
		}
		text, err := readSmall(filepath.Join(folder, "autostart", desktopFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return append([]byte{}, text...), err
	}
	return nil, nil
}

// Enabled implements Entry.
func (x xdg) Enabled() (bool, error) {
	path := x.userFile()
	if path == "" {
		return false, errNoHome
	}
	text, err := readSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = x.systemFile()
	}
	if err != nil {
		return false, cannotRead(err)
	}
	return x.starts(text), nil
}

var errNoHome = errors.New("Start at login cannot be set: this user has no home folder.")

// starts tells whether a desktop would start what the file text names.
func (x xdg) starts(text []byte) bool {
	keys := parseDesktop(text)
	args, ok := splitExec(keys["Exec"])
	if !ok || keys["Type"] != "Application" || keys["Hidden"] == "true" || keys["X-GNOME-Autostart-enabled"] == "false" {
		return false
	}
	if try := keys["TryExec"]; try != "" && !x.env.runnable(try) {
		return false
	}
	return x.shownHere(keys) && x.env.runnable(args[0])
}

// shownHere tells whether an entry is for the desktop that runs.
func (x xdg) shownHere(keys map[string]string) bool {
	here := strings.FieldsFunc(x.env.getenv("XDG_CURRENT_DESKTOP"), func(r rune) bool { return r == ':' })
	named := func(key string) bool {
		return slices.ContainsFunc(strings.Split(keys[key], ";"), func(d string) bool { return slices.Contains(here, d) })
	}
	_, only := keys["OnlyShowIn"]
	return (!only || named("OnlyShowIn")) && !named("NotShowIn")
}

// On implements Entry. Where the entry for all users starts the program already,
// it is enough that the user's own does not hide it.
func (x xdg) On(program string) error {
	if err := checkProgram(program); err != nil {
		return err
	}
	path := x.userFile()
	if path == "" {
		return errNoHome
	}
	if system, err := x.systemFile(); err == nil && x.starts(system) {
		return remove(path)
	}
	return write(path, desktopEntry(program, false))
}

// Off implements Entry.
func (x xdg) Off() error {
	path := x.userFile()
	if path == "" {
		return errNoHome
	}
	if system, err := x.systemFile(); err == nil && system == nil {
		return remove(path)
	}
	return write(path, desktopEntry("", true))
}

// write replaces a file as a whole, so that no login reads half of one.
func write(path string, text []byte) error {
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = atomic.WriteFile(path, bytes.NewReader(text))
	}
	if err != nil {
		return cannotChange(err)
	}
	return nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cannotChange(err)
	}
	return nil
}
