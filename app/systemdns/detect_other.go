//go:build !linux && !darwin && !windows

package systemdns

// mechanisms are those of this system.
func mechanisms() []Mechanism { return nil }
