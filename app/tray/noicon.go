package tray

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// noIconPath is the file that is there once this user was told that the desktop
// shows no icon, empty where there is no place for one.
func noIconPath() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "dot-proxy", "no-icon-told")
}

// tellNoIcon says on board that the desktop shows no tray icon, and remembers at
// path that it did: at the next login the window opens without more words. What
// cannot be shown now is tried again then.
func tellNoIcon(ctx context.Context, board newsBoard, path string, state control.State) error {
	if board == nil || path == "" {
		return nil
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := board.carryOut(ctx, order{news: &News{
		Title: words.T("No tray icon on this desktop"),
		Body:  words.T("DoT Proxy opens its window instead, and works on when you close it. On GNOME the extension AppIndicator shows the icon."),
		Icon:  state,
	}})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, nil, 0o600)
}
