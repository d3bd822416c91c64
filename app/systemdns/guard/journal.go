package guard

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"dotproxy/app/systemdns"
	"dotproxy/app/systemdns/internal/step"
)

// Entry is what must be known to put things back, whoever does it.
type Entry struct {
	Version   int    `json:"version"`
	Mechanism string `json:"mechanism"`
	// Owner is the guard that answers for it.
	Owner  Owner            `json:"owner"`
	Target systemdns.Target `json:"target"`
	Backup systemdns.Backup `json:"backup"`
}

// entryVersion is that of Entry.
const entryVersion = 1

// maxJournal bounds a journal, in bytes.
const maxJournal = 1 << 20

const (
	journalName = "system-dns.json"
	lockName    = "system-dns.lock"
	// unfinished ends the name of a journal that is being written.
	unfinished = ".new"
)

// journal is a file in a folder of its own user. It is written before a change
// and removed when things are as they were.
type journal struct {
	dir string
	// mode is the folder's; others may read root's, to learn whose it is.
	mode fs.FileMode
}

func (j journal) path() string { return filepath.Join(j.dir, journalName) }

// damagedError is a journal that cannot be read; path is where it is kept now.
type damagedError struct {
	path  string
	cause error
}

func (e *damagedError) Error() string {
	return "the journal is damaged and was kept as " + e.path + ": " + e.cause.Error()
}

func (e *damagedError) Unwrap() error { return e.cause }

// read returns the entry, fs.ErrNotExist where there is none.
func (j journal) read() (Entry, error) {
	f, err := os.Open(j.path())
	if err != nil {
		return Entry{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxJournal+1))
	if err != nil {
		return Entry{}, err
	}
	return parseEntry(text)
}

// errDamaged: the text is no journal.
var errDamaged = errors.New("it is not a journal of this program")

// parseEntry reads a journal; the error is errDamaged or of a later version.
func parseEntry(text []byte) (Entry, error) {
	var e Entry
	switch err := json.Unmarshal(text, &e); {
	case err != nil:
		return Entry{}, fmt.Errorf("%w: %w", errDamaged, err)
	case e.Version > entryVersion:
		return Entry{}, fmt.Errorf("the journal is of version %d, a later one than this program’s", e.Version)
	case e.Version < 1 || e.Mechanism == "" || len(e.Backup) == 0 || len(e.Target.Addrs) == 0 || len(text) > maxJournal:
		return Entry{}, fmt.Errorf("%w: a part is missing", errDamaged)
	}
	return e, nil
}

// load is read for one who will act on it: what a crash within write left goes,
// a damaged journal is put aside, and the error is then a *damagedError.
func (j journal) load() (Entry, error) {
	_ = os.Remove(j.path() + unfinished)
	e, err := j.read()
	if !errors.Is(err, errDamaged) {
		return e, err
	}
	aside := j.path() + ".damaged"
	if moveErr := errors.Join(os.Rename(j.path(), aside), syncFolder(j.dir)); moveErr != nil {
		return Entry{}, errors.Join(err, moveErr)
	}
	return Entry{}, &damagedError{aside, err}
}

// write keeps e: it is on the disk when write returns.
func (j journal) write(e Entry) error {
	if err := errors.Join(os.MkdirAll(j.dir, j.mode), syncFolder(filepath.Dir(j.dir))); err != nil {
		return err
	}
	tmp := j.path() + unfinished
	if err := writeSynced(tmp, writeLine(e)); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	step.At("journal: file synced")
	if err := os.Rename(tmp, j.path()); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	step.At("journal: renamed")
	err := syncFolder(j.dir)
	step.At("journal: folder synced")
	return err
}

// writeSynced makes a file, which is on the disk when it returns.
func writeSynced(path string, text []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // no secrets, and others shall see whose it is
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// remove forgets the entry.
func (j journal) remove() error {
	if err := os.Remove(j.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	step.At("journal: removed")
	err := syncFolder(j.dir)
	step.At("journal: forgotten")
	return err
}
