package tray

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"dotproxy/app/control"
)

// fakeBoard takes notifications, or fails.
type fakeBoard struct {
	err  error
	told []News
}

func (b *fakeBoard) carryOut(_ context.Context, o order) error {
	if b.err == nil {
		b.told = append(b.told, *o.news)
	}
	return b.err
}

// TestNoIconIsToldOnce: over several starts, once it could be shown.
func TestNoIconIsToldOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache", "told")
	b := &fakeBoard{err: errors.New("nobody shows notifications")}
	if err := tellNoIcon(t.Context(), b, path, control.Protected); !errors.Is(err, b.err) {
		t.Errorf("got %v", err)
	}
	b.err = nil
	for range 2 {
		if err := tellNoIcon(t.Context(), b, path, control.Protected); err != nil {
			t.Error(err)
		}
	}
	if len(b.told) != 1 || b.told[0].Icon != control.Protected || b.told[0].Urgent {
		t.Errorf("told %+v", b.told)
	}
	for _, nothing := range []struct {
		board newsBoard
		path  string
	}{{nil, path}, {b, ""}} {
		if err := tellNoIcon(t.Context(), nothing.board, nothing.path, ""); err != nil || len(b.told) != 1 {
			t.Errorf("%+v: %v, told %d times", nothing, err, len(b.told))
		}
	}
}
