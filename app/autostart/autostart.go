// Package autostart has the tray start when its user logs in, and tells whether
// it will. Nothing is remembered here: each answer is read from where the
// system itself looks.
package autostart

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ID is the application's name in the files that a system reads.
const ID = "io.github.dotproxy.DotProxy"

// Entry is what a system knows of a program to start at login. Errors are one
// or two sentences for people. All methods may be called at the same time.
type Entry interface {
	// On has the program, an absolute path, started at each login of this user.
	On(program string) error
	// Off ends that, also where an administrator put it in for all users.
	Off() error
	// Enabled tells whether the next login starts it. A program that is gone
	// will not start.
	Enabled() (bool, error)
}

// environment is what the ways of the systems see of this computer.
type environment struct {
	getenv func(string) string
	home   string
	// runnable tells whether a program can be started: by its path, or by a name
	// that is looked for in PATH.
	runnable func(program string) bool
}

// New returns the way of this system.
func New() Entry { return forThisSystem() }

func thisEnvironment() environment {
	home, _ := os.UserHomeDir() // without one there is no place, which is said then
	return environment{getenv: os.Getenv, home: home, runnable: runnable}
}

// maxFile bounds what is read of a file, in bytes.
const maxFile = 64 << 10

// readSmall reads a plain file. Anything else in its place, such as a link to
// /dev/null by which an entry is masked, reads as empty.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// checkProgram refuses a path that a system's file cannot name.
func checkProgram(program string) error {
	switch {
	case !filepath.IsAbs(program):
		return errors.New("The program to start at login is not known by its whole path.")
	case !utf8.ValidString(program) || strings.ContainsFunc(program, unicode.IsControl):
		return errors.New("The program cannot start at login, since its folder’s name has a character that the system’s files cannot hold. Move it to another folder.")
	}
	return nil
}

// cannotRead says in a sentence what went wrong with a file of the system.
func cannotRead(err error) error {
	return errors.New("Start at login could not be looked up: " + reason(err) + ".")
}

// cannotChange does so for a change.
func cannotChange(err error) error {
	return errors.New("Start at login could not be changed: " + reason(err) + ".")
}

// reason is the system's words for err, with the path that it is about.
func reason(err error) string {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Path + ": " + p.Err.Error()
	}
	return err.Error()
}

// runnable tells whether this user can start program.
func runnable(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
