package daemon

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
)

// saveEvery is how often the cache is saved, beside once at the end.
const saveEvery = 10 * time.Minute

// cacheFile keeps the answer cache from one start to the next. Its methods are
// called with op held.
type cacheFile struct {
	// path is the file's, empty for none.
	path string
	// ours is set once what the file held was taken over or is not wanted.
	ours bool
	// answers is how many answers of upstreams there were at the last save.
	answers uint64
	// complaint is the last thing that was logged.
	complaint string
}

// keepsCache tells whether the cache may be in a file: it says what was asked,
// as the query log does.
func (d *Daemon) keepsCache() bool {
	s := d.plan.settings
	return d.cacheFile.path != "" && d.opts.Demo == nil && s.CachePersist && s.LogPrivacy == control.LogFull && s.CacheMiB > 0
}

// loadCache takes over what was saved, or removes it where it may not be kept.
// Where the settings cannot be used it is left alone.
func (d *Daemon) loadCache() {
	if len(d.plan.upstreams) == 0 || d.cacheFile.path == "" || d.opts.Demo != nil {
		return
	}
	d.dropCache()
	if !d.keepsCache() || d.cacheFile.ours {
		return
	}
	d.cacheFile.ours = true
	f, err := openRegular(d.cacheFile.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		d.complain("the saved answers cannot be read", err)
		return
	}
	n, err := d.eng.LoadCache(f)
	_ = f.Close()
	switch {
	case errors.Is(err, resolver.ErrCacheDamaged):
		aside := d.cacheFile.path + ".damaged"
		_ = os.Rename(d.cacheFile.path, aside)
		d.log.Warn("the saved answers are damaged and were put aside", "file", aside, "read", n)
	case err != nil:
		d.complain("the saved answers cannot be read", err)
	default:
		d.log.Info("saved answers taken over", "answers", n)
	}
}

// dropCache removes what was saved where it may not be kept any more.
func (d *Daemon) dropCache() {
	path := d.cacheFile.path
	if path == "" || d.opts.Demo != nil || d.keepsCache() {
		return
	}
	d.cacheFile.ours = false
	for _, p := range []string{path, path + ".new", path + ".damaged"} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.complain("saved answers cannot be removed", err)
		}
	}
}

// saveCache saves the cache where there were answers since the last time.
func (d *Daemon) saveCache() {
	answers := d.answered[resolver.SourceUpstream].Load() + d.answered[resolver.SourceRoute].Load()
	if !d.keepsCache() || !d.cacheFile.ours || answers == d.cacheFile.answers {
		return
	}
	if err := writeCache(d.cacheFile.path, d.eng.SaveCache); err != nil {
		d.complain("the answers cannot be saved", err)
		return
	}
	d.cacheFile.answers, d.cacheFile.complaint = answers, ""
}

// complain logs what went wrong, once in a row.
func (d *Daemon) complain(what string, err error) {
	if text := what + ": " + err.Error(); text != d.cacheFile.complaint {
		d.cacheFile.complaint = text
		d.log.Warn(what, "error", err)
	}
}

// writeCache replaces the file at path by what save writes, for this user's
// eyes alone. Whenever it is interrupted the old file stays.
func writeCache(path string, save func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	next := path + ".new"
	// One that was left behind may have another mode.
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(save(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		_ = os.Remove(next)
	}
	return err
}

// openRegular refuses what is no plain file: opening a pipe waits for its other
// end.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no plain file", path)
	}
	return os.Open(path)
}
