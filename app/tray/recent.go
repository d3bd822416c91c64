package tray

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/natefinch/atomic"
)

// Custom is an upstream that is none of the known providers.
type Custom struct {
	// Upstream is its text, in a form of --dns; Name is for people.
	Upstream string `json:"upstream"`
	Name     string `json:"name"`
}

// recent remembers the custom upstreams used last, the latest first, in a file
// that may be lost. One goroutine uses it.
type recent struct {
	path string // empty: nothing is kept
	list []Custom
}

// maxRecent bounds the file, in bytes.
const maxRecent = 64 << 10

// recentPath is the file of this user, empty where there is no place for one.
func recentPath() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "dot-proxy", "recent.json")
}

// newRecent reads what is remembered; a file that cannot be read holds nothing.
func newRecent(path string) *recent {
	r := &recent{path: path}
	f, err := os.Open(path)
	if err != nil {
		return r
	}
	defer f.Close()
	if text, err := io.ReadAll(io.LimitReader(f, maxRecent)); err == nil {
		r.list = parseRecent(text)
	}
	return r
}

// parseRecent reads the file's text.
func parseRecent(text []byte) (list []Custom) {
	var all []Custom
	if json.Unmarshal(text, &all) != nil {
		return nil
	}
	for _, c := range all {
		known := slices.ContainsFunc(list, func(have Custom) bool { return have.Upstream == c.Upstream })
		if c.Upstream != "" && c.Name != "" && !known && len(list) < MaxProviders {
			list = append(list, c)
		}
	}
	return list
}

// note remembers the current upstream where it is a custom one. An error says
// that it will be forgotten with the process.
func (r *recent) note(v View) error {
	s := v.Status
	if v.Link != Connected || s.Demo || s.Provider == "" || s.ProviderName == "" || len(v.Providers) == 0 || isKnown(v, s.Provider) {
		return nil
	}
	now := Custom{Upstream: s.Provider, Name: s.ProviderName}
	if len(r.list) > 0 && r.list[0] == now {
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(r.list), func(c Custom) bool { return c.Upstream == now.Upstream })
	r.list = append([]Custom{now}, others...)
	r.list = r.list[:min(len(r.list), MaxProviders)]
	return r.save()
}

func (r *recent) save() error {
	if r.path == "" {
		return nil
	}
	text, err := json.Marshal(r.list)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(r.path), 0o700)
	}
	if err == nil {
		err = atomic.WriteFile(r.path, bytes.NewReader(text))
	}
	return err
}
