package guard

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"dotproxy/app/systemdns"
)

// fake is a mechanism in memory: one server a computer asks.
type fake struct {
	mu       sync.Mutex
	asks     string // whom the computer asks, empty for nobody
	volatile bool
	networks []string // that are up
	applied  int
	slow     int // looks for which a restored change still shows
	news     func()
	// What fails.
	allowed, reading, applying, restoring error
}

type fakeBackup struct {
	Before   string
	Networks []string
}

const ours = "127.0.0.1"

func (f *fake) Name() string { return "fake" }

func (f *fake) Detect(context.Context) (bool, error) { return true, nil }

func (f *fake) Allowed(context.Context) error { return f.allowed }

func (f *fake) Volatile() bool { return f.volatile }

func (f *fake) Read(context.Context, systemdns.Target) (systemdns.Backup, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if strings.HasPrefix(f.asks, "127.") {
		return nil, systemdns.ErrLoopback
	}
	if f.reading != nil {
		return nil, f.reading
	}
	return json.Marshal(fakeBackup{Before: f.asks})
}

func (f *fake) Apply(_ context.Context, raw systemdns.Backup, _ systemdns.Target) (systemdns.Backup, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.applied++
	f.asks = ours
	var b fakeBackup
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, err
	}
	b.Networks = slices.Clone(f.networks)
	raw, _ = json.Marshal(b)
	return raw, f.applying
}

func (f *fake) Holds(context.Context, systemdns.Backup, systemdns.Target) (systemdns.Hold, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.slow > 0 && f.asks != ours:
		f.slow--
		return systemdns.Ours, nil
	case f.asks == ours:
		return systemdns.Ours, nil
	case f.asks == "":
		return systemdns.Gone, nil
	}
	return systemdns.Foreign, nil
}

func (f *fake) Restore(_ context.Context, raw systemdns.Backup, _ systemdns.Target) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b fakeBackup
	if err := json.Unmarshal(raw, &b); err != nil || f.restoring != nil {
		return errors.Join(err, f.restoring)
	}
	if f.asks == ours || f.asks == "" {
		f.asks = b.Before
	}
	return nil
}

func (f *fake) Networks(raw systemdns.Backup) []string {
	var b fakeBackup
	_ = json.Unmarshal(raw, &b)
	return b.Networks
}

func (f *fake) Watch(ctx context.Context, changed func()) error {
	f.mu.Lock()
	f.news = changed
	f.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

// set changes the computer as another program does, and tells of it.
func (f *fake) set(asks string, networks ...string) {
	f.mu.Lock()
	f.asks, f.networks = asks, networks
	news := f.news
	f.mu.Unlock()
	if news != nil {
		news()
	}
}

func (f *fake) now() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asks
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.applied
}

// setFake has the keeper set the DNS of a computer, and watch over it.
func setFake(t *testing.T) (*fake, *keeper) {
	t.Helper()
	f, k, p := newFake(t)
	if err := k.set(t.Context(), loopback, p); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return f, k
}

// newFake is a computer that asks the network's server, and its keeper.
func newFake(t *testing.T) (*fake, *keeper, proof) {
	t.Helper()
	f := &fake{asks: "192.0.2.53", networks: []string{"Wired (eth0)"}}
	p, ask := proven()
	return f, f.keeper(filepath.Join(t.TempDir(), "var"), ask), p
}

// keeper is a guard's on the computer f.
func (f *fake) keeper(dir string, ask func(context.Context, string)) *keeper {
	return &keeper{
		ways: ways{
			func(context.Context) (systemdns.Mechanism, error) { return f, nil },
			func(name string) (systemdns.Mechanism, bool) { return f, name == "fake" },
		},
		journal: journal{dir, 0o700}, owner: me(), lookup: ask, log: slog.New(slog.DiscardHandler), changed: func() {},
	}
}

// silent is a lookup that reaches nobody.
func silent(context.Context, string) {}

func never() proof { return proof{NewNonce(), make(chan struct{})} }

// journalled tells what the journal would go back to; empty without one.
func journalled(t *testing.T, k *keeper) string {
	t.Helper()
	e, err := k.journal.read()
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	var b fakeBackup
	if err := errors.Join(err, json.Unmarshal(e.Backup, &b)); err != nil {
		t.Fatal(err)
	}
	return b.Before
}
