package daemon

import "os"

// programPath is this program's file, empty where it is not known.
func programPath() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return path
}
