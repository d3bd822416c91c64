//go:build !linux

package netwatch

// sources: there are none that this package knows.
func sources() []source { return nil }
