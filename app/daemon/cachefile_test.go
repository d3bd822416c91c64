package daemon

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
)

// cacheRig is a daemon that keeps its cache at path, with a cache of its own.
func cacheRig(t *testing.T, path, memory string, change func(*control.Settings, *fakeEngine)) *rig {
	t.Helper()
	r := newRig(t, func(o *Options, r *rig) {
		o.CachePath = path
		s := r.store.settings.Clone()
		s.CachePersist = true
		r.eng.memory = memory
		if change != nil {
			change(&s, r.eng)
		}
		r.store.settings = s
	})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// answer is an answer of an upstream.
func (r *rig) answer() {
	r.eng.cfg.OnQuery(&resolver.Event{Time: time.Now(), Source: resolver.SourceUpstream})
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "(none)"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTheCacheIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dot-proxy", "cache")
	r := cacheRig(t, path, "answers", nil)
	r.answer()
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != "answers" {
		t.Errorf("saved %q", got)
	}
	if info, err := os.Stat(path); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o600) {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if again := cacheRig(t, path, "", nil); again.eng.memory != "answers" {
		t.Errorf("taken over: %q", again.eng.memory)
	}
}

func TestTheCacheIsSavedWhileItChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		r := cacheRig(t, path, "answers", nil)
		time.Sleep(3 * saveEvery)
		if synctest.Wait(); r.eng.saves != 0 {
			t.Errorf("saved %d times without an answer", r.eng.saves)
		}
		r.answer()
		time.Sleep(3 * saveEvery)
		if synctest.Wait(); r.eng.saves != 1 || read(t, path) != "answers" {
			t.Errorf("saved %d times: %q", r.eng.saves, read(t, path))
		}
		// What breaks in the middle leaves the old file and nothing else.
		r.eng.mu.Lock()
		r.eng.memory, r.eng.breaks = "half", errors.New("no space left on device")
		r.eng.mu.Unlock()
		r.answer()
		time.Sleep(saveEvery)
		synctest.Wait()
		if r.eng.saves != 2 || read(t, path) != "answers" || read(t, path+".new") != "(none)" {
			t.Errorf("after a failed save: %q, %q", read(t, path), read(t, path+".new"))
		}
	})
}

func TestTheCacheIsRemovedWhereItMayNotBeKept(t *testing.T) {
	for about, change := range map[string]func(*control.Settings){
		"turned off":   func(s *control.Settings) { s.CachePersist = false },
		"names hidden": func(s *control.Settings) { s.LogPrivacy = control.LogHideNames },
		"log off":      func(s *control.Settings) { s.LogPrivacy = control.LogOff },
		"no cache":     func(s *control.Settings) { s.CacheMiB = 0 },
	} {
		path := filepath.Join(t.TempDir(), "cache")
		put(t, path, "answers")
		r := cacheRig(t, path, "", nil)
		r.answer()
		s := r.Settings()
		change(&s)
		if err := r.Apply(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(t.Context()); err != nil || read(t, path) != "(none)" {
			t.Errorf("%s: %q, %v", about, read(t, path), err)
		}
		// And at the next start, where somebody else changed the settings.
		for _, name := range []string{path, path + ".new", path + ".damaged"} {
			put(t, name, "answers")
		}
		next := cacheRig(t, path, "", func(s *control.Settings, _ *fakeEngine) { change(s) })
		left, _ := filepath.Glob(path + "*")
		if next.eng.memory != "" || len(left) > 0 {
			t.Errorf("%s at the start: read %q, left %v", about, next.eng.memory, left)
		}
	}
}

func TestTurningTheCacheFileOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	r := cacheRig(t, path, "answers", func(s *control.Settings, _ *fakeEngine) { s.CachePersist = false })
	r.answer()
	s := r.Settings()
	s.CachePersist = true
	if err := r.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(t.Context()); err != nil || read(t, path) != "answers" {
		t.Errorf("%q, %v", read(t, path), err)
	}
}

func TestADamagedCacheIsPutAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	put(t, path, "half")
	r := cacheRig(t, path, "", func(_ *control.Settings, e *fakeEngine) { e.breaks = resolver.ErrCacheDamaged })
	if read(t, path) != "(none)" || read(t, path+".damaged") != "half" || r.eng.memory != "half" {
		t.Errorf("%q, aside %q", read(t, path), read(t, path+".damaged"))
	}
}

func TestTheFileIsLeftAloneWhereSettingsAreBrokenOrInADemo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	put(t, path, "answers")
	for about, change := range map[string]func(*Options, *rig){
		"broken settings": func(_ *Options, r *rig) {
			r.store.loaded = loaded{problem: &control.Problem{Code: control.CodeSettings, Message: "Broken."}}
		},
		"demo": func(o *Options, r *rig) { o.Demo = &Demo{Upstream: parsed(t, []string{"quad9"})[0]} },
	} {
		r := newRig(t, func(o *Options, r *rig) {
			o.CachePath = path
			change(o, r)
		})
		_ = r.Start(t.Context())
		r.answer()
		if err := r.Close(context.Background()); err != nil || read(t, path) != "answers" || r.eng.saves > 0 {
			t.Errorf("%s: %q, %v", about, read(t, path), err)
		}
	}
}
