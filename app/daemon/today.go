package daemon

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"dotproxy/app/control"
)

// countEvery is how often the counters since midnight are saved, beside once at
// the end.
const countEvery = time.Minute

// today turns the query log's totals, which begin with the process, into those
// of the present day.
type today struct {
	// path is the file's, empty for none. It is used with op held, as saved and
	// ours are.
	path string
	// saved is what the file holds, complaint what was logged last.
	saved     dayFile
	complaint string
	// ours is set while the file is to be kept.
	ours bool

	mu  sync.Mutex
	day string
	// before is what an earlier process counted on that day, mark what this one
	// had counted when the day began.
	before, mark control.Counters
}

// dayFile is what the file holds: numbers, and the day they are of.
type dayFile struct {
	Day      string `json:"day"` // local time, 2006-01-02
	Queries  uint64 `json:"queries"`
	Cached   uint64 `json:"cached"`
	Failures uint64 `json:"failures"`
}

// of returns total without what belongs to the days before.
func (t *today) of(total control.Counters, now time.Time) control.Counters {
	c, _ := t.dayOf(total, now)
	return c
}

// dayOf returns what of does, and the day.
func (t *today) dayOf(total control.Counters, now time.Time) (control.Counters, string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if day := now.Local().Format(time.DateOnly); day != t.day {
		if t.day != "" {
			t.before, t.mark = control.Counters{}, total
		}
		t.day = day
	}
	return control.Counters{
		Queries:  t.before.Queries + total.Queries - t.mark.Queries,
		Cached:   t.before.Cached + total.Cached - t.mark.Cached,
		Failures: t.before.Failures + total.Failures - t.mark.Failures,
		MedianMS: total.MedianMS,
	}, t.day
}

// add counts what an earlier process counted, if that was on the present day.
func (t *today) add(f dayFile) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.Day == t.day {
		t.before = control.Counters{Queries: f.Queries, Cached: f.Cached, Failures: f.Failures}
	}
}

// keepsToday tells whether the counters may be in a file.
func (d *Daemon) keepsToday() bool {
	return d.today.path != "" && d.opts.Demo == nil && d.plan.settings.KeepStatistics
}

// loadToday takes over what was saved, or removes it where it is not to be
// kept. Where the settings cannot be used it is left alone.
func (d *Daemon) loadToday() {
	d.counters() // the day begins
	if len(d.plan.upstreams) == 0 {
		return
	}
	d.keepToday()
	if !d.today.ours {
		return
	}
	f, err := readDay(d.today.path)
	if _, damaged := errors.AsType[damagedDay](err); damaged {
		aside := d.today.path + ".damaged"
		err = os.Rename(d.today.path, aside)
		d.log.Warn("the saved counters are damaged and were put aside", "file", aside)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.log.Warn("the saved counters cannot be read", "error", err)
	}
	d.today.add(f)
}

// keepToday begins to keep the file, or removes it, as the settings say.
func (d *Daemon) keepToday() {
	keep := d.keepsToday()
	if !keep && d.today.path != "" && d.opts.Demo == nil {
		for _, p := range []string{d.today.path, d.today.path + ".new", d.today.path + ".damaged"} {
			if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
				d.log.Warn("saved counters cannot be removed", "error", err)
			}
		}
		d.today.saved = dayFile{}
	}
	d.today.ours = keep
}

// counters are those of the present day, which is the second result.
func (d *Daemon) counters() (control.Counters, string) {
	return d.today.dayOf(d.queries.Counters(), time.Now())
}

// saveToday saves the counters where they changed.
func (d *Daemon) saveToday() {
	if !d.today.ours {
		return
	}
	c, day := d.counters()
	f := dayFile{Day: day, Queries: c.Queries, Cached: c.Cached, Failures: c.Failures}
	if f == d.today.saved {
		return
	}
	err := writeCache(d.today.path, func(w io.Writer) error { return json.NewEncoder(w).Encode(f) })
	if err == nil {
		d.today.saved, d.today.complaint = f, ""
	} else if text := err.Error(); text != d.today.complaint {
		d.today.complaint = text
		d.log.Warn("the counters cannot be saved", "error", err)
	}
}

// damagedDay says that a file is none of ours.
type damagedDay struct{ error }

// maxDay bounds what is read of the file, in bytes.
const maxDay = 4096

// readDay reads the counters in a file; an error of its content is a
// damagedDay.
func readDay(path string) (dayFile, error) {
	file, err := openRegular(path)
	if err != nil {
		return dayFile{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxDay))
	if err != nil {
		return dayFile{}, err
	}
	return parseDay(text)
}

func parseDay(text []byte) (dayFile, error) {
	var f dayFile
	if err := json.Unmarshal(text, &f); err != nil {
		return dayFile{}, damagedDay{err}
	}
	if _, err := time.Parse(time.DateOnly, f.Day); err != nil {
		return dayFile{}, damagedDay{err}
	}
	if f.Cached > f.Queries || f.Failures > f.Queries || f.Queries > maxQueries {
		return dayFile{}, damagedDay{errors.New("numbers that cannot be")}
	}
	return f, nil
}

// maxQueries is more than anybody asks in a day, and far from an overflow.
const maxQueries = 1 << 48
