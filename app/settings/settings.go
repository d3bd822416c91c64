// Package settings keeps settings.toml: it reads it strictly, writes it
// atomically, and holds a copy of the last good one for the day it is broken.
package settings

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"dotproxy/app/control"

	"fmt"
	"github.com/natefinch/atomic"
	"hash/crc32"
)

const (
	fileName = "settings.toml"
	maxSize  = 1 << 20
	// lastGood is added to the file's name for the copy to fall back on.
	lastGood = ".last-good"
)

// Path returns where the settings are: in the user's configuration folder, or
// for a system engine (a service or a container) in /etc/dot-proxy, on Windows
// in %ProgramData%. The error says that the user has no such folder.
func Path(system bool) (string, error) {
	if !system {
		dir, err := os.UserConfigDir()
		if err != nil {
			return "", &control.Problem{Code: control.CodeSettings, Message: "This user has no folder for settings.", Hint: "Set HOME, or name a file with --settings."}
		}
		return filepath.Join(dir, "dot-proxy", fileName), nil
	}
	if dir := os.Getenv("ProgramData"); runtime.GOOS == "windows" && dir != "" {
		return filepath.Join(dir, "dot-proxy", fileName), nil
	}
	return "/etc/dot-proxy/" + fileName, nil
}

// CachePath returns where the answer cache is kept, where that is wanted: in the
// user's cache folder, or for a system engine in the service manager's
// $CACHE_DIRECTORY or /var/cache/dot-proxy, on Windows beside the settings. It
// is empty where this user has no such folder. An engine with a settings file of
// its own (--settings; empty for none) has a cache of its own, else it would
// take over, or remove, another's.
func CachePath(system bool, file string) string { return keptPath("cache", system, file) }

// StatisticsPath returns where the counters since midnight are kept, where that
// is wanted: beside the cache, and as that an engine's own.
func StatisticsPath(system bool, file string) string { return keptPath("statistics", system, file) }

func keptPath(name string, system bool, file string) string {
	if abs, err := filepath.Abs(file); file != "" && err == nil {
		name = fmt.Sprintf("%s-%08x", name, crc32.ChecksumIEEE([]byte(abs)))
	}
	if !system {
		dir, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		return filepath.Join(dir, "dot-proxy", name)
	}
	if dir := os.Getenv("ProgramData"); runtime.GOOS == "windows" && dir != "" {
		return filepath.Join(dir, "dot-proxy", name)
	}
	if dir, _, _ := strings.Cut(os.Getenv("CACHE_DIRECTORY"), ":"); filepath.IsAbs(dir) {
		return filepath.Join(dir, name)
	}
	return "/var/cache/dot-proxy/" + name
}

// File is a settings file. Its methods must not be called at the same time.
type File struct {
	// Path is the file's. Beside it stands PATH.last-good, a copy of it as it
	// was last read or saved without fault.
	Path string
	// Check says what is wrong with settings beyond what Settings.Check knows,
	// such as an upstream that cannot be used. Nil accepts all.
	Check func(control.Settings) *control.Problem
}

// Load reads the settings.
//
//   - Without fault: settings, nil, nil. Keys that are missing have their
//     defaults, and so has all where there is no file.
//   - The file is broken but its last good copy is not: that copy's settings,
//     the problem to show, nil.
//   - Both are, or there is no copy: the problem twice. The engine must not run:
//     defaults could swap a family filter for none.
//
// The broken file stays where it is, for the user to correct. The Save that
// replaces it keeps it aside.
func (f File) Load() (control.Settings, *control.Problem, error) {
	s, text, wrong := f.read(f.Path)
	if wrong == nil {
		if text != nil {
			f.keep(text)
		}
		return s, nil, nil
	}
	p := wrong.problem(filepath.Base(f.Path))
	good, text, alsoWrong := f.read(f.Path + lastGood)
	if alsoWrong != nil || text == nil {
		p.Hint = hint(wrong, "DNS is not answered until then.")
		return control.Settings{}, p, p
	}
	p.Hint = hint(wrong, "The last good settings are used until then.")
	return good, p, nil
}

func hint(f *fault, meanwhile string) string {
	if f.line > 0 {
		return "Correct the line and start the engine again. " + meanwhile
	}
	return "Correct the file and start the engine again. " + meanwhile
}

// read returns the settings in the file at path and its text, nil where there
// is none.
func (f File) read(path string) (control.Settings, []byte, *fault) {
	text, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) {
		return control.Default(), nil, nil
	}
	if err != nil {
		return control.Settings{}, nil, &fault{what: "it cannot be read: " + reason(err)}
	}
	// A full disk or a power cut leaves an empty file, nobody's choice.
	if len(bytes.TrimSpace(text)) == 0 {
		if _, err := os.Stat(f.Path + lastGood); err == nil {
			return control.Settings{}, nil, &fault{what: "it is empty"}
		}
	}
	s, at, wrong := parse(text)
	if wrong == nil {
		wrong = check(s, at, f.Check)
	}
	if wrong != nil {
		return control.Settings{}, nil, wrong
	}
	return s, text, nil
}

// Save writes s, all keys with a comment, as the file and as its last good
// copy. A file that is broken is kept first, as PATH.broken-TIME. Settings that
// Load would refuse are refused; errors are *control.Problem.
func (f File) Save(s control.Settings) error {
	if wrong := check(s, nil, f.Check); wrong != nil {
		p := control.BadValue(wrong.key, upperFirst(wrong.what)+".", wrong.hint)
		p.Entry = wrong.entry
		return p
	}
	text, err := render(s)
	if err != nil {
		return saveProblem(f.Path, err)
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return saveProblem(f.Path, err)
	}
	if _, _, wrong := f.read(f.Path); wrong != nil {
		if err := f.setAside(); err != nil {
			return saveProblem(f.Path, err)
		}
	}
	// A link, as a collection of dotfiles has it, stays one.
	path := f.Path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if err := atomic.WriteFile(path, bytes.NewReader(text)); err != nil {
		return saveProblem(f.Path, err)
	}
	f.keep(text)
	return nil
}

// keep makes text the last good copy. Where that fails there is an older one
// or none, as before.
func (f File) keep(text []byte) {
	path := f.Path + lastGood
	if old, err := readBounded(path); err == nil && bytes.Equal(old, text) {
		return
	}
	_ = atomic.WriteFile(path, bytes.NewReader(text))
}

// setAside copies the file under a name that tells when.
func (f File) setAside() error {
	text, err := readBounded(f.Path)
	if err != nil {
		return err
	}
	return atomic.WriteFile(f.Path+".broken-"+time.Now().UTC().Format("20060102T150405Z"), bytes.NewReader(text))
}

// readBounded refuses what is no plain file of a sensible size.
func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a plain file")
	case info.Size() > maxSize:
		return nil, errors.New("it is larger than 1 MiB")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxSize))
}

func saveProblem(path string, err error) *control.Problem {
	return &control.Problem{Code: control.CodeSettings, Message: "The settings could not be saved as " + control.Quote(path) + ": " + reason(err) + ".",
		Hint: "Allow this user to write to that folder, or name another file with --settings."}
}

// reason is the last part of an error, without the path that the sentence has.
func reason(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "permission denied"
	}
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return text
}

func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
