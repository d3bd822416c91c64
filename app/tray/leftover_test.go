package tray

import (
	"os"
	"path/filepath"
	"testing"

	"dotproxy/assets"
)

func TestOnlyOurIconsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	ours := assets.TrayPNG["protected"]
	for name, data := range map[string][]byte{
		"systray_aaaaaa": ours, "systray_bbbbbb": []byte("somebody else's icon"), "systray_cccccc": {},
		"systray_dddddd": append([]byte{0}, ours...), "other_aaaaaa": ours,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "other_aaaaaa"), filepath.Join(dir, "systray_link")); err != nil {
		t.Fatal(err)
	}
	removeIcons(dir)
	for name, stays := range map[string]bool{
		"systray_aaaaaa": false, "systray_bbbbbb": true, "systray_cccccc": true, "systray_dddddd": true, "other_aaaaaa": true, "systray_link": true,
	} {
		if _, err := os.Lstat(filepath.Join(dir, name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
}
