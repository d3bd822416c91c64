package daemon

import (
	"os"
	"path/filepath"
)

// programPath is this program's file, empty where it is not known. A link is
// followed, since capabilities are given to files alone.
func programPath() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
