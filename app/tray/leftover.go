package tray

import (
	"bytes"
	"os"
	"path/filepath"

	"dotproxy/assets"
)

// removeIcons removes the icon files that a killed tray left in the temporary
// folder, where the systray library puts them. Other programs use that library
// too: only files that hold one of our icons are ours. Call it while this is
// the only tray, and before it has an icon.
func removeIcons(folder string) {
	files, err := filepath.Glob(filepath.Join(folder, "systray_*"))
	if err != nil {
		return
	}
	for _, file := range files {
		info, err := os.Lstat(file)
		if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<16 {
			continue
		}
		if data, err := os.ReadFile(file); err == nil && isOurs(data) {
			_ = os.Remove(file)
		}
	}
}

func isOurs(data []byte) bool {
	for _, icon := range assets.TrayPNG {
		if bytes.Equal(icon, data) {
			return true
		}
	}
	return false
}
