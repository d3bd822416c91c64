//go:build !windows

package control

import "testing"

// SetSystemFolder moves the system engine's folder until the test ends.
func SetSystemFolder(t *testing.T, dir string) {
	before := systemFolder
	systemFolder = dir
	t.Cleanup(func() { systemFolder = before })
}
