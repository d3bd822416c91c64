//go:build !linux

package daemon

import (
	"os"
	"runtime"
)

// findRights is what the user's number tells. Windows has no low ports.
func findRights() rights {
	if runtime.GOOS == "windows" {
		return rights{bounding: true}
	}
	return rights{root: os.Geteuid() == 0, from: lowPorts, bounding: true}
}
